import type { MkSync } from '@memkit/ecs-plugin'
import type { Arena } from './arena.ts'
import { CanvasSize } from './canvas-size.ts'
import { hideNotice, showNotice } from './notice.ts'
import { Renderer } from './renderer.ts'

/** How long a new device may take to come before the page speaks of it, in milliseconds. */
const PATIENCE = 3_000

/**
 * What the swarm is seen on: the canvas at its size, and a renderer on the device of the moment. A device can be lost at any time
 * (a driver update, a laptop that changes graphics cards). memkit then asks for another one and uploads everything
 * again; what is made of the old device, here the renderer, has to be made anew.
 */
export class Screen {
  readonly #canvas: HTMLCanvasElement
  readonly #arena: Arena
  readonly #size: CanvasSize
  readonly #tell: (state: 'lost' | 'running') => void
  #renderer: Renderer | undefined
  #patience: ReturnType<typeof setTimeout> | undefined

  /** @param tell hears when the device is lost, and when there is another one */
  constructor(
    canvas: HTMLCanvasElement,
    arena: Arena,
    mk: MkSync,
    tell: (state: 'lost' | 'running') => void,
  ) {
    this.#canvas = canvas
    this.#arena = arena
    this.#tell = tell
    this.#size = new CanvasSize(canvas, mk.device!.limits.maxTextureDimension2D)
    this.#renderer = new Renderer(canvas, mk, mk.device!)
    mk.on('lost', ({ message }) => this.#lose(message))
    mk.on('restored', () => this.#restore(mk))
  }

  /** Fits the arena to the canvas. */
  measure(): void {
    this.#arena.fit(this.#size.aspect)
  }

  /** Draws the entities 1 … count. */
  draw(count: number): void {
    if (this.#renderer === undefined) return
    this.#size.apply()
    this.#renderer.draw(count, this.#arena, this.#canvas.width)
  }

  dispose(): void {
    clearTimeout(this.#patience)
    this.#size.dispose()
    this.#renderer?.dispose()
    this.#renderer = undefined
  }

  #lose(message: string): void {
    this.#renderer?.dispose()
    this.#renderer = undefined
    this.#tell('lost')
    this.#patience = setTimeout(
      () =>
        showNotice('The graphics device was lost', [
          message,
          'The page keeps asking for another one. If none comes, loading it again may help.',
        ]),
      PATIENCE,
    )
  }

  #restore(mk: MkSync): void {
    clearTimeout(this.#patience)
    hideNotice()
    this.#renderer = new Renderer(this.#canvas, mk, mk.device!)
    this.#tell('running')
  }
}
