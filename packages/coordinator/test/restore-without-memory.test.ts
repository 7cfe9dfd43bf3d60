// A new device after a loss that has no memory for some of the buffers that are made on it.
import { MkCoordinator, type FrameSlice } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { expect, it } from 'vitest'
import { firstDifference } from './device-bytes.ts'

const later = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))
/** Buffers of a coordinator with two mirrors: the frame buffer, two mirrors, the payload of scatters. */
const BUFFERS = 4

it.each(
  (['throw', 'late'] as const).flatMap((mode) =>
    Array.from({ length: BUFFERS }, (_, i) => [mode, i + 1] as const),
  ),
)('%s, buffer %i: restore succeeds, and all rows and slices arrive a few frames later', async (mode, at) => {
  const first = new DummyBackend()
  const co = new MkCoordinator(first, { calibrate: false, strategy: 'scatter' })
  await co.ready()
  const warnings: string[] = []
  co.on('warning', ({ code }) => void warnings.push(code))
  const mirrors = ['A', 'B'].map((label) => co.createMirror({ rows: 200, stride: 4, label }))
  let value = 0
  let piece: FrameSlice
  const frame = async (): Promise<void> => {
    value++
    co.beginFrame()
    for (const mirror of mirrors)
      for (let row = value % 3; row < 200; row += 3) mirror.write(row, new Uint32Array([value * 1000 + row]))
    try {
      piece = co.stageForUpload(co.frameAlloc(Uint32Array, 4).fill(value))
    } catch (error) {
      // Said at once: there is no memory for a spill buffer either.
      expect(error).toMatchObject({ code: 'AllocationFailed' })
    }
    co.endFrame()
    await later()
  }
  await frame()
  first.lose()
  await later()
  const refused = mode === 'throw' && at === 1
  const restoring = co.restore(new DummyBackend({ faults: { outOfMemoryAt: [at], outOfMemory: mode } }))
  if (refused) {
    // Without a frame buffer there is nowhere to go: the device is given back, and another one may be tried.
    await expect(restoring).rejects.toMatchObject({ code: 'AllocationFailed' })
    await co.restore(new DummyBackend())
  } else await restoring
  for (let i = 0; i < 5; i++) await frame()
  expect(new Uint32Array(await co.gpu.read(piece!.buffer, piece!.offset, 4))[0]).toBe(value)
  for (const mirror of mirrors)
    expect([await firstDifference(co, mirror), mirror.dirty.count]).toEqual([-1, 0])
  // Nothing is lost without the buffer that scatters go through, and nothing said.
  const said = refused
    ? undefined
    : { 1: 'AllocationFailed', 2: 'MirrorOutOfMemory', 3: 'MirrorOutOfMemory' }[at]
  expect(warnings).toEqual(said === undefined ? [] : [said])
  co.dispose()
  expect(co.gpu.leaks()).toEqual([])
})
