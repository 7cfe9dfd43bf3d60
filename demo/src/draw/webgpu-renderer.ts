import { perGeneration, type GpuQuery, type SyncedBuffer } from '@memkit/ecs-plugin'
import { backdropShader } from './backdrop.wgsl.ts'
import { emberMotion } from './ember-motion.wgsl.ts'
import { outlines } from './outlines.wgsl.ts'
import type { Renderer, Scene } from './scene.ts'
import { bodyShader, common, droneShader, emberShader } from './shaders.wgsl.ts'
import { viewLayout } from './view.ts'
import { STEP } from '../rules/game.ts'

/** Draws every entity of a query with one indirect call. */
interface Layer {
  readonly pipeline: GPURenderPipeline
  readonly bindGroup: () => GPUBindGroup
  readonly list: GpuQuery | undefined
}

/** Light is added; matter covers the background by its alpha. */
const blend: GPUBlendState = {
  color: { srcFactor: 'one', dstFactor: 'one-minus-src-alpha' },
  alpha: { srcFactor: 'one', dstFactor: 'one' },
}

/** Draws the scene straight from the synced buffers, and has the GPU move the embers. */
export class WebGpuRenderer implements Renderer {
  readonly #device: GPUDevice
  readonly #context: GPUCanvasContext
  readonly #scene: Scene
  readonly #view: GPUBuffer
  readonly #motion: GPUBuffer
  readonly #motionData = new ArrayBuffer(16)
  readonly #layers: readonly Layer[]
  readonly #emberPipeline: GPUComputePipeline
  readonly #emberBindGroup: () => GPUBindGroup
  #time = 0

  constructor(canvas: HTMLCanvasElement, device: GPUDevice, scene: Scene) {
    this.#device = device
    this.#scene = scene
    this.#context = canvas.getContext('webgpu')!
    this.#context.configure({ device, format: navigator.gpu.getPreferredCanvasFormat(), alphaMode: 'opaque' })
    const uniform = (label: string, size: number): GPUBuffer =>
      device.createBuffer({ label, size, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
    this.#view = uniform('view', viewLayout.size)
    this.#motion = uniform('motion', this.#motionData.byteLength)

    const { position, velocity, look, ember, drones, bodies, embers, rocks } = scene
    this.#layers = [
      this.#layer('backdrop', backdropShader, 'paint', []),
      this.#layer('embers', emberShader, 'glow', [ember, embers.indices], embers),
      this.#layer('drones', droneShader, 'glow', [position, velocity, look, drones.indices], drones),
      this.#layer(
        'bodies',
        bodyShader(outlines),
        'paint',
        [position, velocity, look, bodies.indices],
        bodies,
      ),
    ]

    const code =
      emberMotion +
      ember.wgsl(0, 1, { access: 'read_write' }) +
      declared([position, look, rocks.indices, embers.indices], 2)
    const module = device.createShaderModule({ label: 'ember motion', code })
    this.#emberPipeline = device.createComputePipeline({
      label: 'ember motion',
      layout: 'auto',
      compute: { module },
    })
    this.#emberBindGroup = this.#bindGroup(this.#emberPipeline, this.#motion, [
      ember,
      position,
      look,
      rocks.indices,
      embers.indices,
    ])
  }

  draw(view: Float32Array<ArrayBuffer>, steps: number): void {
    const device = this.#device
    device.queue.writeBuffer(this.#view, 0, view.buffer)
    const encoder = device.createCommandEncoder()
    const { ember, embers } = this.#scene
    const burning = steps > 0 && embers.count > 0
    if (burning) this.#moveEmbers(encoder, steps * STEP)
    // While none moves, none comes back.
    ember.downloads = burning
    const texture = this.#context.getCurrentTexture()
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }],
    })
    for (const { pipeline, bindGroup, list } of this.#layers) {
      pass.setPipeline(pipeline)
      pass.setBindGroup(0, bindGroup())
      if (list === undefined) pass.draw(3)
      else pass.drawIndirect(list.drawArgs.gpuBuffer, list.drawArgs.offset)
    }
    pass.end()
    device.queue.submit([encoder.finish()])
  }

  dispose(): void {
    this.#context.unconfigure()
    this.#view.destroy()
    this.#motion.destroy()
  }

  #moveEmbers(encoder: GPUCommandEncoder, seconds: number): void {
    this.#time += seconds
    new Float32Array(this.#motionData).set([seconds, this.#time])
    new Uint32Array(this.#motionData)[2] = this.#scene.rocks.count
    this.#device.queue.writeBuffer(this.#motion, 0, this.#motionData)
    const pass = encoder.beginComputePass()
    pass.setPipeline(this.#emberPipeline)
    pass.setBindGroup(0, this.#emberBindGroup())
    const { dispatchArgs } = this.#scene.embers
    pass.dispatchWorkgroupsIndirect(dispatchArgs.gpuBuffer, dispatchArgs.offset)
    pass.end()
  }

  #layer(
    label: string,
    shader: string,
    fragment: string,
    buffers: readonly SyncedBuffer[],
    list?: GpuQuery,
  ): Layer {
    const code = common + declared(buffers, 1) + shader
    const module = this.#device.createShaderModule({ label, code })
    const format = navigator.gpu.getPreferredCanvasFormat()
    const pipeline = this.#device.createRenderPipeline({
      label,
      layout: 'auto',
      vertex: { module, entryPoint: 'vertices' },
      fragment: {
        module,
        entryPoint: fragment,
        targets: [list === undefined ? { format } : { format, blend }],
      },
    })
    return { pipeline, bindGroup: this.#bindGroup(pipeline, this.#view, buffers), list }
  }

  /** Made again only when a buffer was replaced by a bigger one. */
  #bindGroup(
    pipeline: GPURenderPipeline | GPUComputePipeline,
    uniform: GPUBuffer,
    buffers: readonly SyncedBuffer[],
  ): () => GPUBindGroup {
    return perGeneration(buffers, () =>
      this.#device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [
          { binding: 0, resource: { buffer: uniform } },
          ...buffers.map((buffer, i) => ({ binding: i + 1, resource: buffer.binding })),
        ],
      }),
    )
  }
}

/** The declarations that synced buffers give of themselves. */
function declared(buffers: readonly SyncedBuffer[], first: number): string {
  return buffers.map((buffer, i) => buffer.wgsl(0, first + i)).join('')
}
