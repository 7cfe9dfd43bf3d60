import { addComponent, addEntity, createWorld } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { expect, it } from 'vitest'
import { attachMk, GpuSynced } from '../src/index.ts'

it.each(['entity', 'packed'] as const)(
  'gives waiting entities their rows when the device has room (%s rows)',
  async (rows) => {
    const slots = 120
    // 64 rows of 4 bytes, and no more.
    const small = new MkGpu(new DummyBackend({ maxBufferSize: 256 }))
    const world = createWorld()
    const Thing = GpuSynced(
      { id: new Uint32Array(slots) },
      { rows, changes: 'marked', capacity: 8, label: 'Thing' },
    )
    const mk = await attachMk(world, { gpu: small })
    const spawn = (): void => {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      Thing.id[entity] = entity
    }
    for (let i = 0; i < 100; i++) spawn()
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrow(expect.objectContaining({ code: 'MirrorTooLarge' }))
    small.destroy()
    const big = new MkGpu(new DummyBackend())
    await mk.restore(big)
    mk.beginFrame()
    mk.endFrame()
    const found = [...new Uint32Array(await mk.buffer(Thing).read())].sort((a, b) => a - b)
    const everyone = Array.from({ length: 100 }, (_, i) => i + 1)
    // Row 0 is free where rows are entity ids.
    expect(found).toEqual(rows === 'entity' ? [0, ...everyone] : everyone)
    mk.dispose()
    big.destroy()
  },
)
