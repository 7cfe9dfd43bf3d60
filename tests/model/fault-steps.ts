import type { Heap } from '@memkit/ecs-plugin'
import { DummyBackend } from '@memkit/gpu'
import { end } from './frames.ts'
import type { StepsOf } from './session.ts'

/** Frames after which every retry has come: distances of 1, 2, 4 … frames, after at most six failures. */
const RETRY_FRAMES = 130

/** What goes wrong, and how it is mended. */
export const faultSteps: StepsOf<'lose' | 'restore' | 'hang' | 'starve' | 'hog' | 'feed'> = {
  lose: async (session, { at }) => {
    const { gpu } = session
    if (gpu.isLost || session.losing) return
    session.tally.losses++
    const { backend } = gpu
    if (backend instanceof DummyBackend) {
      if (at === 0) backend.lose()
      else backend.faults = { ...backend.faults, loseAtCall: backend.callCount + at }
    } else {
      session.place.lose?.(gpu)
      session.losing = true
    }
    // Otherwise frames continue on a destroyed device.
    if (at % 2 === 0) await session.noteLoss()
  },
  restore: (session) => session.restore(),
  hang: (session, { on }) => {
    const { backend } = session.gpu
    if (backend instanceof DummyBackend) backend.faults = { ...backend.faults, neverComplete: on === 1 }
  },
  starve: (session, { n, late }) => {
    if (session.place.starve === undefined || session.gpu.isLost || session.losing) return
    session.place.starve(session.gpu, n + 1, late === 1)
    session.starved = true
  },
  hog: (session, { w, leave }) => {
    const side = session.side(w)
    const { heap } = side.mk.coordinator
    if (side.unhog !== undefined) return
    const blocks: ReturnType<Heap['alloc']>[] = []
    for (let i = 0; i < 1000 && heap.stats.largestFree > leave * 100 + 64; i++)
      blocks.push(heap.alloc(heap.stats.largestFree - leave * 100 - 64, 16, 'hog'))
    side.unhog = () => {
      for (const block of blocks) heap.free(block)
      side.unhog = undefined
    }
  },
  feed: async (session) => {
    for (const { unhog } of session.sides) unhog?.()
    if (!session.starved) return
    session.place.feed?.(session.gpu)
    for (const side of session.sides) {
      // The device says late that there was no memory; then buffers are tried for again, at growing distances.
      for (let i = 0; i < RETRY_FRAMES; i++) {
        // A buffer that was asked for is used in the frame after the answer.
        if (i < 8 || i % 4 === 0 || i > RETRY_FRAMES - 4) await session.place.answered(session.gpu)
        await end(session, side)
      }
    }
    session.starved = false
    for (const side of session.sides) await end(session, side)
  },
}
