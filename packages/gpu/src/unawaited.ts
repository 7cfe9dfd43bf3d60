/**
 * A promise that may be dropped: whoever awaits it gets its rejection, and if nobody does, a lost device must not end
 * the process as an unhandled rejection. The loss itself is told through `gpu.lost`.
 */
export function unawaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
