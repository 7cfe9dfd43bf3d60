import { createWorld } from 'bitecs'
import { expect, it } from 'vitest'
import { attachMk, mat4x4f } from '@memkit/ecs-plugin'
import { MkBufferUsage } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'

it('are what a shader reads, frame after frame', async () => {
  const device = await dawnDevice()
  const mk = await attachMk(createWorld(), { gpu: device })
  const globals = mk.globalsWith({ view: mat4x4f })
  const read = mk.gpu.createDeviceBuffer(32, MkBufferUsage.STORAGE | MkBufferUsage.TRANSFER_SRC)
  const module = device.createShaderModule({
    code: /* wgsl */ `
      ${globals.wgsl(0, 0)}
      @group(0) @binding(1) var<storage, read_write> read: array<f32>;
      @compute @workgroup_size(1) fn main() {
        read[0] = globals.alpha; read[1] = globals.delta; read[2] = globals.elapsed;
        read[3] = f32(globals.frame); read[4] = globals.view[1].z; read[5] = globals.view[3].w;
      }`,
  })
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } })
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: globals.binding },
      { binding: 1, resource: { buffer: read.native as GPUBuffer } },
    ],
  })
  const view = Float32Array.from({ length: 16 }, (_, i) => i + 0.5)
  for (let i = 1; i <= 3; i++) {
    globals.set({ alpha: i / 8, delta: i, elapsed: i * 2, view })
    mk.beginFrame()
    const { frame } = mk.endFrame()
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, bindGroup)
    pass.dispatchWorkgroups(1)
    pass.end()
    device.queue.submit([encoder.finish()])
    const values = [...new Float32Array(await mk.coordinator.download(read))]
    expect(values.slice(0, 6)).toEqual([i / 8, i, i * 2, frame, 6.5, 15.5])
  }
  mk.dispose()
  device.destroy()
})
