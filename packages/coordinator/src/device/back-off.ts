const MAX_FRAMES = 256

/** Frames between two tries to get what a device had no memory for: 1, 2, 4 … 256. */
export class BackOff {
  #distance = 1
  #left = 0

  get due(): boolean {
    return this.#left === 0
  }

  passFrame(): void {
    if (this.#left > 0) this.#left--
  }

  /** The next try comes twice as late as this one did. */
  failed(): void {
    this.#left = this.#distance
    this.#distance = Math.min(this.#distance * 2, MAX_FRAMES)
  }

  /** For a try that succeeded, and for another device. */
  reset(): void {
    this.#distance = 1
    this.#left = 0
  }
}
