// Columns on the device: everything moves in every frame, and the typed arrays go up as they are. A
// compute shader reads them through generated functions, and counts who is where.
//
// npm run example -- columns
import { attachMk, GpuSynced, perGeneration } from '@memkit/ecs-plugin'
import { dawnGpu } from '@memkit/gpu/node'
import { addComponent, addEntity, createWorld } from 'bitecs'

const count = 50_000
const Body = GpuSynced(
  { x: new Float32Array(count + 1), y: new Float32Array(count + 1), team: new Uint8Array(count + 1) },
  { label: 'Body', layout: 'columns', changes: 'all', capacity: count + 1 },
)

const world = createWorld()
const bodies = Array.from({ length: count }, () => addEntity(world))
for (const body of bodies) {
  addComponent(world, body, Body)
  Body.team[body] = body % 4
}

const gpu = await dawnGpu()
console.log(`On ${gpu.capabilities.adapter}.\n`)
const mk = await attachMk(world, { gpu })
const { device } = mk
if (device === undefined) throw new Error('This example computes, and only WebGPU does.')

const living = mk.query([Body], { label: 'Living', dispatch: { workgroupSize: 64 } })
const code = /* wgsl */ `
${mk.buffer(Body).wgsl(0, 0)}
${living.indices.wgsl(0, 1)}
@group(0) @binding(2) var<storage, read_write> inside: array<atomic<u32>, 4>;

// How many of each team are within the unit circle.
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (!livingHas(id.x)) { return; }
  let row = living[id.x];
  if (length(vec2f(body_x(row), body_y(row))) < 1.0) { atomicAdd(&inside[body_team(row)], 1u); }
}`
const module = device.createShaderModule({ code })
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } })
// Numbers of GPUBufferUsage, which Node doesn't define: STORAGE, COPY_SRC, COPY_DST, MAP_READ.
const inside = device.createBuffer({ size: 16, usage: 0x80 | 0x4 | 0x8 })
const readable = device.createBuffer({ size: 16, usage: 0x8 | 0x1 })
const bindGroup = perGeneration([mk.buffer(Body), living.indices], () =>
  device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: mk.buffer(Body).binding },
      { binding: 1, resource: living.indices.binding },
      { binding: 2, resource: { buffer: inside } },
    ],
  }),
)

let isRight = true
for (let frame = 1; frame <= 5; frame++) {
  mk.beginFrame()
  for (const body of bodies) {
    Body.x[body] = Math.cos(body) * frame * 0.4
    Body.y[body] = (body / count) * 2 - 1
  }
  const { bytesUploaded, apiCalls } = mk.endFrame()

  const encoder = device.createCommandEncoder()
  encoder.clearBuffer(inside)
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, bindGroup())
  pass.dispatchWorkgroupsIndirect(living.dispatchArgs.gpuBuffer, living.dispatchArgs.offset)
  pass.end()
  encoder.copyBufferToBuffer(inside, 0, readable, 0, 16)
  device.queue.submit([encoder.finish()])
  await readable.mapAsync(1)
  const counted = [...new Uint32Array(readable.getMappedRange())]
  readable.unmap()
  const expected = bodies.filter((body) => Math.hypot(Body.x[body], Body.y[body]) < 1).length
  const found = counted.reduce((sum, team) => sum + team, 0)
  // A body on the circle itself may be rounded to either side.
  if (Math.abs(found - expected) > 5) isRight = false
  console.log(
    `frame ${frame}: ${(bytesUploaded / 1024).toFixed(0)} KiB in ${apiCalls} calls; inside: ${counted.join(', ')}`,
  )
}

process.exitCode = isRight ? 0 : 1
mk.dispose()
gpu.destroy()
