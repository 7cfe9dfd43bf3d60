import { createHeap, f32, u32 } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { expect, it } from 'vitest'
import { attachMk, GpuSynced } from '../src/index.ts'

it.each(['entity', 'packed'] as const)(
  'uses a heap of 4 GiB, all that WebAssembly addresses, to its last block (%s rows)',
  async (rows) => {
    const heap = createHeap({ bytes: 2 ** 32 })
    const world = createWorld()
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), heap })
    // What follows lies in the last megabytes. Untouched, the block costs nothing.
    heap.alloc(heap.stats.largestFree - (2 << 20))
    const count = 1000
    const store = heap.columns({ x: f32, id: u32 }, count)
    const Thing = GpuSynced(store, { rows, label: 'Thing', capacity: 8 })
    const Outside = GpuSynced({ x: new Float64Array(count + 1) }, { rows, label: 'Outside', capacity: 8 })
    for (let i = 1; i <= count; i++) {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      addComponent(world, entity, Outside)
      Thing.x[entity] = entity / 2
      Thing.id[entity] = entity
      Outside.x[entity] = entity / 4
    }
    mk.beginFrame()
    mk.endFrame()
    for (const { layout, mirror } of mk.synced()) {
      if (layout !== 'rows') throw new Error('in rows')
      expect(mirror.heap).toBe(heap)
      expect(mirror.offset).toBeGreaterThan(2 ** 32 - (3 << 20))
    }
    const buffer = mk.buffer(Thing)
    const bytes = await buffer.read()
    const outside = new Float32Array(await mk.buffer(Outside).read())
    const [x, id] = [new Float32Array(bytes), new Uint32Array(bytes)]
    for (let entity = 1; entity <= count; entity++) {
      const row = buffer.rowOf(entity)
      expect([x[row * 2], id[row * 2 + 1]]).toEqual([entity / 2, entity])
      expect(outside[mk.buffer(Outside).rowOf(entity)]).toBe(entity / 4)
    }
    mk.dispose()
  },
)
