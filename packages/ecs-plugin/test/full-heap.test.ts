import { createHeap } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { attachMk, GpuSynced, type RowKind } from '../src/index.ts'

describe.each<RowKind>(['entity', 'packed'])('a heap that is full, %s rows', (rows) => {
  it("doesn't matter for plain arrays: everything is uploaded, also when the buffer grows", async () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const count = 3000
    const Thing = GpuSynced(
      { x: new Float32Array(count + 1), id: new Uint8Array(count + 1) },
      { rows, capacity: 8 },
    )
    const world = createWorld()
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), heap })
    const entities: number[] = []
    const spawn = (): void => {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      Thing.x[entity] = entity / 2
      Thing.id[entity] = entity % 256
      entities.push(entity)
    }
    const check = async (): Promise<void> => {
      mk.beginFrame()
      mk.endFrame()
      const buffer = mk.buffer(Thing)
      const bytes = await buffer.read()
      const [x, id] = [new Float32Array(bytes), new Uint32Array(bytes)]
      for (const entity of entities) {
        const row = buffer.rowOf(entity)
        expect([x[row * 2], id[row * 2 + 1]]).toEqual([entity / 2, entity % 256])
      }
    }
    spawn()
    await check()
    // The user takes all that is left, in pieces down to 1 KiB.
    for (let size = 1 << 19; size >= 1024;)
      try {
        heap.alloc(size)
      } catch {
        size /= 2
      }
    for (let i = 0; i < 20; i++) spawn()
    await check()
    removeEntity(world, entities.shift()!)
    while (entities.length < count - 10) spawn()
    await check()
    const used = heap.stats.blocks
    mk.dispose()
    expect(heap.stats.blocks).toBeLessThan(used)
  })
})
