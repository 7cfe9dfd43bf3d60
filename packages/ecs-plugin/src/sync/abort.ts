// The AbortSignal of jsdom, in which games run their unit tests, has neither `throwIfAborted` nor always a `reason`.

/** Why a signal was aborted. */
export function abortReason(signal: AbortSignal): unknown {
  const reason: unknown = signal.reason
  return reason ?? new DOMException('This operation was aborted.', 'AbortError')
}

/** As the method of that name. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortReason(signal)
}
