import type { MkError } from '@memkit/core'
import type { LossInfo } from './backends/backend.ts'

/** Tells listeners that the device is lost, and of errors that come after the call that caused them. */
export class DeviceEvents {
  /** Resolves when the device is lost. Never rejects. */
  readonly lost: Promise<LossInfo>
  readonly #errorListeners = new Set<(error: MkError) => void>()
  readonly #lossListeners = new Set<(info: LossInfo) => void>()
  #isLost = false
  #resolveLost!: (info: LossInfo) => void

  constructor() {
    this.lost = new Promise((resolve) => {
      this.#resolveLost = resolve
    })
    void this.lost.then((info) => this.#tellOfLoss(info))
  }

  /** Tells of the loss, soon. */
  lose(info: LossInfo): void {
    this.#isLost = true
    this.#resolveLost(info)
  }

  onLost(listener: (info: LossInfo) => void): () => void {
    // Wrapped: a listener that is given twice is called twice.
    const entry = (info: LossInfo): void => listener(info)
    this.#lossListeners.add(entry)
    // Only this one is left: the others have been told.
    if (this.#isLost) void this.lost.then((info) => this.#tellOfLoss(info))
    return () => void this.#lossListeners.delete(entry)
  }

  onError(listener: (error: MkError) => void): () => void {
    this.#errorListeners.add(listener)
    return () => void this.#errorListeners.delete(listener)
  }

  /** @param ours an error of our own calls, which goes to the console where nothing listens */
  report(error: MkError, ours: boolean): void {
    if (this.#errorListeners.size > 0) tell(this.#errorListeners, error)
    else if (ours) console.error(error)
  }

  #tellOfLoss(info: LossInfo): void {
    const listeners = [...this.#lossListeners]
    this.#lossListeners.clear()
    tell(listeners, info)
  }
}

function tell<T>(listeners: Iterable<(told: T) => void>, told: T): void {
  for (const listener of listeners) {
    try {
      listener(told)
    } catch (thrown) {
      console.error(thrown)
    }
  }
}
