import { MkGpu } from '@memkit/gpu'
import type { MkGpuBackend } from '@memkit/gpu'

/** Milliseconds before the second try, and at most between two. The first is made at once. */
const FIRST_DELAY = 100
const LONGEST_DELAY = 10_000

/** The wait between two tries, which can be cut short: no timer of ours outlives a dispose. */
export class Pause {
  #timer: ReturnType<typeof setTimeout> | undefined
  #end: (() => void) | undefined

  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.#end = resolve
      this.#timer = setTimeout(resolve, milliseconds)
    })
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#end?.()
  }
}

/**
 * Asks a factory for a device until it gives one that can be used, with twice the pause after each failure. A backend that comes
 * when nobody waits for it any more is destroyed; an `MkGpu` is its maker's.
 * @param use puts the device into use; a rejection counts as a failure
 * @param stopped asked before every try, and before its device is used
 * @param pause end it when that may have changed
 */
export async function recover(
  factory: () => Promise<MkGpuBackend | MkGpu>,
  use: (gpu: MkGpuBackend | MkGpu) => Promise<void>,
  stopped: () => boolean,
  pause: Pause,
): Promise<void> {
  for (let delay = FIRST_DELAY; ; delay = Math.min(delay * 2, LONGEST_DELAY)) {
    if (stopped()) return
    try {
      const gpu = await factory()
      if (!stopped()) await use(gpu)
      else if (!(gpu instanceof MkGpu)) gpu.destroy()
      return
    } catch {
      // No device yet.
      await pause.wait(delay)
    }
  }
}
