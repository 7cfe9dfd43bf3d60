/** Most frames between two tries. */
const MOST_FRAMES = 256

/** Frames between two tries to get what a device had no memory for: 1, 2, 4 … 256. */
export class BackOff {
  #distance = 1
  #left = 0

  /** True when the next try may be made. */
  get due(): boolean {
    return this.#left === 0
  }

  /** A frame has passed. */
  passFrame(): void {
    if (this.#left > 0) this.#left--
  }

  /** A try has failed: the next one comes twice as late as this one did. */
  failed(): void {
    this.#left = this.#distance
    this.#distance = Math.min(this.#distance * 2, MOST_FRAMES)
  }

  /** A try has succeeded, or the device is another one. */
  reset(): void {
    this.#distance = 1
    this.#left = 0
  }
}
