import { webGpuDevice } from '@memkit/ecs-plugin'
import {
  Mesh,
  MeshBasicMaterial,
  NoBlending,
  OrthographicCamera,
  PlaneGeometry,
  Scene,
  WebGLRenderer,
  WebGLRenderTarget,
  type Object3D,
} from 'three'
import { WebGPURenderer } from 'three/webgpu'
import type { World2d } from './world-2d.ts'

/** What draws: WebGLRenderer, WebGPURenderer, or the latter on WebGL. */
export type Kind = 'WebGLRenderer' | 'WebGPURenderer' | 'WebGPURenderer on WebGL'

/** The geometry of an instance, and of an ordinary mesh beside them: one pixel, from its lower left corner. */
export const pixel: PlaneGeometry = new PlaneGeometry(1, 1).translate(0.5, 0.5, 0)

/** A renderer, and what it shows. */
export class Looks {
  readonly renderer: WebGLRenderer | WebGPURenderer
  readonly device: GPUDevice | undefined
  readonly #size: number
  readonly #scene = new Scene()
  readonly #target: WebGLRenderTarget
  readonly #camera: OrthographicCamera
  readonly #errors: string[] = []

  static async open(kind: Kind, size: number): Promise<Looks> {
    if (kind === 'WebGLRenderer') return new Looks(new WebGLRenderer({ antialias: false }), undefined, size)
    const forceWebGL = kind !== 'WebGPURenderer'
    const device = forceWebGL ? undefined : await webGpuDevice()
    const renderer = new WebGPURenderer({ antialias: false, forceWebGL, ...(device && { device }) })
    await renderer.init()
    return new Looks(renderer, device, size)
  }

  private constructor(renderer: WebGLRenderer | WebGPURenderer, device: GPUDevice | undefined, size: number) {
    this.renderer = renderer
    this.device = device
    this.#size = size
    this.#target = new WebGLRenderTarget(size, size, { depthBuffer: false })
    this.#camera = new OrthographicCamera(0, size, size, 0, -1, 1)
    renderer.setClearColor(0, 0)
    device?.addEventListener('uncapturederror', ({ error }) => this.#errors.push(error.message))
    // Shares its geometry with the instances.
    const beside = new Mesh(pixel, new MeshBasicMaterial({ color: 0x0000ff, blending: NoBlending }))
    beside.position.set(size - 1, 0, 0)
    this.#scene.add(beside)
  }

  show(drawn: Object3D): void {
    this.#scene.add(drawn)
  }

  /** @returns pixels that differ from what the columns say */
  async differ({ alive, Position, Look }: World2d): Promise<number> {
    const size = this.#size
    const pixels = await this.#pixels()
    if (this.#errors.length > 0) throw new Error(this.#errors[0])
    const wanted = new Uint8Array(size * size * 4)
    wanted.set([0, 0, 255, 255], (size - 1) * 4)
    for (const e of alive)
      wanted.set([Look.r[e] * 255, Look.g[e] * 255, 0, 255], (Position.y[e] * size + Position.x[e]) * 4)
    let count = 0
    for (let i = 0; i < size * size; i++)
      count += +[0, 1, 2, 3].some((k) => pixels[4 * i + k] !== wanted[4 * i + k])
    return count
  }

  async close(): Promise<void> {
    this.#target.dispose()
    await this.renderer.dispose()
  }

  /** From the lower left. */
  async #pixels(): Promise<ArrayLike<number>> {
    const { renderer } = this
    const size = this.#size
    // Nodes of WebGPURenderer take new instances over once per animation frame, and games draw once in each.
    await nextFrame()
    renderer.setRenderTarget(this.#target)
    renderer.render(this.#scene, this.#camera)
    let pixels = new Uint8Array(size * size * 4)
    if (renderer instanceof WebGLRenderer)
      renderer.readRenderTargetPixels(this.#target, 0, 0, size, size, pixels)
    else {
      pixels = (await renderer.readRenderTargetPixelsAsync(this.#target, 0, 0, size, size)) as never
      const { isWebGPUBackend } = renderer.backend as { isWebGPUBackend?: boolean }
      if (isWebGPUBackend === true) pixels = upsideDown(pixels, size)
    }
    renderer.setRenderTarget(null)
    return pixels
  }
}

/** All that was to be called in this animation frame was. */
async function nextFrame(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((done) => requestAnimationFrame(done))
}

function upsideDown(pixels: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const turned = new Uint8Array(pixels.length)
  for (let y = 0; y < size; y++)
    turned.set(pixels.subarray(y * size * 4, (y + 1) * size * 4), (size - 1 - y) * size * 4)
  return turned
}
