import { describe, expectTypeOf, it } from 'vitest'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import type {
  DummyBuffer,
  MkDeviceBuffer,
  MkGpuBackend,
  MkMemory,
  MkStagingBuffer,
  NativeOf,
  WebGpuBackend,
} from '@memkit/gpu'
import { uploadMesh } from './upload-mesh.ts'

declare const web: MkGpu<WebGpuBackend>
const dummy = new MkGpu(new DummyBackend())

describe('the backend type of a gpu', () => {
  it('is carried by its buffers', () => {
    expectTypeOf(dummy).toEqualTypeOf<MkGpu<DummyBackend>>()
    expectTypeOf(web.createDeviceBuffer(4, MkBufferUsage.VERTEX).native).toEqualTypeOf<GPUBuffer>()
    expectTypeOf(dummy.createStagingBuffer(4)).toEqualTypeOf<MkStagingBuffer<DummyBackend>>()
    expectTypeOf(dummy.createStagingBuffer(4).native).toEqualTypeOf<DummyBuffer>()
    expectTypeOf(web.backend.device).toEqualTypeOf<GPUDevice>()
    expectTypeOf<NativeOf<WebGpuBackend>>().toEqualTypeOf<GPUBuffer>()
  })

  it('survives generic functions', () => {
    expectTypeOf(uploadMesh(web, new Float32Array(4))).toEqualTypeOf<MkDeviceBuffer<WebGpuBackend>>()
  })

  it('can be widened', () => {
    expectTypeOf(web).toExtend<MkGpu>()
    expectTypeOf(dummy).toExtend<MkGpu<MkGpuBackend>>()
    expectTypeOf<MkDeviceBuffer<WebGpuBackend>>().toExtend<MkDeviceBuffer>()
  })

  it('separates buffers of different backends', () => {
    const buffer = dummy.createDeviceBuffer(4, MkBufferUsage.VERTEX)
    // @ts-expect-error a Dummy's buffer on WebGPU
    web.write(buffer, 0, new ArrayBuffer(4))
    // @ts-expect-error a Dummy's buffer on WebGPU
    web.transfer(buffer, web.createDeviceBuffer(4, MkBufferUsage.VERTEX))
  })

  it('separates staging and device buffers where it matters', () => {
    const staging = dummy.createStagingBuffer(4)
    // @ts-expect-error device buffers are not mapped
    void dummy.createDeviceBuffer(4, MkBufferUsage.VERTEX).map
    expectTypeOf<Parameters<MkGpu<DummyBackend>['scatter']>[0]>().toEqualTypeOf<
      MkDeviceBuffer<DummyBackend>
    >()
    expectTypeOf(staging).not.toExtend<MkDeviceBuffer>()
  })
})

describe('flags', () => {
  it('are numbers for usages, and one of four for memory types', () => {
    expectTypeOf(MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_DST).toEqualTypeOf<number>()
    expectTypeOf<MkMemory>().toEqualTypeOf<1 | 2 | 4 | 8>()
  })
})
