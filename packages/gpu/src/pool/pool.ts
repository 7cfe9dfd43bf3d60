import type { MkGpuBackend } from '../backends/backend.ts'
import type { MkDeviceBuffer } from '../buffers/buffers.ts'
import { requireBufferSize } from '../buffers/bounds.ts'
import { NotFromPool, PoolFull, requireMaxBytes } from './errors.ts'
import type { MkGpu } from '../gpu.ts'
import { SerialQueue } from '../queue/serial-queue.ts'
import { MkMemoryType, type MkMemory } from '../backends/usage.ts'

/** The smallest class, bytes. Smaller buffers cost a device as much: sub-allocate them. */
const MIN_BYTES = 256

/** log2 of the classes per doubling: 256 320 384 448 | 512 640 … so at most a fifth is unused. */
const CLASS_BITS = 2

/** Options of a pool, and of a sub-allocator among others. */
export interface MkGpuPoolOptions {
  /** `MkBufferUsage` flags of what it hands out; `acquire` of a pool may name others. */
  usage: number
  /** DeviceLocal (default), or Unified where it exists. */
  memory?: MkMemory
  /** The most bytes it may hold, those handed out included. Default: no limit. */
  maxBytes?: number
  /** For error messages and debuggers; default `pool` or `slices`. */
  label?: string
}

/** What a pool has done and holds. One object, kept up to date; copy what you keep. */
export class MkGpuPoolStats {
  acquires = 0
  /** Acquires that a buffer given back before could serve. */
  hits = 0
  /** Buffers handed out and not given back. */
  buffersInUse = 0
  bytesInUse = 0
  /** Buffers given back: free, or waiting for the device to finish with them. */
  buffersFree = 0
  bytesFree = 0
  /** Bytes of these that waited when the pool last checked. */
  bytesWaiting = 0
  peakBytes = 0
  /** Buffers destroyed to stay below `maxBytes`, and by `trim`. */
  destroyed = 0

  /** hits ÷ acquires; 0 before the first. */
  get hitRate(): number {
    return this.acquires === 0 ? 0 : this.hits / this.acquires
  }

  /** Bytes held: in use and free. */
  get bytes(): number {
    return this.bytesInUse + this.bytesFree
  }
}

/** Buffers of one size and usage. */
interface Bin<B extends MkGpuBackend> {
  readonly size: number
  /** Free, the last one given back on top. */
  readonly ready: MkDeviceBuffer<B>[]
}

interface Waiting<B extends MkGpuBackend> {
  readonly bin: Bin<B>
  readonly buffer: MkDeviceBuffer<B>
}

/**
 * Device buffers that are reused. Sizes are rounded up to classes, so `buffer.size` is at least what was
 * asked for, and a reused buffer holds what it held.
 *
 * 1. `acquire` takes a free buffer of the class and usage, or makes one.
 * 2. `release` takes it back at once, whatever the device still does with it.
 * 3. The buffer is handed out again only when the last work that used it (`buffer.lastSerial`) has
 *    completed. For work that the MkGpu doesn't know of, such as your own draws, give `release` a serial
 *    that was submitted after it.
 *
 * A released buffer belongs to the pool. Destroying it takes it out of the pool, nothing worse.
 */
export class MkGpuPool<B extends MkGpuBackend = MkGpuBackend> {
  readonly stats: Readonly<MkGpuPoolStats>
  readonly usage: number
  readonly memory: MkMemory
  readonly maxBytes: number
  readonly label: string
  readonly #gpu: MkGpu<B>
  readonly #stats = new MkGpuPoolStats()
  /** Names a new buffer in errors. */
  readonly #what: string
  /** By usage and size: see `#bin`. */
  readonly #bins = new Map<number, Bin<B>>()
  readonly #inUse = new Map<MkDeviceBuffer<B>, Bin<B>>()
  readonly #waiting = new SerialQueue<Waiting<B>>()

  /** @throws {@link OutOfRange} for a `maxBytes` that isn't 0 or more */
  constructor(gpu: MkGpu<B>, options: MkGpuPoolOptions) {
    const { usage, memory = MkMemoryType.DeviceLocal, maxBytes = Infinity, label = 'pool' } = options
    requireMaxBytes(maxBytes, label)
    this.#gpu = gpu
    this.usage = usage
    this.memory = memory
    this.maxBytes = maxBytes
    this.label = label
    this.stats = this.#stats
    this.#what = `a buffer of ${label}`
  }

