import { addComponent, addEntity, createWorld } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { d } from 'typegpu'
import { describe, expect, it } from 'vitest'
import { AlreadyFlagged, attachMk, GpuSynced } from '../src/index.ts'

const Body = d.struct({ velocity: d.vec3f, mass: d.f32, tint: d.vec4h }).$name('Body')

describe('a schema of TypeGPU', () => {
  it('lays rows out as TypeGPU reads them', async () => {
    const component = GpuSynced(
      { velocity: new Float32Array(3 * 4), mass: new Float32Array(4), tint: new Float32Array(4 * 4) },
      { schema: Body, label: 'Body' },
    )
    const world = createWorld()
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
    const entity = addEntity(world)
    addComponent(world, entity, component)
    component.velocity.set([1, 2, 3], entity * 3)
    component.mass[entity] = 4
    component.tint.set([0.5, 1, 1.5, 2], entity * 4)
    mk.beginFrame()
    mk.endFrame()
    const buffer = mk.buffer(component)
    expect(buffer.stride).toBe(d.sizeOf(Body))
    const view = new DataView(await buffer.read(), entity * buffer.stride)
    const read = (field: keyof typeof Body.propTypes, at: number, size: 2 | 4): number => {
      const offset = d.memoryLayoutOf(Body, (body) => body[field] as number).offset + at * size
      return size === 4 ? view.getFloat32(offset, true) : view.getUint16(offset, true)
    }
    expect([0, 1, 2].map((k) => read('velocity', k, 4))).toEqual([1, 2, 3])
    expect(read('mass', 0, 4)).toBe(4)
    // Halves of 0.5, 1, 1.5 and 2: exponents 14, 15, 15 and 16, and half a unit of mantissa in the third.
    expect([0, 1, 2, 3].map((k) => read('tint', k, 2))).toEqual([0x3800, 0x3c00, 0x3e00, 0x4000])
    mk.dispose()
  })

  it('is the same schema when it is passed again', () => {
    const Mass = d.struct({ mass: d.f32 })
    const component = { mass: new Float32Array(4) }
    GpuSynced(component, { schema: Mass })
    expect(GpuSynced(component, { schema: Mass })).toBe(component)
    expect(() => GpuSynced(component, { schema: d.struct({ mass: d.u32 }) })).toThrow(AlreadyFlagged)
  })
})
