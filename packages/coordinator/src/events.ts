import type { MkError } from '@memkit/core'
import type { LossInfo, MkDeviceBuffer, MkLeak } from '@memkit/gpu'
import type { FrameReport } from './frame/report.ts'
import type { AnyMirror } from './mirror/any-mirror.ts'
import type { Mirror } from './mirror/mirror.ts'

/** A mirror's device buffer or CPU memory was replaced: rebuild bind groups and views. */
export interface Reallocated {
  readonly mirror: AnyMirror
  readonly label: string
  readonly generation: number
}

/** A new device is in use. The next `endFrame` uploads every mirror in full to its new buffer. */
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
  /** At the end of every frame. Costs nothing without listeners. */
  frame: FrameReport
  reallocated: Reallocated
  lost: LossInfo
  restored: Restored
  warning: CoordinatorWarning
}

/** Listeners by event. One that throws stops nothing: the first such error is logged. */
export class Listeners {
  readonly #byEvent = new Map<keyof CoordinatorEvents, Set<(event: never) => void>>()
  readonly #told = new Set<string>()
  #threw = false

  /** The listeners of an event, the same set always: ask its size before you make the event. */
  of(event: keyof CoordinatorEvents): Set<(event: never) => void> {
    let listeners = this.#byEvent.get(event)
    if (!listeners) this.#byEvent.set(event, (listeners = new Set()))
    return listeners
  }

  /** @returns a function that removes the listener */
  on<E extends keyof CoordinatorEvents>(
    event: E,
    listener: (event: CoordinatorEvents[E]) => void,
  ): () => void {
    const listeners = this.of(event)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  emit<E extends keyof CoordinatorEvents>(event: E, value: CoordinatorEvents[E]): void {
    for (const listener of [...this.of(event)]) {
      try {
        ;(listener as (event: CoordinatorEvents[E]) => void)(value)
      } catch (error) {
        if (!this.#threw) console.error(`[memkit] a '${event}' listener threw; later ones are silent.`, error)
        this.#threw = true
      }
    }
  }

  /** Emits a warning. Without a listener, each `topic` goes to the console once. */
  warn(code: string, message: string, error?: MkError, topic: string = code): void {
    // A build for production has no texts.
    message ||= code
    if (this.of('warning').size > 0) return this.emit('warning', { code, message, error })
    if (this.#told.has(topic)) return
    this.#told.add(topic)
    console.warn(`[memkit] ${message}`)
  }

  clear(): void {
    for (const listeners of this.#byEvent.values()) listeners.clear()
  }
}
