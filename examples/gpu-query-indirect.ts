// A bitECS query on the GPU: one drawIndirect draws exactly the entities that match, into a texture
// whose pixels are counted.
//
// npm run example -- gpu-query-indirect
import { attachMk, GpuSynced, perGeneration } from '@memkit/ecs-plugin'
import { dawnGpu } from '@memkit/gpu/node'
import { addComponent, addEntity, createWorld, Not, removeComponent, removeEntity } from 'bitecs'
import { globals } from 'webgpu'

// Node doesn't define GPUTextureUsage and similar constants.
Object.assign(globalThis, globals)

// Each entity is one pixel of a grid, so the number of lit pixels is the number of entities drawn.
const side = 64
const Cell = GpuSynced(
  { x: new Float32Array(side * side + 1), y: new Float32Array(side * side + 1) },
  { label: 'Cell' },
)
const Hidden = {}

const world = createWorld()
const cells: number[] = []
for (let i = 0; i < side * side; i++) {
  const entity = addEntity(world)
  addComponent(world, entity, Cell)
  Cell.x[entity] = i % side
  Cell.y[entity] = Math.floor(i / side)
  cells.push(entity)
}

// Drawing needs a device, which may be a software one.
const gpu = await dawnGpu()
console.log(`On ${gpu.capabilities.adapter}.\n`)
const mk = await attachMk(world, { gpu })
const { device } = mk
if (device === undefined) throw new Error('This example draws, and only WebGPU draws.')

const visible = mk.query([Cell, Not(Hidden)], { draw: { vertexCount: 6 }, label: 'Visible' })
const pipeline = device.createRenderPipeline({
  layout: 'auto',
  vertex: {
    module: device.createShaderModule({
      code: /* wgsl */ `
${mk.buffer(Cell).wgsl(0, 0, { name: 'cells' })}
${visible.indices.wgsl(0, 1, { name: 'visible' })}

@vertex fn main(@builtin(instance_index) instance: u32, @builtin(vertex_index) vertex: u32) -> @builtin(position) vec4f {
  let corner = vec2f(f32(vertex % 2u), f32((vertex + 1u) / 3u % 2u));
  let cell = cells[visible[instance]];
  return vec4f((vec2f(cell.x, cell.y) + corner) / ${side / 2}.0 - 1.0, 0.0, 1.0);
}`,
    }),
  },
  fragment: {
    module: device.createShaderModule({
      code: '@fragment fn main() -> @location(0) vec4f { return vec4f(1.0); }',
    }),
    targets: [{ format: 'rgba8unorm' }],
  },
})
const bindGroup = perGeneration([mk.buffer(Cell), visible.indices], () =>
  device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: mk.buffer(Cell).binding },
      { binding: 1, resource: visible.indices.binding },
    ],
  }),
)
const texture = device.createTexture({
  size: [side, side],
  format: 'rgba8unorm',
  usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC,
})
const pixels = device.createBuffer({
  size: side * side * 4,
  usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
})

let wrong = 0
await show('all', () => undefined)
await show('a third hidden', () => {
  for (let i = 0; i < cells.length; i += 3) addComponent(world, cells[i], Hidden)
})
await show('some of them shown again', () => {
  for (let i = 0; i < cells.length; i += 6) removeComponent(world, cells[i], Hidden)
})
await show('the upper half dead', () => {
  for (const entity of cells.splice(side * (side / 2))) removeEntity(world, entity)
})

texture.destroy()
pixels.destroy()
mk.dispose()
gpu.destroy()
process.exitCode = wrong === 0 ? 0 : 1

/** Runs one frame: change the world, sync, draw, count. */
async function show(what: string, change: () => void): Promise<void> {
  mk.beginFrame()
  change()
  const { rowsChanged, apiCalls } = mk.endFrame()
  const lit = await draw(device!)
  if (lit !== visible.count) wrong++
  console.log(
    `${what}: ${visible.count} entities match, ${lit} pixels lit (${rowsChanged} list entries and rows up in ${apiCalls} calls)`,
  )
}

async function draw(device: GPUDevice): Promise<number> {
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginRenderPass({
    colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }],
  })
  pass.setPipeline(pipeline)
  pass.setBindGroup(0, bindGroup())
  pass.drawIndirect(visible.drawArgs.gpuBuffer, visible.drawArgs.offset)
  pass.end()
  encoder.copyTextureToBuffer({ texture }, { buffer: pixels, bytesPerRow: side * 4 }, [side, side])
  device.queue.submit([encoder.finish()])
  await pixels.mapAsync(GPUMapMode.READ)
  const words = new Uint32Array(pixels.getMappedRange().slice(0))
  pixels.unmap()
  return words.filter((word) => word !== 0).length
}
