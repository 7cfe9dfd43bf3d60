import type { FrameReport, Mirror, MkCoordinator } from '@memkit/coordinator'

/** First byte at which the device's buffer and the mirror differ; −1 when they hold the same. */
export async function firstDifference(co: MkCoordinator, mirror: Mirror): Promise<number> {
  const device = new Uint8Array(await co.download(mirror.buffer))
  return differs(device, mirror.view(Uint8Array))
}

/** First index at which two arrays differ; −1 when they hold the same. */
export function differs(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length)
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return i
  return -1
}

/** One frame around `work`. */
export function frame(co: MkCoordinator, work: () => void): FrameReport {
  co.beginFrame()
  work()
  return co.endFrame()
}
