import type { MkGpuBackend } from '../backends/backend.ts'
import type { MkBuffer } from './buffers.ts'
import { MkBufferUsage, MkMemoryType, memoryNames } from '../backends/usage.ts'
import type { MkBufferUsageName, MkMemoryTypeName } from '../backends/usage.ts'

/** Counts buffers of one kind: alive now, and at peak. Bytes as allocated. */
export interface MkTally {
  buffers: number
  bytes: number
  peakBuffers: number
  peakBytes: number
}

/** A live buffer, as `gpu.leaks()` lists it. */
export interface MkLeak {
  /** The buffer itself: to tell two of one label apart, and to destroy it. */
  readonly buffer: MkBuffer
  readonly label: string
  /** Bytes asked for. */
  readonly size: number
  readonly usage: number
  /** Name of its memory type. */
  readonly memory: string
  readonly kind: string
}

type Listed<B extends MkGpuBackend> = MkBuffer<B> & { readonly kind: string }

/** Keeps the books: which buffers are alive, and their totals. */
export class BufferLedger<B extends MkGpuBackend> {
  readonly total: MkTally = tally()
  /** A buffer counts under each of its usages. */
  readonly byUsage: Record<MkBufferUsageName, MkTally> = tallies(MkBufferUsage)
  readonly byMemory: Record<MkMemoryTypeName, MkTally> = tallies(MkMemoryType)
  readonly #alive = new Set<Listed<B>>()

  add(buffer: Listed<B>): void {
    this.#alive.add(buffer)
    this.#count(buffer, 1)
  }

  remove(buffer: MkBuffer<B>): void {
    if (this.#alive.delete(buffer as Listed<B>)) this.#count(buffer, -1)
  }

  /** Oldest first. */
  alive(): Listed<B>[] {
    return [...this.#alive]
  }

  describeAlive(): MkLeak[] {
    return this.alive().map((buffer) => {
      const { label, size, usage, memory, kind } = buffer
      return { buffer, label, size, usage, memory: memoryNames(memory), kind }
    })
  }

  #count(buffer: MkBuffer<B>, sign: 1 | -1): void {
    const bytes = sign * buffer.allocatedSize
    change(this.total, sign, bytes)
    for (const [name, flag] of Object.entries(MkBufferUsage))
      if (buffer.usage & flag) change(this.byUsage[name as MkBufferUsageName], sign, bytes)
    change(this.byMemory[memoryNames(buffer.memory) as MkMemoryTypeName], sign, bytes)
  }
}

function tally(): MkTally {
  return { buffers: 0, bytes: 0, peakBuffers: 0, peakBytes: 0 }
}

function tallies<Name extends string>(set: Readonly<Record<Name, number>>): Record<Name, MkTally> {
  return Object.fromEntries(Object.keys(set).map((name) => [name, tally()])) as Record<Name, MkTally>
}

function change(tally: MkTally, buffers: number, bytes: number): void {
  tally.buffers += buffers
  tally.bytes += bytes
  tally.peakBuffers = Math.max(tally.peakBuffers, tally.buffers)
  tally.peakBytes = Math.max(tally.peakBytes, tally.bytes)
}
