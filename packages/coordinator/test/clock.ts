import { vi } from 'vitest'
import type { MkGpu } from '@memkit/gpu'

/** What the device of a made-up clock costs the calling thread, in nanoseconds. */
export interface WorkCosts {
  call: number
  byte: number
  dispatch: number
}

/**
 * Replaces the platform's clock by one that goes on with what the gpu is called for, so that what calibration must find is known,
 * and rounds it like a browser's. A look at it takes 1 µs, a turn of the event loop nothing.
 * @param step milliseconds
 */
export function workClock(gpu: MkGpu, step: number, costs: WorkCosts): void {
  let worked = 0
  let looks = 0
  let before = { writes: 0, bytesWritten: 0, dispatches: 0 }
  vi.spyOn(performance, 'now').mockImplementation(() => {
    const { writes, bytesWritten, dispatches } = gpu.calls
    worked +=
      (writes - before.writes) * costs.call +
      (bytesWritten - before.bytesWritten) * costs.byte +
      (dispatches - before.dispatches) * costs.dispatch
    before = { writes, bytesWritten, dispatches }
    return Math.floor((worked + 1000 * ++looks) / 1e6 / step) * step
  })
}
