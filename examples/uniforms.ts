// Uniforms that change every frame, uploaded by teleport: dynamic offsets, and one bind group for
// the whole run.
import { MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, MkGpu, WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'

const OBJECTS = 8
const FRAMES = 120

const device = await dawnDevice()
const gpu = new MkGpu(new WebGpuBackend(device))
const co = new MkCoordinator(gpu)

// A compute pass stands in for the draws: object i adds its uniform to its own sum.
const module = device.createShaderModule({
  code: /* wgsl */ `
    struct Uniforms { value: vec4u }
    @group(0) @binding(0) var<uniform> uniforms: Uniforms;
    @group(0) @binding(1) var<storage, read_write> sums: array<atomic<u32>>;
    @compute @workgroup_size(1) fn main() { atomicAdd(&sums[uniforms.value.x], uniforms.value.y); }
  `,
})
const layout = device.createBindGroupLayout({
  entries: [
    { binding: 0, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 16 } },
    { binding: 1, visibility: 4, buffer: { type: 'storage' } },
  ],
})
const pipeline = device.createComputePipeline({
  layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
  compute: { module, entryPoint: 'main' },
})
const sums = gpu.createDeviceBuffer(OBJECTS * 4, MkBufferUsage.STORAGE | MkBufferUsage.TRANSFER_SRC)

// All slots share one device frame buffer, and equal staging order gives equal offsets: the bind
// group lasts until the buffer is replaced, which `frameBufferGeneration` tells.
let bindGroup: GPUBindGroup | undefined
let generation = -1
let bindGroups = 0
const offsets: number[] = []
let writes = 0

for (let frame = 0; frame < FRAMES; frame++) {
  co.beginFrame()
  for (let i = 0; i < OBJECTS; i++) {
    const uniforms = co.frameAlloc(Uint32Array, 4)
    uniforms.set([i, frame, 0, 0])
    offsets[i] = co.stageForUpload(uniforms).offset
  }
  writes += co.endFrame().writes

  if (!bindGroup || generation !== co.frameBufferGeneration) {
    generation = co.frameBufferGeneration
    bindGroups++
    bindGroup = device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: co.frameBuffer.native as GPUBuffer, size: 16 } },
        { binding: 1, resource: { buffer: sums.native } },
      ],
    })
  }
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  for (let i = 0; i < OBJECTS; i++) {
    pass.setBindGroup(0, bindGroup, [offsets[i]])
    pass.dispatchWorkgroups(1)
  }
  pass.end()
  device.queue.submit([encoder.finish()])
  await co.pace()
}

const result = new Uint32Array(await co.download(sums))
const expected = (FRAMES * (FRAMES - 1)) / 2
const mismatches = result.filter((sum) => sum !== expected).length
console.log(
  `${FRAMES} frames on ${gpu.capabilities.adapter}: ${FRAMES * OBJECTS} uniform blocks, ${writes} writes`,
)
console.log(`offsets ${offsets.join(' ')}, bind groups made: ${bindGroups}`)
console.log(
  `each object's sum is ${result[0]} (0 + 1 + … + ${FRAMES - 1} = ${expected}), mismatches: ${mismatches}`,
)
co.dispose()
gpu.destroy()
device.destroy()
process.exitCode = mismatches === 0 && bindGroups === 1 ? 0 : 1
