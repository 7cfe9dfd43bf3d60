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
  /** What the buffer is to hold (scale x and y, width, thinnest, light, padding), and what it holds. */
  readonly #views = [new Float32Array(6), new Float32Array(6)] as const
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
      size: 24,
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
    const [view, old] = this.#views
    // The more there are, the finer and dimmer each of them, so that the swarm does not drown in its own light.
    const crowd = 20_000 / (count + 1)
    view[0] = 2 / arena.width
    view[1] = 2 / arena.height
    view[2] = Math.min(1.7, Math.max(0.3, crowd ** 0.3))
    view[3] = (0.7 * arena.width) / pixels
    view[4] = Math.min(1, crowd ** 0.4)
    if (view.every((value, i) => value === old[i])) return
    this.#device.queue.writeBuffer(this.#view, 0, view.buffer)
    old.set(view)
  }
}
