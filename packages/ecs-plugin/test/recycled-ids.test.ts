import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe, expect, it } from 'vitest'
import { attachMk, GpuSynced } from '../src/index.ts'

describe.each(['detect', 'marked', 'all'] as const)('changes: %s', (changes) => {
  it.each(['entity', 'packed'] as const)(
    'shows the values of the new entity when an id is recycled within a frame (%s rows)',
    async (rows) => {
      const gpu = new MkGpu(new DummyBackend())
      const world = createWorld()
      const Thing = GpuSynced({ value: new Uint32Array(16) }, { changes, rows, capacity: 8, label: 'Thing' })
      const mk = await attachMk(world, { gpu })
      const spawn = (value: number): number => {
        const entity = addEntity(world)
        addComponent(world, entity, Thing)
        Thing.value[entity] = value
        return entity
      }
      const frame = async (): Promise<number[]> => {
        mk.beginFrame()
        mk.endFrame()
        const found = new Uint32Array(await mk.buffer(Thing).read())
        return [first, second].map((entity) => found[mk.buffer(Thing).rowOf(entity)])
      }
      const first = spawn(1)
      const second = spawn(2)
      expect(await frame()).toEqual([1, 2])
      removeEntity(world, first)
      expect(spawn(10)).toBe(first)
      expect(await frame()).toEqual([10, 2])
      // Twice, and with one that only passes through.
      for (const value of [11, 12]) {
        removeEntity(world, second)
        expect(spawn(value)).toBe(second)
      }
      expect(await frame()).toEqual([10, 12])
      mk.dispose()
      gpu.destroy()
    },
  )
})
