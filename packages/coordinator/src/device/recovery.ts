import { defineError, type ErrorClass } from '@memkit/core'
import { DeviceLease, type DeviceFactory } from './lease.ts'

/**
 * The device is lost, and asking for another one has failed so far. Frames do nothing meanwhile,
 * and changes gather. Comes as a `warning`, after 1, 2, 4, 8 … tries; `cause` is what the function
 * that gives devices threw, or why its device could not be used.
 *
 * What to do: nothing when the cause passes by itself: it is tried again after 0.1, 0.2 … 10
 * seconds. Otherwise fix the function given as `gpu` (`recover` of a coordinator). It must ask for
 * an adapter each time, because an adapter gives one device: `gpu: () => webGpu()` does.
 */
export const DeviceUnavailable: ErrorClass<{
  code: 'DeviceUnavailable'
  /** Tries that have failed. */
  tries: number
}> = defineError('DeviceUnavailable', ({ tries }, cause) => {
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
  return (
    `The device is lost, and ${tries === 1 ? 'the first try' : `${tries} tries`} to get another one failed (${reason}). ` +
    'It is tried again with growing pauses, up to 10 s. Ask for an adapter each time, because an adapter gives one device: ' +
    'gpu: () => webGpu().'
  )
})
export type DeviceUnavailable = InstanceType<typeof DeviceUnavailable>

export interface RecoveryOwner {
  /** Puts the device into use, or ends its lease and rejects: a failed try. */
  use(lease: DeviceLease): Promise<void>
  /** Called after 1, 2, 4, 8 … failed tries. */
  failing(error: DeviceUnavailable): void
}

/** Milliseconds before the second try, and at most between two. */
const FIRST_DELAY = 100
const MAX_DELAY = 10_000
/** Milliseconds after which a device has recovered: after its loss the first try comes at once. */
const STEADY_AFTER = 10_000

/**
 * Asks a factory for a device until it gives one that can be used, with twice the pause after each
 * failure; a device that is lost as soon as it is there counts as one.
 *
 *     idle ──start──▶ asking ──a device──▶ in use (idle)
 *                      ▲  │ failed
 *                      │  ▼
 *                     pausing          stop, from anywhere: idle; a device on its way is given back on arrival
 */
export class Recovery {
  readonly #factory: DeviceFactory
  #owner: RecoveryOwner | undefined
  /** Every start and stop aborts the run before. */
  #run = new AbortController()
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

  start(): void {
    if (performance.now() - this.#restoredAt >= STEADY_AFTER) {
      this.#delay = 0
      this.#failures = 0
    }
    this.stop()
    this.#run = new AbortController()
    this.#schedule(this.#run.signal)
  }

  stop(): void {
    this.#run.abort()
    clearTimeout(this.#timer)
  }

  /** Lets go of the owner, too: a factory that never answers keeps nothing alive. */
  dispose(): void {
    this.stop()
    this.#owner = undefined
  }

  #schedule(run: AbortSignal): void {
    const delay = this.#delay
    this.#delay = Math.min(Math.max(delay * 2, FIRST_DELAY), MAX_DELAY)
    if (delay === 0) void this.#try(run)
    else this.#timer = setTimeout(() => void this.#try(run), delay)
  }

  async #try(run: AbortSignal): Promise<void> {
    try {
      const lease = await DeviceLease.ask(this.#factory, run)
      const owner = this.#owner
      if (run.aborted || !owner) return lease.end()
      await owner.use(lease)
      this.#restoredAt = performance.now()
    } catch (cause) {
      if (run.aborted) return
      const tries = ++this.#failures
      this.#schedule(run)
      if ((tries & (tries - 1)) === 0) this.#owner?.failing(new DeviceUnavailable({ tries }, { cause }))
    }
  }
}
