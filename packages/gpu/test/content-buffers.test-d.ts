import { describe, expectTypeOf, it } from 'vitest'
import { array, f32, mat4x4f, struct, u32, vec3f } from '@memkit/core'
import type {
  DummyBackend,
  MkDeviceBuffer,
  MkGpu,
  MkIndexBuffer,
  MkStorageBuffer,
  MkUniformBuffer,
  MkVertexBuffer,
  WebGl2Backend,
} from '@memkit/gpu'

declare const gpu: MkGpu<DummyBackend>
declare function draw(vertices: MkVertexBuffer, indices: MkIndexBuffer): void

const Camera = struct({ view: mat4x4f, eye: vec3f, time: f32 })
const Particle = struct({ pos: vec3f, id: u32 })

describe('buffers typed by content', () => {
  const vertices = gpu.vertexBuffer(new Float32Array(6))
  const indices = gpu.indexBuffer(new Uint16Array(3))
  const camera = gpu.uniformBuffer(Camera)
  const particles = gpu.storageBuffer(Particle, 100)

  it('are device buffers of their backend', () => {
    expectTypeOf(vertices).toExtend<MkDeviceBuffer<DummyBackend>>()
    expectTypeOf(indices).toExtend<MkDeviceBuffer>()
    expectTypeOf(camera).toEqualTypeOf<MkUniformBuffer<typeof Camera, DummyBackend>>()
    expectTypeOf(particles).toEqualTypeOf<MkStorageBuffer<typeof Particle, DummyBackend>>()
    expectTypeOf(indices.indexFormat).toEqualTypeOf<'uint16' | 'uint32'>()
  })

  it('are not interchangeable', () => {
    draw(vertices, indices)
    // @ts-expect-error vertices where indices are wanted, and the other way round
    draw(indices, vertices)
    // @ts-expect-error a plain buffer knows no indexFormat
    draw(vertices, gpu.createDeviceBuffer(4, 16))
    // @ts-expect-error uniforms aren't vertices
    expectTypeOf(camera).toExtend<MkVertexBuffer>()
    expectTypeOf(particles).not.toExtend<MkUniformBuffer<typeof Particle>>()
    expectTypeOf(particles).not.toExtend<MkStorageBuffer<typeof Camera>>()
  })

  it('only accept data of their kind', () => {
    // @ts-expect-error doubles aren't vertices
    gpu.vertexBuffer(new Float64Array(3))
    // @ts-expect-error nor are plain numbers
    gpu.vertexBuffer([1, 2, 3])
    // @ts-expect-error bytes aren't indices in WebGPU
    gpu.indexBuffer(new Uint8Array(3))
    // @ts-expect-error signed indices
    gpu.indexBuffer(new Int32Array(3))
    // @ts-expect-error floats into indices
    indices.write(new Float32Array(3))
    // @ts-expect-error indices into vertices
    vertices.write(new Uint16Array(3))
  })

  it('only accept values of their type', () => {
    camera.write({ time: 1, eye: [0, 0, 0] })
    camera.write({ view: new Float32Array(16) })
    // @ts-expect-error no such field
    camera.write({ now: 1 })
    // @ts-expect-error a number isn't a vector
    camera.write({ eye: 1 })
    // @ts-expect-error nor is a string a number
    camera.write({ time: '1' })
    // @ts-expect-error a wrong field at creation
    gpu.uniformBuffer(Camera, { eyes: [0, 0, 0] })
    gpu.uniformBuffer(array(mat4x4f, 2), [new Float32Array(16)])
    // @ts-expect-error no type
    gpu.uniformBuffer({ time: 'f32' })
    particles.write(0, [{ pos: [1, 2, 3], id: 1 }])
    // @ts-expect-error no such field
    particles.write(0, [{ position: [1, 2, 3] }])
    // @ts-expect-error a list of rows, not a row
    particles.write(0, { id: 1 })
    gpu.storageBuffer(vec3f, 2).write(0, [[1, 2, 3]])
    // @ts-expect-error rows are numbers here
    gpu.storageBuffer(u32, 2).write(0, [[1]])
    // @ts-expect-error how many rows?
    gpu.storageBuffer(u32)
  })

  it('return their rows as values', () => {
    expectTypeOf(particles.read(0, 1)).resolves.toEqualTypeOf<
      { pos: [number, number, number]; id: number }[]
    >()
  })
})

describe('WebGL2', () => {
  it('has WebGLBuffers', () => {
    expectTypeOf<MkDeviceBuffer<WebGl2Backend>['native']>().toEqualTypeOf<WebGLBuffer>()
    expectTypeOf<MkGpu<WebGl2Backend>>().toExtend<MkGpu>()
  })
})
