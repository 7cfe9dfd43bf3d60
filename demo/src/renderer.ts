import type { MkSync, SyncedBuffer } from '@memkit/ecs-plugin'
import type { Arena } from './arena.ts'
import { Look, Position, Velocity } from './components.ts'
import { SPARKS_PER_INSTANCE, swarmShader, VERTICES_PER_SPARK } from './swarm.wgsl.ts'

/** The colour of the night, red, green, blue and alpha from 0 to 1. */
const sky = [0.012, 0.017, 0.042, 1]

/** Draws every spark in one instanced call, straight from the synced buffers. */
export class Renderer {
  readonly #device: GPUDevice
  readonly #context: GPUCanvasContext
  readonly #pipeline: GPURenderPipeline
  readonly #view: GPUBuffer
  readonly #viewData = new Float32Array(4)
  readonly #synced: readonly SyncedBuffer[]
  #generations = ''
  #bindGroup: GPUBindGroup | undefined

  constructor(canvas: HTMLCanvasElement, mk: MkSync, device: GPUDevice) {
    this.#device = device
    const position = mk.buffer(Position)
    const velocity = mk.buffer(Velocity)
    const look = mk.buffer(Look)
    this.#synced = [position, velocity, look]

    const format = navigator.gpu.getPreferredCanvasFormat()
    this.#context = canvas.getContext('webgpu')!
    this.#context.configure({ device, format, alphaMode: 'opaque' })
    this.#view = device.createBuffer({
      label: 'view',
      size: 16,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    })
    const module = device.createShaderModule({
      label: 'swarm',
      code: swarmShader(position.wgsl(0, 1) + velocity.wgsl(0, 2) + look.wgsl(0, 3)),
    })
    // Light adds up.
    const add: GPUBlendComponent = { srcFactor: 'one', dstFactor: 'one' }
    this.#pipeline = device.createRenderPipeline({
      label: 'swarm',
      layout: 'auto',
      vertex: { module, entryPoint: 'spark' },
      primitive: { topology: 'triangle-list' },
      fragment: { module, entryPoint: 'glow', targets: [{ format, blend: { color: add, alpha: add } }] },
    })
  }

  /**
   * @param count entities; their ids are 1 … count, so count + 1 rows are drawn. Row 0 is nobody's: zeros, and without width
   * @param pixels the canvas's width
   */
  draw(count: number, arena: Arena, pixels: number): void {
    this.#setView(count, arena, pixels)
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginRenderPass({
      colorAttachments: [
        {
          view: this.#context.getCurrentTexture().createView(),
          clearValue: sky,
          loadOp: 'clear',
          storeOp: 'store',
        },
      ],
    })
    pass.setPipeline(this.#pipeline)
    pass.setBindGroup(0, this.#currentBindGroup())
    pass.draw(VERTICES_PER_SPARK * SPARKS_PER_INSTANCE, Math.ceil((count + 1) / SPARKS_PER_INSTANCE))
    pass.end()
    this.#device.queue.submit([encoder.finish()])
  }

  dispose(): void {
    this.#context.unconfigure()
    this.#view.destroy()
  }

  /** The bind group of the buffers as they are now: made again only when one was replaced by a bigger one. */
  #currentBindGroup(): GPUBindGroup {
    const generations = this.#synced.map((buffer) => buffer.generation).join()
    if (this.#bindGroup === undefined || generations !== this.#generations) {
      this.#generations = generations
      this.#bindGroup = this.#device.createBindGroup({
        label: 'swarm',
        layout: this.#pipeline.getBindGroupLayout(0),
        entries: [
          { binding: 0, resource: { buffer: this.#view } },
          ...this.#synced.map((buffer, i) => ({ binding: i + 1, resource: buffer.binding })),
        ],
      })
    }
    return this.#bindGroup
  }

  /** Written when it changes: with the window, and with the number of entities. */
  #setView(count: number, arena: Arena, pixels: number): void {
    const view = this.#viewData
    const scaleX = 2 / arena.width
    // The more there are, the finer they get, so that the swarm never drowns in its own light.
    const width = Math.min(1.7, Math.max(0.35, (20_000 / (count + 1)) ** 0.3))
    const pixel = arena.width / pixels
    if (view[0] === Math.fround(scaleX) && view[2] === Math.fround(width) && view[3] === Math.fround(pixel))
      return
    view[0] = scaleX
    view[1] = 2 / arena.height
    view[2] = width
    view[3] = pixel
    this.#device.queue.writeBuffer(this.#view, 0, view.buffer)
  }
}
