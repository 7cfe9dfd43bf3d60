import { DirtyRows, hasCode } from '@memkit/core'
import type { MkError } from '@memkit/core'
import type { MkGpu, MkStagingBuffer } from '@memkit/gpu'
import type { Mirror } from './mirror.ts'
import type { ReadbackRing } from './readback.ts'
import { Shortage } from './shortage.ts'

/** Rows on their way back. */
interface Flight {
  /** Whether the buffer that they were copied out of held them. */
  held: Promise<MkError | undefined>
  staging: MkStagingBuffer
  frame: number
  rows: number
  /** Rows that the CPU has uploaded since: what comes back is older. */
  overtaken: DirtyRows
  /** The bytes, once they are there. */
  bytes: Uint8Array | undefined
  failed: boolean
}

/** Readbacks of one mirror that may be under way at once. */
const MOST_FLIGHTS = 3

/**
 * Brings the rows of one mirror back from the device: each frame records a copy behind its writes, and some frames later
 * the bytes are taken, in order, when a frame begins. Nothing waits.
 *
 *     frame   1      2      3      4
 *     copy    ├──────── a ──┤                 taken when 4 begins
 *                    ├──────── b ──┤
 */
export class MirrorDownloads {
  readonly mirror: Mirror
  readonly #ring: ReadbackRing
  readonly #flights: Flight[] = []
  /** Flights that have landed, to be used again. */
  readonly #landed: Flight[] = []
  #recorded: Flight | undefined
  readonly #shortage: Shortage

  /** @param warn hears, once per shortage, that there is no memory to bring rows back through */
  constructor(mirror: Mirror, ring: ReadbackRing, warn: (error: MkError) => void) {
    this.mirror = mirror
    this.#ring = ring
    this.#shortage = new Shortage(warn)
  }

  /** Takes what has come back. Called when a frame begins. */
  deliver(gpu: MkGpu): void {
    while (this.#flights.length > 0 && !this.mirror.arrivalsWait) {
      const flight = this.#flights[0]
      if (!flight.bytes && !flight.failed) return
      this.#flights.shift()
      this.#landed.push(flight)
      // A device that is destroyed takes mapped bytes with it, some time before it is known to be lost.
      if (flight.bytes && flight.bytes.length === 0) flight.staging.destroy()
      else if (flight.bytes) {
        this.#shortage.over()
        this.#fit(flight)
        this.mirror.receive(
          flight.bytes,
          Math.min(flight.rows, this.mirror.capacity),
          flight.overtaken,
          flight.frame,
        )
        flight.staging.unmap()
        this.#ring.give(gpu, flight.staging)
      }
    }
  }

  /** Dirty rows are about to be uploaded: what is under way is older than they are. Before the flush clears them. */
  overtake(): void {
    const { dirty } = this.mirror
    for (let i = 0; i < this.#flights.length; i++) {
      const flight = this.#flights[i]
      this.#fit(flight)
      flight.overtaken.or(dirty)
    }
  }

  /** Records a copy of all rows in use, behind this frame's writes. */
  record(gpu: MkGpu, frame: number): boolean {
    const mirror = this.mirror
    const buffer = mirror.deviceBuffer
    const rows = Math.min(mirror.used, mirror.deviceRows)
    if (!mirror.downloads || !buffer || rows === 0 || this.#flights.length >= MOST_FLIGHTS) return false
    const staging = this.#take(rows * mirror.stride)
    if (!staging) return false
    gpu.copy(buffer, 0, staging, 0, rows * mirror.stride)
    const held = mirror.held(buffer)
    const flight = this.#landed.pop()
    if (flight === undefined) {
      const overtaken = new DirtyRows(mirror.capacity)
      this.#recorded = { held, staging, frame, rows, overtaken, bytes: undefined, failed: false }
      return true
    }
    flight.held = held
    flight.staging = staging
    flight.frame = frame
    flight.rows = rows
    flight.overtaken.clear()
    flight.bytes = undefined
    flight.failed = false
    this.#recorded = flight
    return true
  }

  /** The copy was submitted: its bytes are asked for. */
  submitted(gpu: MkGpu): void {
    const flight = this.#recorded
    if (!flight) return
    this.#recorded = undefined
    this.#flights.push(flight)
    // Rows that do not come back: the device was lost, the mirror destroyed, or there was no memory for the buffer.
    const fail = (): void => {
      flight.failed = true
      if (gpu.isLost) return
      flight.staging.destroy()
      void flight.staging.settled.then((error) => error && this.#tell(error))
    }
    flight.staging.map().then(async (bytes) => {
      // What was copied out of a buffer without memory, or through one, is nothing; and the device says late that it has none.
      if (await flight.held) return fail()
      flight.bytes = bytes
    }, fail)
  }

  /** Undefined where there is no memory: then a later frame brings the rows back. */
  #take(size: number): MkStagingBuffer | undefined {
    try {
      return this.#ring.take(size)
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
      this.#tell(error)
      return undefined
    }
  }

  #tell(error: MkError): void {
    if (error.code === 'AllocationFailed' && !this.mirror.destroyed) this.#shortage.tell(error)
  }

  /** The mirror may have grown since the flight began. */
  #fit(flight: Flight): void {
    if (flight.overtaken.rows === this.mirror.capacity) return
    const rows = new DirtyRows(this.mirror.capacity)
    rows.copyFrom(flight.overtaken)
    flight.overtaken = rows
  }

  /** Forgets what is under way. Those flights are not used again: their promises are still to come. */
  drop(): void {
    for (const { staging } of this.#flights) staging.destroy()
    this.#recorded?.staging.destroy()
    this.#flights.length = 0
    this.#recorded = undefined
  }
}
