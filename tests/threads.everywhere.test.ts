import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { attachMk, GpuSynced, type Changes, type RowKind } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { writeInThread } from '#writer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tagOf, xOf } from './workers/column-writer.ts'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'

const entities = 4000

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Two workers write columns in shared memory, into neighbouring rows, while the main thread stages.
 *
 * @param open a device of its own for each test
 * @param write starts a worker; resolves with the rows that it wrote, once it was told to stop
 */
describe('threads that write columns', () => {
  let gpu: MkGpu
  beforeEach(async () => {
    gpu = strict(await place.open())
  })
  afterEach(() => closeStrict(gpu))

  const kinds: [Changes, RowKind][] = [
    ['detect', 'entity'],
    ['detect', 'packed'],
    ['marked', 'entity'],
    ['marked', 'packed'],
  ]
  it.each(kinds)(
    'tear no word, and every row equals its columns after the last write (%s, %s rows)',
    async (changes, rows) => {
      const store = {
        tag: new Uint32Array(new SharedArrayBuffer((entities + 1) * 4)),
        x: new Float32Array(new SharedArrayBuffer((entities + 1) * 4)),
      }
      const Thing = GpuSynced(store, { changes, rows, label: 'Thing' })
      const world = createWorld()
      const mk = await attachMk(world, { gpu, debug: true })
      const warnings: string[] = []
      mk.on('warning', ({ message }) => warnings.push(message))
      for (let i = 0; i < entities; i++) addComponent(world, addEntity(world), Thing)
      const marker = changes === 'marked' ? mk.marker(Thing) : undefined
      const control = new Int32Array(new SharedArrayBuffer(8))
      const writers = [1, 2].map((first) => writeInThread({ ...store, first, step: 2, marker, control }))
      // Half of what one turn wrote and half of what another did in one word: never. In one row: for one frame.
      const wrongRows = async (exact: boolean): Promise<number[]> => {
        const bytes = await mk.buffer(Thing).read()
        const [tags, xs] = [new Uint32Array(bytes), new Float32Array(bytes)]
        const wrong: number[] = []
        for (let entity = 1; entity <= entities; entity++) {
          const row = mk.buffer(Thing).rowOf(entity)
          if (row < 0) continue
          const [tag, x] = [tags[row * 2], xs[row * 2 + 1]]
          const torn = (tag !== 0 && tag >>> 16 !== entity) || (x !== 0 && Math.floor(x / 2048) !== entity)
          if (torn || (exact && (tag !== store.tag[entity] || x !== store.x[entity]))) wrong.push(entity)
        }
        return wrong
      }
      const frame = (): void => {
        mk.beginFrame()
        mk.endFrame()
      }
      while (Atomics.load(control, 1) < writers.length) {
        frame()
        await sleep(5)
      }
      for (let i = 0; i < 40; i++) {
        // Packed rows move meanwhile.
        removeEntity(world, 1 + i * 37)
        frame()
        expect(await wrongRows(false), `frame ${i}`).toEqual([])
        await sleep(1)
      }
      Atomics.store(control, 0, 1)
      const counts = await Promise.all(writers)
      expect(Math.min(...counts)).toBeGreaterThan(entities)
      frame()
      expect(await wrongRows(true)).toEqual([])
      expect(mk.buffer(Thing).rows).toBe(rows === 'packed' ? entities - 40 : entities + 1)
      expect(warnings).toEqual([])
      mk.dispose()
    },
    60_000,
  )

  it('use an exact encoding', () => {
    expect([tagOf(4000, 65_535 + 3), xOf(8191, 2047), Math.fround(xOf(8191, 2047))]).toEqual([
      (4000 << 16) | 2,
      16_777_215,
      16_777_215,
    ])
  })
})
