import { DeviceLost, OutOfRange } from './errors.ts'
import type { LossInfo } from './backend.ts'

/** Somebody who waits for a serial. */
interface Waiter {
  readonly serial: number
  resolve(): void
  reject(error: DeviceLost): void
}

/**
 * Which submissions have finished. Serials go up by one; the device finishes them in order.
 *
 *     1 … completed │ completed + 1 … armed │ … issued
 *        finished   │   one signal is out   │  waits for its turn
 *
 * At most one signal is outstanding, whatever the number of submissions: when it comes back, the next one is sent for the
 * newest serial, so that a serial is known to be finished at most two round trips after it was.
 */
export class Serials {
  /** The last serial handed out; 0 before the first. */
  issued = 0
  /** The last serial known to be finished. */
  completed = 0
  /** The serial that the outstanding signal will report; 0 when none is out. */
  #armed = 0
  #loss: LossInfo | undefined
  readonly #waiting: Waiter[] = []
  readonly #signal: (serial: number) => void

  /** @param signal asks the device to report a serial */
  constructor(signal: (serial: number) => void) {
    this.#signal = signal
  }

  /** Hands out the next serial and sees to it that its completion will be known. */
  issue(): number {
    this.issued++
    if (this.#armed === 0) this.#arm()
    return this.issued
  }

  /** The device reports that it finished `serial`. Ignored once lost: nothing that was pending then was delivered. */
  complete(serial: number): void {
    if (this.#loss) return
    this.completed = serial
    this.#armed = 0
    this.#release()
    // A waiter's reaction runs later, in a microtask, so `issued` is what it was.
    if (this.issued > this.completed) this.#arm()
  }

  /** The device is gone: everything that waits is rejected, now and from now on. */
  lose(info: LossInfo): void {
    if (this.#loss) return
    this.#loss = info
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new DeviceLost(info.reason, info.message))
  }

  /**
   * Resolves when `serial` has finished; rejects with DeviceLost when the device is lost before. A promise that nobody
   * looks at does not become an unhandled rejection.
   */
  when(serial: number): Promise<void> {
    if (!Number.isInteger(serial) || serial < 0 || serial > this.issued)
      throw new OutOfRange('serial', serial, 0, this.issued, 'only what was submitted can complete')
    if (serial <= this.completed) return Promise.resolve()
    const promise = new Promise<void>((resolve, reject) => {
      if (this.#loss) reject(new DeviceLost(this.#loss.reason, this.#loss.message))
      else this.#waiting.push({ serial, resolve, reject })
    })
    promise.catch(() => {})
    return promise
  }

  #arm(): void {
    this.#armed = this.issued
    this.#signal(this.issued)
  }

  #release(): void {
    if (this.#waiting.length === 0) return
    let kept = 0
    for (const waiter of this.#waiting) {
      if (waiter.serial <= this.completed) waiter.resolve()
      else this.#waiting[kept++] = waiter
    }
    this.#waiting.length = kept
  }
}

/** What a fence needs to know: `MkGpu` is one. */
export interface SerialSource {
  readonly completedSerial: number
  whenCompleted(serial: number): Promise<void>
}

/** A point on the queue: complete when everything handed over before it has finished on the device. */
export class MkFence {
  /** The serial it stands for. */
  readonly serial: number
  readonly #source: SerialSource
  #done: Promise<void> | undefined

  /** Made by `gpu.fence()`. */
  constructor(source: SerialSource, serial: number) {
    this.#source = source
    this.serial = serial
  }

  /**
   * True once the device has really finished. On most backends it never changes within a task: let the event loop turn,
   * or await `done`. Stays false if the device was lost before.
   */
  get isComplete(): boolean {
    return this.#source.completedSerial >= this.serial
  }

  /** Resolves when complete; rejects with DeviceLost when the device is lost before. The same promise each time. */
  get done(): Promise<void> {
    this.#done ??= this.#source.whenCompleted(this.serial)
    return this.#done
  }
}
