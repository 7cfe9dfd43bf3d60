// The AbortSignal of jsdom, in which games run their unit tests, has neither `throwIfAborted` nor
// always a `reason`.

/** Returns why a signal was aborted. */
export function abortReason(signal: AbortSignal): unknown {
  const reason: unknown = signal.reason
  return reason ?? new DOMException('This operation was aborted.', 'AbortError')
}

/** Does what the method of that name does. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortReason(signal)
}