  /** Bytes of the buffer that `acquire(size)` returns. */
  classOf(size: number): number {
    // The largest class is the largest buffer there is: buffers are whole words, whatever the limit is.
    const largest = Math.floor(this.#gpu.capabilities.maxBufferSize / 4) * 4
    if (size <= MIN_BYTES) return Math.min(MIN_BYTES, largest)
    const step = 2 ** (31 - Math.clz32(size - 1) - CLASS_BITS)
    return Math.min(Math.ceil(size / step) * step, largest)
  }

  /**
   * Takes a free buffer, or makes one. What it holds isn't defined.
   * @param size bytes needed, at least 1
   * @param usage default: that of the pool
   * @throws {@link PoolFull} when it would hold more than `maxBytes`
   * @throws as `gpu.createDeviceBuffer`
   */
  acquire(size: number, usage: number = this.usage): MkDeviceBuffer<B> {
    const gpu = this.#gpu
    const stats = this.#stats
    requireBufferSize(size, gpu.capabilities.maxBufferSize, this.#what)
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
   * @param serial of work that uses it and that the MkGpu doesn't know of; see above
   * @throws {@link NotFromPool} for a buffer that isn't in use from this pool
   */
  release(buffer: MkDeviceBuffer<B>, serial: number = 0): void {
    const bin = this.#inUse.get(buffer)
    if (bin === undefined) throw new NotFromPool({ label: buffer.label, pool: this.label })
    const stats = this.#stats
    this.#inUse.delete(buffer)
    stats.buffersInUse--
    stats.bytesInUse -= bin.size
    if (buffer.destroyed) return
    if (buffer.allocationFailed) return buffer.destroy()
    stats.buffersFree++
    stats.bytesFree += bin.size
    if (serial > buffer.lastSerial) buffer.lastSerial = serial
    if (buffer.lastSerial <= this.#gpu.completedSerial) bin.ready.push(buffer)
    else {
      this.#waiting.push({ bin, buffer }, buffer.lastSerial)
      stats.bytesWaiting += bin.size
    }
  }

  /**
   * Destroys free buffers until the pool holds at most `keepBytes`, those that wait for the device last:
   * work on its way still finishes. Buffers in use stay.
   * @returns bytes freed
   */
  trim(keepBytes: number = 0): number {
    const stats = this.#stats
    const before = stats.bytes
    this.#collect()
    this.#evict(keepBytes)
    while (stats.bytes > keepBytes) {
      const waiting = this.#waiting.shift()
      if (waiting === undefined) break
      stats.bytesWaiting -= waiting.bin.size
      this.#drop(waiting.bin, waiting.buffer)
    }
    return before - stats.bytes
  }

  /** Destroys what is free. Buffers in use stay with their users. */
  destroy(): void {
    this.trim()
  }

  #bin(usage: number, size: number): Bin<B> {
    // Usages have 9 bits, and no buffer has 2⁴⁰ bytes.
    const key = usage * 2 ** 40 + size
    let bin = this.#bins.get(key)
    if (bin === undefined) this.#bins.set(key, (bin = { size, ready: [] }))
    return bin
  }

  #take(bin: Bin<B>): MkDeviceBuffer<B> | undefined {
    if (bin.ready.length === 0) this.#collect()
    for (let buffer = bin.ready.pop(); buffer !== undefined; buffer = bin.ready.pop()) {
      if (!buffer.destroyed && !buffer.allocationFailed) {
        this.#stats.buffersFree--
        this.#stats.bytesFree -= bin.size
        return buffer
      }
      this.#drop(bin, buffer)
    }
    return undefined
  }

  #make(bin: Bin<B>, usage: number): MkDeviceBuffer<B> {
    const { label: pool, maxBytes, memory } = this
    const requested = bin.size
    const stats = this.#stats
    if (stats.bytes + requested > maxBytes) {
      this.#collect()
      // What is in use or waits cannot go: where that is too much, the free ones may stay too.
      const { bytes: held, bytesInUse, bytesWaiting: waiting } = stats
      if (bytesInUse + waiting + requested > maxBytes)
        throw new PoolFull({ pool, requested, held, maxBytes, waiting })
      this.#evict(maxBytes - requested)
    }
    return this.#gpu.createDeviceBuffer(requested, usage, { memory, label: `${pool}, ${requested} bytes` })
  }

  /** Destroys free buffers until the pool holds at most `bytes`: the oldest of each class first. */
  #evict(bytes: number): void {
    for (const bin of this.#bins.values())
      while (bin.ready.length > 0 && this.#stats.bytes > bytes) this.#drop(bin, bin.ready.shift()!)
  }

  #drop(bin: Bin<B>, buffer: MkDeviceBuffer<B>): void {
    this.#stats.buffersFree--
    this.#stats.bytesFree -= bin.size
    this.#stats.destroyed++
    buffer.destroy()
  }

  #collect(): void {
    this.#waiting.collect(this.#gpu, this.#ready)
  }

  readonly #ready = ({ bin, buffer }: Waiting<B>): void => {
    bin.ready.push(buffer)
    this.#stats.bytesWaiting -= bin.size
  }
}
