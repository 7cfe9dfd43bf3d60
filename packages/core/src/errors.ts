/**
 * The base of every error that memkit throws. `code` is stable and machine-readable; the message says what was
 * asked, what the limit is, and what to do.
 */
export abstract class MkError extends Error {
  /** Stable name of the error, equal to the name of its class, e.g. `'HeapFull'`. */
  abstract readonly code: string

  override get name(): string {
    return this.code
  }
}
