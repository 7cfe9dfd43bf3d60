import { MkBufferUsage } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { expect, it } from 'vitest'

it('reports how many storage buffers a vertex shader may read, as the device does', async () => {
  const compatible = await dawnGpu({ featureLevel: 'compatibility' })
  expect(compatible.capabilities.maxStorageBuffersInVertexStage).toBe(0)
  // Compute shaders are as they were.
  expect(compatible.capabilities).toMatchObject({ storage: true, scatter: true })
  expect(compatible.backend.device.features.has('core-features-and-limits')).toBe(false)
  compatible.destroy()

  const asked = await dawnGpu({
    featureLevel: 'compatibility',
    limits: { maxStorageBuffersInVertexStage: 4 },
  })
  expect(asked.capabilities.maxStorageBuffersInVertexStage).toBe(4)
  asked.destroy()

  const core = await dawnGpu()
  expect(core.capabilities.maxStorageBuffersInVertexStage).toBeGreaterThan(0)
  core.destroy()
})

it('reports 0 exactly where a vertex shader that reads a storage buffer is refused', async () => {
  const gpu = await dawnGpu({ featureLevel: 'compatibility' })
  const { device } = gpu.backend
  gpu.createDeviceBuffer(16, MkBufferUsage.STORAGE).destroy()
  const module = device.createShaderModule({
    code: `
      @group(0) @binding(0) var<storage, read> rows: array<vec4f>;
      @vertex fn main(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f { return rows[i]; }`,
  })
  device.pushErrorScope('validation')
  await device
    .createRenderPipelineAsync({
      layout: 'auto',
      vertex: { module },
      primitive: { topology: 'point-list' },
      depthStencil: { format: 'depth32float', depthCompare: 'always', depthWriteEnabled: true },
    })
    .then(
      () => expect.fail('the pipeline was made'),
      (error: Error) => expect(error.message).toMatch(/storage buffers.*vertex/i),
    )
  await device.popErrorScope()
  gpu.destroy()
})
