import type { MkGpuBackend } from './backend.ts'
import { allocatedSize } from './buffers.ts'
import type { MkDeviceBuffer } from './buffers.ts'
import { BufferTooLarge, NotFromPool, OutOfRange, PoolFull } from './errors.ts'
import type { MkGpu } from './gpu.ts'
import { MkMemoryType } from './usage.ts'
import type { MkMemory } from './usage.ts'

/** The smallest class, bytes. Smaller buffers cost a device as much, and are what sub-allocation is for. */
const SMALLEST = 256

/** log2 of the classes per doubling: 256 320 384 448 | 512 640 768 896 | … so at most a fifth of a buffer is unused. */
const CLASS_BITS = 2

/** What a pool hands out. */
export interface MkGpuPoolOptions {
  /** `MkBufferUsage` flags of its buffers, unless `acquire` names others. */
  usage: number
  /** DeviceLocal (default), or Unified where it exists. */
  memory?: MkMemory
  /** The most bytes it may hold, those handed out included. Default: no limit. */
  maxBytes?: number
  /** For error messages and debuggers; default `pool`. */
  label?: string
}

/** What a pool has done and holds. One object, kept up to date; copy what you keep. Bytes as the device has them. */
export interface MkGpuPoolStats {
  readonly acquires: number
  /** Acquires that a buffer given back before could serve. */
  readonly hits: number
  /** hits ÷ acquires; 0 before the first. */
  readonly hitRate: number
  /** Buffers handed out and not given back. */
  readonly buffersInUse: number
  readonly bytesInUse: number
  /** Buffers given back: free, or waiting for the device to finish with them. */
  readonly buffersFree: number
  readonly bytesFree: number
  /** Of these, as of the last look: bytes that wait. */
  readonly bytesWaiting: number
  /** Bytes held: in use and free. */
  readonly bytes: number
  readonly peakBytes: number
  /** Buffers destroyed to stay below `maxBytes`, and by `trim`. */
  readonly destroyed: number
}

class PoolStats implements MkGpuPoolStats {
  acquires = 0
  hits = 0
  buffersInUse = 0
  bytesInUse = 0
  buffersFree = 0
  bytesFree = 0
  bytesWaiting = 0
  peakBytes = 0
  destroyed = 0

  get hitRate(): number {
    return this.acquires === 0 ? 0 : this.hits / this.acquires
  }

  get bytes(): number {
    return this.bytesInUse + this.bytesFree
  }
}

/** Buffers of one size and usage. */
interface Bin<B extends MkGpuBackend> {
  /** Bytes of each buffer. */
  readonly size: number
  /** Free, the last one given back on top. */
  readonly ready: MkDeviceBuffer<B>[]
  /** Given back, and still used by work that was not seen to finish. */
  readonly waiting: MkDeviceBuffer<B>[]
  /** `gpu.completedSerial` when `waiting` was last looked through. */
  seen: number
}

/**
 * Device buffers that are used again instead of made anew. Sizes are rounded up to classes, so `buffer.size` is at least what was
 * asked for, and a buffer that was used before holds what it held.
 *
 * 1. `acquire` takes a free buffer of the class and usage, or makes one.
 * 2. `release` takes it back at once, whatever the device still does with it.
 * 3. It is handed out again only when the serial of the last work that used it (`buffer.lastSerial`) has completed. Work
 *    that the MkGpu does not know of, draws of one's own, is covered by handing `release` a serial that was submitted after it.
 *
 * A released buffer belongs to the pool: whoever destroys it takes it off the pool's hands, and nothing worse.
 */
