import type { LossInfo } from './backend.ts'
import { DeviceLost, OutOfRange } from './errors.ts'
import { unawaited } from './unawaited.ts'

/** Somebody who waits for a serial. */
interface Waiter {
  readonly serial: number
  resolve(): void
  reject(error: DeviceLost): void
}

/** What work leaves behind on what it uses. */
export interface Used {
  /** Serial of the last work that uses it; above the last one issued while that work has none yet. */
  lastSerial: number
}

/**
 * What was handed to the device, and how much of it has finished. Serials go up by one; the device finishes them in order.
 *
 *     1 … completed │ completed + 1 … armed │ … issued │ issued + 1
 *        finished   │   one signal is out   │  waits   │ handed over or recorded, no serial yet
 *
 * At most one signal is outstanding, whatever the number of submissions: when it comes back, the next one is sent for the
 * newest serial, so that a serial is known to be finished at most two round trips after it was.
 */
export class Timeline {
  /** The last serial handed out; 0 before the first. */
  issued = 0
  /** The last serial known to be finished. */
  completed = 0
  /** Something is recorded that no submit has taken yet. */
  recorded = false
  /** Something was handed over since the last serial. */
  unissued = false
  /** Why the device is gone; undefined while it is there. */
  loss: LossInfo | undefined
  /** The serial that the outstanding signal will report; 0 when none is out. */
  #armed = 0
  readonly #waiting: Waiter[] = []
  readonly #signal: (serial: number) => void

  /** @param signal asks the device to report a serial */
  constructor(signal: (serial: number) => void) {
    this.#signal = signal
  }

  /** @throws DeviceLost */
  requireDevice(): void {
    if (this.loss) throw new DeviceLost(this.loss.reason, this.loss.message)
  }

  /** Notes that recorded work uses something. */
  record(used: Used): void {
    this.recorded = true
    used.lastSerial = this.issued + 1
  }

  /** Notes that work which the queue already has uses something. */
  handOver(used: Used): void {
    this.unissued = true
    used.lastSerial = this.issued + 1
  }

  /** True while recorded work may still need something. */
  isRecorded(used: Used): boolean {
    return this.recorded && used.lastSerial > this.issued
  }

  /** The serial for everything handed over so far; a new one if something was since the last. */
  issue(): number {
    if (!this.unissued) return this.issued
    this.unissued = false
    this.issued++
    if (this.#armed === 0) this.#arm()
    return this.issued
  }

  /** The device reports that it finished `serial`. Ignored once lost: what was pending then was not delivered. */
  complete(serial: number): void {
    if (this.loss) return
    this.completed = serial
    this.#armed = 0
    this.#release()
    // Reactions of those who waited run later, in microtasks, so `issued` is still what it was.
    if (this.issued > this.completed) this.#arm()
  }

  /** The device is gone: everything that waits is rejected, now and from now on. */
  lose(info: LossInfo): void {
    if (this.loss) return
    this.loss = info
    this.recorded = false
    this.unissued = false
    for (const waiter of this.#waiting.splice(0)) waiter.reject(new DeviceLost(info.reason, info.message))
  }

  /**
   * Resolves when `serial` has finished; rejects with DeviceLost when the device is lost before.
   * @throws OutOfRange for a serial that was not issued
   */
  when(serial: number): Promise<void> {
    if (!Number.isInteger(serial) || serial < 0 || serial > this.issued)
      throw new OutOfRange('serial', serial, 0, this.issued, 'of what was submitted')
    if (serial <= this.completed) return Promise.resolve()
    return unawaited(
      new Promise<void>((resolve, reject) => {
        if (this.loss) reject(new DeviceLost(this.loss.reason, this.loss.message))
        else this.#waiting.push({ serial, resolve, reject })
      }),
    )
  }

  #arm(): void {
    this.#armed = this.issued
    this.#signal(this.issued)
  }

  #release(): void {
    let kept = 0
    for (const waiter of this.#waiting) {
      if (waiter.serial <= this.completed) waiter.resolve()
      else this.#waiting[kept++] = waiter
    }
    this.#waiting.length = kept
  }
}
