/** Keeps a canvas as many pixels large as it covers on the screen. */
export class CanvasSize {
  readonly #canvas: HTMLCanvasElement
  readonly #limit: number
  readonly #observer: ResizeObserver
  /** Pixels along a side, against those of the screen. */
  resolution = 1
  /** In CSS pixels. */
  #width: number
  #height: number

  /** @param limit most pixels along a side that the device can draw on */
  constructor(canvas: HTMLCanvasElement, limit: number) {
    this.#canvas = canvas
    this.#limit = limit
    ;({ width: this.#width, height: this.#height } = canvas.getBoundingClientRect())
    this.#observer = new ResizeObserver(([{ contentRect }]) => {
      this.#width = contentRect.width
      this.#height = contentRect.height
    })
    this.#observer.observe(canvas)
  }

  /** CSS pixels. */
  get width(): number {
    return Math.max(1, this.#width)
  }
  get height(): number {
    return Math.max(1, this.#height)
  }

  /**
   * Resizes the canvas if it must be; the ratio changes when the window moves to another screen. To
   * be called right before drawing: a resized canvas is empty.
   */
  apply(): void {
    const width = this.#pixels(this.#width)
    const height = this.#pixels(this.#height)
    if (this.#canvas.width !== width) this.#canvas.width = width
    if (this.#canvas.height !== height) this.#canvas.height = height
  }

  dispose(): void {
    this.#observer.disconnect()
  }

  #pixels(length: number): number {
    return Math.max(1, Math.min(this.#limit, Math.round(length * devicePixelRatio * this.resolution)))
  }
}
