import { hasCode, type DirtyRows, type MkError } from '@memkit/core'
import type { MkGpu, MkStagingBuffer, Readback } from '@memkit/gpu'
import { Shortage } from '../device/shortage.ts'
import type { Mirror } from './mirror.ts'
import { fitted } from './rows.ts'

interface PendingReadback {
  /** Resolves to an error when the buffer that was copied had no memory. */
  held: Promise<MkError | undefined>
  staging: MkStagingBuffer
  frame: number
  rows: number
  /** Rows that the CPU has uploaded since, and which are newer. */
  overtaken: DirtyRows
  bytes: Uint8Array | undefined
}

/** The bytes of a readback that failed. */
const NOTHING = new Uint8Array()

/** Readbacks of one mirror under way at once. */
const MAX_PENDING = 3

/**
 * Brings the rows of one mirror back from the device: each frame records a copy behind its writes,
 * and some frames later the bytes are taken, in order, when a frame begins. Nothing waits.
 *
 *     frame   1      2      3      4
 *     copy    ├──────── a ──┤                 taken when 4 begins
 *                    ├──────── b ──┤
 */
export class MirrorDownloads {
  readonly mirror: Mirror
  readonly #readback: Readback
  readonly #pending: PendingReadback[] = []
  /** Of readbacks that were taken, to be used again. */
  readonly #spare: DirtyRows[] = []
  #recorded: PendingReadback | undefined
  readonly #shortage: Shortage

  constructor(mirror: Mirror, readback: Readback, warn: (error: MkError) => void) {
    this.mirror = mirror
    this.#readback = readback
    this.#shortage = new Shortage(warn)
  }

  /** When a frame begins. */
  deliver(): void {
    const { mirror } = this
    while (this.#pending.length > 0 && !mirror.arrivalsWait) {
      const readback = this.#pending[0]
      const { bytes, staging } = readback
      if (!bytes) return
      this.#pending.shift()
      const overtaken = fitted(readback.overtaken, mirror.capacity)
      this.#spare.push(overtaken)
      // A destroyed device takes mapped bytes with it, too, before it is known to be lost.
      if (bytes.length === 0) {
        staging.destroy()
        continue
      }
      this.#shortage.over()
      mirror.receive(bytes, Math.min(readback.rows, mirror.capacity), overtaken, readback.frame)
      this.#readback.give(staging)
    }
  }

  /** Before a flush uploads and clears dirty rows: what is under way is older than they are. */
  overtake(): void {
    const { dirty, capacity } = this.mirror
    for (let i = 0; i < this.#pending.length; i++) {
      const readback = this.#pending[i]
      readback.overtaken = fitted(readback.overtaken, capacity)
      readback.overtaken.or(dirty)
    }
  }

  /** Records a copy of all rows in use, behind this frame's writes. */
  record(gpu: MkGpu, frame: number): void {
    const { mirror } = this
    const { slice, rows: deviceRows } = mirror.device
    const rows = Math.min(mirror.used, deviceRows)
    if (!mirror.downloads || !slice || rows === 0 || this.#pending.length >= MAX_PENDING) return
    const size = rows * mirror.stride
    const staging = this.#take(size)
    if (!staging) return
    gpu.copy(slice.buffer, slice.offset, staging, 0, size)
    const held = mirror.device.held(slice.buffer)
    const overtaken = fitted(this.#spare.pop(), mirror.capacity)
    overtaken.clear()
    this.#recorded = { held, staging, frame, rows, overtaken, bytes: undefined }
  }

  submitted(gpu: MkGpu): void {
    const readback = this.#recorded
    if (!readback) return
    this.#recorded = undefined
    this.#pending.push(readback)
    // The device was lost, the mirror destroyed, or there was no memory for the buffer.
    const fail = (): void => {
      readback.bytes = NOTHING
      if (gpu.isLost) return
      readback.staging.destroy()
      void readback.staging.allocationError.then((error) => error && this.#tell(error))
    }
    readback.staging.map().then(async (bytes) => {
      // The device says late that the buffer copied from had no memory: then the bytes are nothing.
      if (await readback.held) return fail()
      readback.bytes = bytes
    }, fail)
  }

  /** @returns undefined without memory: a later frame brings the rows back */
  #take(size: number): MkStagingBuffer | undefined {
    try {
      return this.#readback.take(size)
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
      this.#tell(error)
      return undefined
    }
  }

  #tell(error: MkError): void {
    if (error.code === 'AllocationFailed' && !this.mirror.destroyed) this.#shortage.tell(error)
  }

  drop(): void {
    for (const { staging } of this.#pending) staging.destroy()
    this.#recorded?.staging.destroy()
    this.#pending.length = 0
    this.#recorded = undefined
  }
}