export class MkGpuPool<B extends MkGpuBackend = MkGpuBackend> {
  readonly stats: MkGpuPoolStats
  readonly usage: number
  readonly memory: MkMemory
  /** Bytes. */
  readonly maxBytes: number
  readonly label: string
  readonly #gpu: MkGpu<B>
  readonly #stats = new PoolStats()
  /** By usage, then by size. */
  readonly #bins = new Map<number, Map<number, Bin<B>>>()
  readonly #inUse = new Map<MkDeviceBuffer<B>, Bin<B>>()
  /** Found to have no memory after they were handed out. */
  readonly #failed = new WeakSet<MkDeviceBuffer<B>>()

  /** @throws OutOfRange for a `maxBytes` that is no number of bytes */
  constructor(gpu: MkGpu<B>, options: MkGpuPoolOptions) {
    const { usage, memory = MkMemoryType.DeviceLocal, maxBytes = Infinity, label = 'pool' } = options
    if (!(maxBytes >= 0)) throw new OutOfRange('maxBytes', maxBytes, 0, Infinity, `of '${label}'`)
    this.#gpu = gpu
    this.usage = usage
    this.memory = memory
    this.maxBytes = maxBytes
    this.label = label
    this.stats = this.#stats
  }

  /** Bytes of the buffer that `acquire(size)` returns. */
  classOf(size: number): number {
    // The largest class is the largest buffer there is: buffers are whole words, whatever the limit is.
    const largest = Math.floor(this.#gpu.capabilities.maxBufferSize / 4) * 4
    if (size <= SMALLEST) return Math.min(SMALLEST, largest)
    const step = 2 ** (31 - Math.clz32(size - 1) - CLASS_BITS)
    return Math.min(Math.ceil(size / step) * step, largest)
  }

  /**
   * @param size bytes needed, at least 1
   * @param usage default: that of the pool
   * @returns a buffer of at least `size` bytes; what it holds is not defined
   * @throws PoolFull, OutOfRange, BufferTooLarge, UsageUnsupported, MemoryUnsupported, AllocationFailed, DeviceLost
   */
  acquire(size: number, usage: number = this.usage): MkDeviceBuffer<B> {
    const gpu = this.#gpu
    const stats = this.#stats
    const { maxBufferSize } = gpu.capabilities
    if (!Number.isInteger(size) || size < 1)
      throw new OutOfRange('size', size, 1, maxBufferSize, `of a buffer of ${this.label}, in bytes`)
    if (allocatedSize(size) > maxBufferSize)
      throw new BufferTooLarge(`a buffer of ${this.label}`, size, maxBufferSize)
    const bin = this.#bin(usage, this.classOf(size))
    // On a lost device nothing is handed out, and making a buffer says so.
    let buffer = gpu.isLost ? undefined : this.#take(bin)
    if (buffer === undefined) buffer = this.#make(bin, usage)
    else stats.hits++
    stats.acquires++
    stats.buffersInUse++
    stats.bytesInUse += bin.size
    stats.peakBytes = Math.max(stats.peakBytes, stats.bytes)
    this.#inUse.set(buffer, bin)
    return buffer
  }

  /**
   * Takes a buffer back.
   * @param serial of work that uses it and that the MkGpu does not know of; see above
   * @throws NotFromPool
   */
  release(buffer: MkDeviceBuffer<B>, serial: number = 0): void {
    const bin = this.#inUse.get(buffer)
    if (bin === undefined) throw new NotFromPool(buffer.label, this.label)
    const stats = this.#stats
    this.#inUse.delete(buffer)
    stats.buffersInUse--
    stats.bytesInUse -= bin.size
    if (buffer.destroyed) return
    if (this.#failed.has(buffer)) {
      buffer.destroy()
      return
    }
    stats.buffersFree++
    stats.bytesFree += bin.size
    if (serial > buffer.lastSerial) buffer.lastSerial = serial
    if (buffer.lastSerial <= this.#gpu.completedSerial) bin.ready.push(buffer)
    else {
      bin.waiting.push(buffer)
      stats.bytesWaiting += bin.size
    }
  }

  /**
   * Destroys free buffers until the pool holds at most `keepBytes`, those that wait for the device last: work on its way still
   * finishes. Buffers in use stay.
   * @returns bytes freed
   */
  trim(keepBytes: number = 0): number {
    const before = this.#stats.bytes
    this.#lookThrough()
    for (const ready of [true, false])
      for (const bins of this.#bins.values())
        for (const bin of bins.values()) {
          const list = ready ? bin.ready : bin.waiting
          // The oldest first: the top of the list is in the device's caches.
          let gone = 0
          while (gone < list.length && this.#stats.bytes > keepBytes) {
            if (!ready) this.#stats.bytesWaiting -= bin.size
            this.#drop(bin, list[gone++])
          }
          list.splice(0, gone)
        }
    return before - this.#stats.bytes
  }

  /** Destroys what is free. Buffers in use stay with their users, who may still release or destroy them. */
  destroy(): void {
    this.trim()
  }

  #bin(usage: number, size: number): Bin<B> {
    let bins = this.#bins.get(usage)
    if (bins === undefined) this.#bins.set(usage, (bins = new Map()))
    let bin = bins.get(size)
    if (bin === undefined) bins.set(size, (bin = { size, ready: [], waiting: [], seen: 0 }))
    return bin
  }

  /** A buffer that nothing uses any more. */
  #take(bin: Bin<B>): MkDeviceBuffer<B> | undefined {
    const { completedSerial } = this.#gpu
    if (bin.ready.length === 0 && bin.waiting.length > 0 && bin.seen !== completedSerial) this.#look(bin)
    for (let buffer = bin.ready.pop(); buffer !== undefined; buffer = bin.ready.pop()) {
      if (!buffer.destroyed && !this.#failed.has(buffer)) {
        this.#stats.buffersFree--
        this.#stats.bytesFree -= bin.size
        return buffer
      }
      this.#drop(bin, buffer)
    }
    return undefined
  }

  #make(bin: Bin<B>, usage: number): MkDeviceBuffer<B> {
    const stats = this.#stats
    if (stats.bytes + bin.size > this.maxBytes) {
      this.#lookThrough()
      // What is in use or waits cannot go: where that is too much, the free ones may stay too.
      if (stats.bytesInUse + stats.bytesWaiting + bin.size > this.maxBytes)
        throw new PoolFull(this.label, bin.size, stats.bytes, this.maxBytes, stats.bytesWaiting)
      this.#evict(this.maxBytes - bin.size)
    }
    const buffer = this.#gpu.createDeviceBuffer(bin.size, usage, {
      memory: this.memory,
      label: `${this.label}, ${bin.size} bytes`,
    })
    void buffer.settled.then((error) => error && this.#failed.add(buffer))
    return buffer
  }

  /** Destroys free buffers, but none that wait, until the pool holds at most `bytes`. After `#lookThrough`. */
  #evict(bytes: number): void {
    for (const bins of this.#bins.values())
      for (const bin of bins.values())
        while (bin.ready.length > 0 && this.#stats.bytes > bytes) this.#drop(bin, bin.ready.shift()!)
  }

  #drop(bin: Bin<B>, buffer: MkDeviceBuffer<B>): void {
    this.#stats.buffersFree--
    this.#stats.bytesFree -= bin.size
    this.#stats.destroyed++
    buffer.destroy()
  }

  #lookThrough(): void {
    for (const bins of this.#bins.values()) for (const bin of bins.values()) this.#look(bin)
  }

  /** Moves what the device has finished with from `waiting` to `ready`. */
  #look(bin: Bin<B>): void {
    const { completedSerial } = this.#gpu
    const { waiting } = bin
    bin.seen = completedSerial
    let kept = 0
    for (const buffer of waiting) {
      if (buffer.lastSerial > completedSerial) waiting[kept++] = buffer
      else {
        bin.ready.push(buffer)
        this.#stats.bytesWaiting -= bin.size
      }
    }
    waiting.length = kept
  }
}
