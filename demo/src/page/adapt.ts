/** Frames that are looked at together, frames per second that are enough, and milliseconds of a frame that counts. */
const FRAMES = 24
const ENOUGH = 22
const PAUSE = 1_000

/** What is drawn of what there could be. */
export interface Quality {
  /** Pixels of the canvas along a side, against those of the screen. */
  readonly resolution: number
  /** Drones, against the usual number. */
  readonly drones: number
}

const steps: readonly Quality[] = [
  { resolution: 1, drones: 1 },
  { resolution: 0.5, drones: 1 },
  { resolution: 0.5, drones: 0.4 },
  { resolution: 0.5, drones: 0.15 },
]

/** Lowers the quality, step by step, on a device that draws slowly. */
export class Adapt {
  #step = 0
  #last = 0
  #frames = 0
  #ms = 0

  /** @param now milliseconds, in each frame. @returns the lower quality, when it has to be lowered */
  frame(now: number): Quality | undefined {
    const ms = now - this.#last
    this.#last = now
    // A page that was hidden, or stopped in a debugger, isn't slow.
    if (ms > PAUSE * 3) return undefined
    this.#frames++
    this.#ms += ms
    if (this.#frames < FRAMES && this.#ms < 3 * PAUSE) return undefined
    const rate = (this.#frames * 1_000) / this.#ms
    this.#frames = this.#ms = 0
    if (rate >= ENOUGH || this.#step === steps.length - 1) return undefined
    this.#step++
    return steps[this.#step]
  }
}
