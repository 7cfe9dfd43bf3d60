import type { MkGpu, MkGpuBackend } from '@memkit/gpu'
import { DeviceLease } from './device-lease.ts'
import { DeviceUnavailable } from './errors.ts'

/** Asks for a device. */
export type DeviceFactory = () => Promise<MkGpuBackend | MkGpu | DeviceLease>

/** What a recovery does with what it gets. */
export interface RecoveryOwner {
  /** Puts the device into use, and ends its lease when it cannot. A rejection counts as a failed try. */
  use(lease: DeviceLease): Promise<void>
  /** Tries fail: called after the first, the second, the fourth and so on. */
  failing(error: DeviceUnavailable): void
}

/** Milliseconds before the second try, and at most between two. */
const FIRST_DELAY = 100
const LONGEST_DELAY = 10_000
/** A device that lives for so long has recovered: the first try after its loss is made at once again. Milliseconds. */
const STEADY_AFTER = 10_000

/**
 * Asks a factory for a device until it gives one that can be used, with twice the pause after each failure. The pause survives from one
 * loss to the next: a device that is lost as soon as it is there counts as a failure.
 *
 *     idle ──start──▶ asking ──a device──▶ in use (idle)
 *                      ▲  │ failed
 *                      │  ▼
 *                     pausing          stop, from anywhere: idle; a device on its way is given back on arrival
 */
export class Recovery {
  readonly #factory: DeviceFactory
  #owner: RecoveryOwner | undefined
  /** Goes up with every start and stop: what an earlier run still gets is given back. */
  #run = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Before the next try; 0: at once. */
  #delay = 0
  /** Tries that failed since a device was steady. */
  #failures = 0
  #restoredAt = -Infinity

  constructor(factory: DeviceFactory, owner: RecoveryOwner) {
    this.#factory = factory
    this.#owner = owner
  }

  /** The device was lost: asks for another, now or after the pause that has built up. */
  start(): void {
    if (performance.now() - this.#restoredAt >= STEADY_AFTER) {
      this.#delay = 0
      this.#failures = 0
    }
    clearTimeout(this.#timer)
    this.#next(++this.#run)
  }

  /** No device is wanted: one that is on its way is given back when it comes, and no timer is left. */
  stop(): void {
    this.#run++
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Stops for good, and lets go of its owner: a factory that never answers holds on to nothing. */
  dispose(): void {
    this.stop()
    this.#owner = undefined
  }

  #next(run: number): void {
    const delay = this.#delay
    this.#delay = Math.min(Math.max(delay * 2, FIRST_DELAY), LONGEST_DELAY)
    if (delay === 0) void this.#try(run)
    else this.#timer = setTimeout(() => void this.#try(run), delay)
  }

  async #try(run: number): Promise<void> {
    this.#timer = undefined
    try {
      const lease = DeviceLease.of(await this.#factory())
      const owner = this.#owner
      if (run !== this.#run || !owner) return lease.end()
      await owner.use(lease)
      this.#restoredAt = performance.now()
    } catch (error) {
      // Somebody who restored or disposed meanwhile has no use for the news.
      if (run === this.#run) this.#failed(run, error)
    }
  }

  #failed(run: number, cause: unknown): void {
    const tries = ++this.#failures
    this.#next(run)
    // Told after 1, 2, 4, 8 … tries.
    if ((tries & (tries - 1)) !== 0) return
    this.#owner?.failing(new DeviceUnavailable(tries, cause))
  }
}
