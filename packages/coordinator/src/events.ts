import type { MkError } from '@memkit/core'
import type { LossInfo, MkDeviceBuffer, MkLeak } from '@memkit/gpu'
import type { FrameReport } from './frame-report.ts'
import type { Mirror } from './mirror.ts'

/** A mirror's device buffer or CPU memory was replaced: rebuild bind groups and views. */
export interface Reallocated {
  readonly mirror: Mirror
  readonly label: string
  readonly generation: number
}

/** A device is there again. Mirrors were made anew and go up in full with the next `endFrame`. */
export interface Restored {
  /** Buffers of `uploadSlice`: their contents are gone. Upload them again. */
  readonly lost: readonly MkDeviceBuffer[]
  /** Mirrors whose rows the device owned: what was not read back is gone. */
  readonly stale: readonly Mirror[]
  /** Everything else that was alive on the lost device: pools, buffers of the user's own. */
  readonly others: readonly MkLeak[]
}

/** Something went wrong that broke nothing. */
export interface CoordinatorWarning {
  /** Stable name, e.g. `'FrameAbandoned'`, or the `code` of `error`. */
  readonly code: string
  readonly message: string
  readonly error?: MkError | undefined
}

/** What `co.on` listens to. */
export interface CoordinatorEvents {
  /** At the end of every frame, with the report that `endFrame` returns. Frames that nobody listens to cost nothing. */
  frame: FrameReport
  reallocated: Reallocated
  lost: LossInfo
  restored: Restored
  warning: CoordinatorWarning
}

/** Listeners by event. One that throws neither stops the others nor the frame: the error is logged once. */
export class Listeners {
  readonly #byEvent = new Map<keyof CoordinatorEvents, Set<(event: never) => void>>()
  readonly #told = new Set<string>()
  #threw = false

  /** @returns a function that removes the listener */
  on<E extends keyof CoordinatorEvents>(
    event: E,
    listener: (event: CoordinatorEvents[E]) => void,
  ): () => void {
    let set = this.#byEvent.get(event)
    if (!set) this.#byEvent.set(event, (set = new Set()))
    const all = set
    all.add(listener)
    return () => void all.delete(listener)
  }

  emit<E extends keyof CoordinatorEvents>(event: E, value: CoordinatorEvents[E]): void {
    const set = this.#byEvent.get(event)
    if (!set || set.size === 0) return
    for (const listener of [...set]) {
      try {
        ;(listener as (event: CoordinatorEvents[E]) => void)(value)
      } catch (error) {
        if (!this.#threw) console.error(`[memkit] a '${event}' listener threw; later ones are silent.`, error)
        this.#threw = true
      }
    }
  }

  /** Emits a warning; where nobody listens, each `topic` goes to the console once. */
  warn(code: string, message: string, error?: MkError, topic: string = code): void {
    const set = this.#byEvent.get('warning')
    if (set && set.size > 0) return this.emit('warning', { code, message, error })
    if (this.#told.has(topic)) return
    this.#told.add(topic)
    console.warn(`[memkit] ${message}`)
  }

  clear(): void {
    for (const set of this.#byEvent.values()) set.clear()
    this.#byEvent.clear()
  }
}
