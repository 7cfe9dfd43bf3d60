import type { MkGpuBackend } from './backend.ts'
import type { MkBuffer } from './buffers.ts'

/**
 * Decides which recorded operations share a submit. A device refuses all that was submitted together with a buffer that has no memory, and
 * whether it has is known some time after it was made. So operations on unconfirmed buffers share a part with operations on the very same
 * ones; all operations on confirmed buffers share one.
 *
 *     copy a → b    scatter → b     copy c → d           a, b, d confirmed, c not
 *     └──────── one part ─────┘     └─ another ─┘
 */
export class Parts<B extends MkGpuBackend> {
  /** The unconfirmed buffers that the part being recorded hangs on. */
  #one: MkBuffer<B> | undefined
  #other: MkBuffer<B> | undefined

  /**
   * Notes that the next operation uses these buffers. A copy through a third buffer names that one alone: it is new, so the copy shares its
   * fate with no other operation.
   * @returns true when the operation begins a part
   */
  enter(a: MkBuffer<B>, b: MkBuffer<B>): boolean {
    const one = a.confirmed ? undefined : a
    const other = b.confirmed || a === b ? undefined : b
    if (this.#hangsOn(one, other) || this.#hangsOn(other, one)) return false
    this.#one = one
    this.#other = other
    return true
  }

  /** What was recorded is submitted. */
  clear(): void {
    this.#one = undefined
    this.#other = undefined
  }

  #hangsOn(one: MkBuffer<B> | undefined, other: MkBuffer<B> | undefined): boolean {
    return one === this.#one && other === this.#other
  }
}
