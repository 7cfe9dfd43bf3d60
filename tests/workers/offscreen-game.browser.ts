import { addComponents, addEntity, createWorld, query } from 'bitecs'
import { createApp, GpuSynced, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { webGpuDevice } from '@memkit/gpu'

/** What the page sends: a canvas that this worker draws from now on. */
export interface StartGame {
  readonly canvas: OffscreenCanvas
  /** Squares of `size` pixels, in a row from the left, `size` apart. They move down by a pixel a frame. */
  readonly squares: number
  readonly size: number
  readonly frames: number
}

/** What comes back once all frames are drawn. */
export interface GameOver {
  readonly frames: number
  /** Rows on the device that differ from the columns. */
  readonly mismatches: number
  /** Uncaptured errors of the device. */
  readonly errors: readonly string[]
}

addEventListener('message', ({ data }: MessageEvent<StartGame>) => {
  play(data).then(
    (over) => postMessage(over),
    (error: unknown) =>
      postMessage({ frames: 0, mismatches: -1, errors: [String(error)] } satisfies GameOver),
  )
})

/** A game that knows nothing of a page: the world, the device and the canvas are this worker's. */
async function play({ canvas, squares, size, frames }: StartGame): Promise<GameOver> {
  const Position = GpuSynced(
    { x: new Float32Array(squares + 1), y: new Float32Array(squares + 1) },
    { label: 'Position' },
  )
  const world = createWorld()
  for (let i = 0; i < squares; i++) {
    const entity = addEntity(world)
    addComponents(world, entity, Position)
    Position.x[entity] = i * size * 2
  }

  const errors: string[] = []
  let device: GPUDevice | undefined
  const app = createApp(world)
    .addPlugin(
      new MkPlugin({
        gpu: async () => {
          device = await webGpuDevice()
          device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message))
          return device
        },
      }),
    )
    .addSystem(Schedule.Update, () => {
      for (const entity of query(world, [Position])) Position.y[entity] += 1
    })
  await app.ready()

  const draw = drawSquares(device!, canvas, app.mk.buffer(Position).wgsl(0, 0), size)
  const done = new Promise<number>((resolve) => {
    let drawn = 0
    app.addSystem(Schedule.Render, () => {
      const { binding, rows } = app.mk.buffer(Position)
      // Row 0 is free, as no entity has id 0.
      draw(binding, 1, rows - 1)
      if (++drawn === frames) resolve(drawn)
    })
  })
  app.run()
  const drawn = await done
  app.stop()

  const device32 = new Uint32Array(await app.mk.buffer(Position).read())
  const [x32, y32] = [new Uint32Array(Position.x.buffer), new Uint32Array(Position.y.buffer)]
  let mismatches = 0
  for (const entity of query(world, [Position]))
    if (device32[entity * 2] !== x32[entity] || device32[entity * 2 + 1] !== y32[entity]) mismatches++
  return { frames: drawn, mismatches, errors }
}

/** Two triangles for each row, white on black. */
function drawSquares(
  device: GPUDevice,
  canvas: OffscreenCanvas,
  declaration: string,
  size: number,
): (rows: GPUBindingResource, first: number, count: number) => void {
  const context = canvas.getContext('webgpu')!
  const format = navigator.gpu.getPreferredCanvasFormat()
  context.configure({ device, format, alphaMode: 'opaque' })
  const module = device.createShaderModule({
    code: `${declaration}
@vertex fn corner(@builtin(vertex_index) v: u32, @builtin(instance_index) i: u32) -> @builtin(position) vec4f {
  let step = vec2f(f32(v % 2u), f32(v / 2u)) * ${size}.0;
  let at = (vec2f(position[i].x, position[i].y) + step) / vec2f(${canvas.width}.0, ${canvas.height}.0);
  return vec4f(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
}
@fragment fn white() -> @location(0) vec4f { return vec4f(1.0); }`,
  })
  const pipeline = device.createRenderPipeline({
    layout: 'auto',
    vertex: { module },
    fragment: { module, targets: [{ format }] },
    primitive: { topology: 'triangle-strip' },
  })
  return (rows, first, count) => {
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: rows }],
    })
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginRenderPass({
      colorAttachments: [
        {
          view: context.getCurrentTexture().createView(),
          loadOp: 'clear',
          storeOp: 'store',
          clearValue: [0, 0, 0, 1],
        },
      ],
    })
    pass.setPipeline(pipeline)
    pass.setBindGroup(0, group)
    pass.draw(4, count, 0, first)
    pass.end()
    device.queue.submit([encoder.finish()])
  }
}
