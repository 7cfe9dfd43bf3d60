import type { MkGpu } from '@memkit/gpu'
import type { Place } from './place.ts'

/** One device for all programs, as long as none of them loses it. */
export function devicePlace(open: () => Promise<MkGpu>): Place & { end(): void } {
  let gpu: MkGpu | undefined
  return {
    async open() {
      if (gpu === undefined || gpu.isLost) gpu = await open()
      return gpu
    },
    async close() {},
    end() {
      gpu?.destroy()
    },
  }
}
