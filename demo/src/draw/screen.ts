import type { MkSync } from '@memkit/ecs-plugin'
import type { Arena } from '../rules/arena.ts'
import { CanvasSize } from './canvas-size.ts'
import type { Renderer, Scene } from './scene.ts'
import { WebGl2Renderer } from './webgl2-renderer.ts'
import { WebGpuRenderer } from './webgpu-renderer.ts'

/**
 * The canvas at its size, and a renderer on the current device. A device can be lost at any time (a
 * driver update, a laptop that switches graphics cards). memkit then requests another one and
 * uploads everything again, but what was made from the old device, here the renderer, must be
 * replaced.
 */
export class Screen {
  readonly #canvas: HTMLCanvasElement
  readonly #scene: Scene
  readonly #mk: MkSync
  readonly #size: CanvasSize
  #renderer: Renderer | undefined

  constructor(canvas: HTMLCanvasElement, mk: MkSync, scene: Scene) {
    this.#canvas = canvas
    this.#scene = scene
    this.#mk = mk
    this.#size = new CanvasSize(canvas, mk.device?.limits.maxTextureDimension2D ?? 4096)
    this.#renderer = this.#makeRenderer()
    mk.on('lost', () => this.#forget())
    mk.on('restored', () => (this.#renderer = this.#makeRenderer()))
  }

  /** Pixels across. */
  get width(): number {
    return this.#canvas.width
  }

  /** Pixels along a side, against those of the screen. */
  set resolution(share: number) {
    this.#size.resolution = share
  }

  /** Fits the arena to the canvas. */
  measure(arena: Arena): void {
    arena.fit(this.#size.width, this.#size.height)
  }

  /** @param steps of the game since the last picture */
  draw(view: Float32Array<ArrayBuffer>, steps: number): void {
    if (this.#renderer === undefined) return
    this.#size.apply()
    this.#renderer.draw(view, steps)
  }

  dispose(): void {
    this.#size.dispose()
    this.#forget()
  }

  #forget(): void {
    this.#renderer?.dispose()
    this.#renderer = undefined
  }

  #makeRenderer(): Renderer {
    const { device } = this.#mk
    return device === undefined
      ? new WebGl2Renderer(this.#canvas, this.#scene)
      : new WebGpuRenderer(this.#canvas, device, this.#scene)
  }
}
