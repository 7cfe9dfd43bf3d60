import { MkGpu } from '@memkit/gpu'
import type { MkGpuBackend } from '@memkit/gpu'

/** Milliseconds before the second try, and at most between two. The first is made at once. */
const FIRST_DELAY = 100
const LONGEST_DELAY = 10_000

/**
 * Asks a factory for a device until it gives one that can be used, with twice the pause after each failure. A backend that comes
 * when nobody waits for it any more is destroyed; an `MkGpu` is its maker's.
 * @param use puts the device into use; a rejection counts as a failure
 * @param stopped asked before every try, and before its device is used
 */
export async function recover(
  factory: () => Promise<MkGpuBackend | MkGpu>,
  use: (gpu: MkGpuBackend | MkGpu) => Promise<void>,
  stopped: () => boolean,
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
      await new Promise((resolve) => setTimeout(resolve, delay))
    }
  }
}
