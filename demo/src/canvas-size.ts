/** Keeps a canvas as many pixels large as it covers on the screen, at whatever density. */
export class CanvasSize {
  readonly #canvas: HTMLCanvasElement
  readonly #observer: ResizeObserver
  #width = 1
  #height = 1

  /** @param limit most pixels along a side that the device can draw on */
  constructor(canvas: HTMLCanvasElement, limit: number) {
    this.#canvas = canvas
    const set = (width: number, height: number): void => {
      this.#width = Math.max(1, Math.min(limit, Math.round(width)))
      this.#height = Math.max(1, Math.min(limit, Math.round(height)))
    }
    const box = canvas.getBoundingClientRect()
    set(box.width * devicePixelRatio, box.height * devicePixelRatio)
    this.#observer = new ResizeObserver(([entry]) => {
      // Safari does not know pixels, but the ratio.
      const exact = entry.devicePixelContentBoxSize?.[0]
      if (exact) set(exact.inlineSize, exact.blockSize)
      else set(entry.contentRect.width * devicePixelRatio, entry.contentRect.height * devicePixelRatio)
    })
    try {
      this.#observer.observe(canvas, { box: 'device-pixel-content-box' })
    } catch {
      this.#observer.observe(canvas)
    }
  }

  get aspect(): number {
    return this.#width / this.#height
  }

  /** Resizes the canvas if it must be. To be called right before drawing: a resized canvas is empty. */
  apply(): void {
    if (this.#canvas.width !== this.#width) this.#canvas.width = this.#width
    if (this.#canvas.height !== this.#height) this.#canvas.height = this.#height
  }

  dispose(): void {
    this.#observer.disconnect()
  }
}
