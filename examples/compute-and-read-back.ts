// A component that the GPU computes and the ECS reads: a compute shader spreads heat along a ring,
// and some frames later the column has it.
//
// npm run example -- compute-and-read-back
import { attachMk, GpuSynced, perGeneration } from '@memkit/ecs-plugin'
import { dawnGpu } from '@memkit/gpu/node'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { globals } from 'webgpu'

// Node doesn't define GPUShaderStage and similar constants.
Object.assign(globalThis, globals)

const count = 1024
// The shader owns the rows: a row is uploaded when its entity enters, and comes back from then on.
const Heat = GpuSynced({ value: new Float32Array(count + 1) }, { label: 'Heat', direction: 'download' })

const world = createWorld()
for (let i = 0; i < count; i++) addComponent(world, addEntity(world), Heat)
Heat.value[1] = 1000

const gpu = await dawnGpu()
console.log(`On ${gpu.capabilities.adapter}.\n`)
const mk = await attachMk(world, { gpu })
const { device } = mk
if (device === undefined) throw new Error('This example computes, and only WebGPU does.')

// The ring: the entities that have heat, in any order.
const ring = mk.query([Heat], { label: 'Ring' })
const module = device.createShaderModule({
  code: /* wgsl */ `
${mk.buffer(Heat).wgsl(0, 0, { access: 'read_write' })}

${ring.indices.wgsl(0, 1)}

// Neighbours in the list share their heat in pairs, even and odd pairs in turn: no two threads
// share a row.
override first: u32;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (!ringHas(id.x * 2u)) { return; }
  let a = ring[(id.x * 2u + first) % ${count}u];
  let b = ring[(id.x * 2u + first + 1u) % ${count}u];
  let mean = (heat[a].value + heat[b].value) * 0.5;
  heat[a].value = mean;
  heat[b].value = mean;
}`,
})
const bindGroupLayout = device.createBindGroupLayout({
  entries: [
    { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } },
    { binding: 1, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'read-only-storage' } },
  ],
})
const layout = device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] })
const pairs = [0, 1].map((first) =>
  device.createComputePipeline({ layout, compute: { module, constants: { first } } }),
)
const bindGroup = perGeneration([mk.buffer(Heat), ring.indices], () =>
  device.createBindGroup({
    layout: bindGroupLayout,
    entries: [
      { binding: 0, resource: mk.buffer(Heat).binding },
      { binding: 1, resource: ring.indices.binding },
    ],
  }),
)

for (let frame = 1; frame <= 12; frame++) {
  mk.beginFrame()
  const warm = Heat.value.filter((value) => value > 0).length
  mk.endFrame()
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setBindGroup(0, bindGroup())
  for (const pipeline of pairs) {
    pass.setPipeline(pipeline)
    pass.dispatchWorkgroups(count / 2 / 64)
  }
  pass.end()
  device.queue.submit([encoder.finish()])
  console.log(`frame ${frame}: the ECS sees ${warm} warm entities, the hottest at ${Math.max(...Heat.value)}`)
  await mk.coordinator.pace()
  await new Promise((resolve) => setTimeout(resolve, 2))
}

const total = Heat.value.reduce((sum, value) => sum + value, 0)
console.log(`\nHeat is neither made nor lost: ${total} in all.`)
process.exitCode = total === 1000 && Heat.value[1] < 1000 ? 0 : 1
mk.dispose()
gpu.destroy()
