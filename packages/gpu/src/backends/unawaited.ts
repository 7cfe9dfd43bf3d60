/** Lets a promise be dropped: where nothing awaits it, its rejection doesn't end the process. */
export function unawaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
