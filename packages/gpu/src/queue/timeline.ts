import type { LossInfo } from '../backends/backend.ts'
import { unawaited } from '../backends/unawaited.ts'
import { requireWhole } from '../buffers/bounds.ts'
import { DeviceLost } from './errors.ts'

interface Waiter {
  readonly serial: number
  resolve(): void
  reject(error: DeviceLost): void
}

/** What work uses. */
interface Used {
  /** Of the last work that uses it; above the last serial issued while that work has none yet. */
  lastSerial: number
}

/**
 * What was handed to the device, and how much of it has finished. Serials go up by one.
 *
 *     1 … completed │ completed + 1 … armed │ … issued │ issued + 1
 *        finished   │   one signal is out   │  waits   │ handed over or recorded, no serial yet
 *
 * The device is asked only when someone waits or looks: a signal per frame costs a browser 20 to 30 µs
 * of its thread. At most one is outstanding; when it comes back and more was asked for meanwhile, the next
 * one is sent for the newest serial. So a serial is known to be finished at most two round trips after
 * it was waited for, and one who looks once a frame sees what was true at the look before.
 */
export class Timeline {
  /** The last serial issued; 0 before the first. */
  issued = 0
  /** Something is recorded that no submit has taken yet. */
  recorded = false
  /** Something was handed over since the last serial. */
  unissued = false
  /** Why the device is gone; undefined while it is there. */
  loss: LossInfo | undefined
  #completed = 0
  /** The newest serial at the last look or wait. */
  #asked = 0
  /** The serial that the outstanding signal will report; 0 when none is out. */
  #armed = 0
  #waiting: Waiter[] = []
  readonly #device: { signal(serial: number): void }

  /** @param device is asked to report serials */
  constructor(device: { signal(serial: number): void }) {
    this.#device = device
  }

  /** The last serial known to be finished. A look asks the device about what was issued since. */
  get completed(): number {
    this.ask()
    return this.#completed
  }

  /** Asks the device about the newest serial, unless that is known; after the answer on its way, if one is. */
  ask(): void {
    this.#asked = this.issued
    this.#signal()
  }

  /** @throws {@link DeviceLost} */
  requireDevice(): void {
    const error = this.lossError()
    if (error) throw error
  }

  lossError(): DeviceLost | undefined {
    return this.loss && new DeviceLost({ reason: this.loss.reason, detail: this.loss.message })
  }

  /** Notes that recorded work uses something. */
  record(used: Used): void {
    this.recorded = true
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
    return ++this.issued
  }

  /** The device reports that it finished `serial`. Ignored once lost. */
  readonly complete = (serial: number): void => {
    if (this.loss) return
    this.#completed = serial
    this.#armed = 0
    if (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = waiting.filter((waiter) => waiter.serial > serial)
      for (const waiter of waiting) if (waiter.serial <= serial) waiter.resolve()
    }
    this.#signal()
  }

  /** Rejects everything that waits, now and from now on. */
  lose(info: LossInfo): void {
    this.loss = info
    this.recorded = false
    this.unissued = false
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.lossError()!)
  }

  /** See `gpu.whenCompleted`. */
  when(serial: number): Promise<void> {
    requireWhole('serial', serial, 0, this.issued, 'of what was submitted')
    if (serial <= this.#completed) return Promise.resolve()
    return unawaited(
      new Promise<void>((resolve, reject) => {
        const lost = this.lossError()
        if (lost) return reject(lost)
        this.#waiting.push({ serial, resolve, reject })
        this.ask()
      }),
    )
  }

  #signal(): void {
    if (this.#armed === 0 && this.#asked > this.#completed && this.loss === undefined)
      this.#device.signal((this.#armed = this.issued))
  }
}
