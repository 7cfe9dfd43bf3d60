import { InvalidAlignment, RangeAllocator } from '@memkit/core'
import type { MkGpuBackend } from './backend.ts'
import { allocatedSize } from './buffers.ts'
import type { MkDeviceBuffer } from './buffers.ts'
import { checkSource } from './copy-rules.ts'
import { BufferDestroyed, BufferTooLarge, OutOfRange, PoolFull } from './errors.ts'
import type { MkGpu } from './gpu.ts'
import { MkBufferUsage, MkMemoryType } from './usage.ts'
import type { MkMemory } from './usage.ts'

/** Bytes of a page: 10 000 slices of 1 KiB make ten buffers, and one write can fill a page without being split. */
const PAGE_BYTES = 1 << 20

/** What a sub-allocator hands out. */
export interface MkSubAllocatorOptions {
  /** `MkBufferUsage` flags of all slices. */
  usage: number
  /** DeviceLocal (default), or Unified where it exists. */
  memory?: MkMemory
  /** Bytes of each large buffer; default 1 MiB. Slices above half of it get a buffer of their own. */
  pageBytes?: number
  /**
   * Offsets are multiples of this power of two. Default: what bindings of that usage need (the device's uniform and storage offset
   * alignments), 4 where nothing is bound.
   */
  align?: number
  /** The most bytes it may hold. Default: no limit. */
  maxBytes?: number
  /** For error messages and debuggers; default `slices`. */
  label?: string
}

/** What a sub-allocator has done and holds. One object, kept up to date; copy what you keep. */
export interface MkSubAllocatorStats {
  /** Slices handed out and not freed. */
  readonly slices: number
  /** Bytes of these, each rounded up to a multiple of 4. */
  readonly bytes: number
  /** Large buffers alive. */
  readonly pages: number
  /** Bytes of these. */
  readonly pageBytes: number
  readonly peakPageBytes: number
  /** Slices freed that the device may still use: their place cannot be taken yet. */
  readonly slicesWaiting: number
  readonly bytesWaiting: number
}

type Stats = { -readonly [K in keyof MkSubAllocatorStats]: MkSubAllocatorStats[K] }

/** One large buffer. */
interface Page<B extends MkGpuBackend> {
  readonly buffer: MkDeviceBuffer<B>
  /** Bytes of it; undefined when one slice has it all. */
  readonly ranges: RangeAllocator | undefined
  /** Slices that have a place in it. */
  slices: number
  /** There turned out to be no memory for it. */
  failed: boolean
}

/** What a slice gives back when it is freed. */
interface SliceOwner<B extends MkGpuBackend> {
  readonly gpu: MkGpu<B>
  free(slice: MkBufferSlice<B>, serial: number): void
}

/**
 * A part of a large buffer: `{ buffer, offset, size }`, as writes, transfers and bindings take it.
 * `gpu.transfer(staging, slice.buffer, { dstOffset: slice.offset })`; in a bind group: `{ buffer: slice.buffer.native, offset, size }`.
 */
export class MkBufferSlice<B extends MkGpuBackend = MkGpuBackend> {
  /** First byte in `buffer`. */
  readonly offset: number
  /** Bytes asked for. */
  readonly size: number
  readonly label: string
  readonly #owner: SliceOwner<B>
  readonly #buffer: MkDeviceBuffer<B>
  #freed = false

  /** Made by `MkSubAllocator.alloc`. */
  constructor(owner: SliceOwner<B>, buffer: MkDeviceBuffer<B>, offset: number, size: number, label: string) {
    this.#owner = owner
    this.#buffer = buffer
    this.offset = offset
    this.size = size
    this.label = label
  }

  /**
   * The large buffer that it lies in.
   * @throws BufferDestroyed once freed
   */
  get buffer(): MkDeviceBuffer<B> {
    if (this.#freed) throw new BufferDestroyed(this.label)
    return this.#buffer
  }

  get freed(): boolean {
    return this.#freed
  }

  /**
   * Puts bytes on the queue, as `gpu.write`.
   * @param dstOffset first byte within the slice, a multiple of 4
   * @throws OutOfRange for what would pass the end of the slice, and as `gpu.write`
   */
  write(
    source: ArrayBuffer | SharedArrayBuffer,
    srcOffset: number = 0,
    size: number = source.byteLength - srcOffset,
    dstOffset: number = 0,
  ): void {
    const { buffer } = this
    this.#check(dstOffset, size, 'dstOffset')
    // All of it, before its first part is written.
    checkSource(source.byteLength, srcOffset, size)
    const tail = dstOffset + size === this.size ? size % 4 : 0
    this.#owner.gpu.write(buffer, this.offset + dstOffset, source, srcOffset, size - tail)
    if (tail === 0) return
    // Up to the next multiple of 4 the bytes are this slice's.
    const word = new Uint8Array(4)
    word.set(new Uint8Array(source, srcOffset + size - tail, tail))
    this.#owner.gpu.write(buffer, this.offset + this.size - tail, word.buffer)
  }

  /**
   * What the device holds, as `gpu.read`.
   * @param offset first byte within the slice
   */
  async read(offset: number = 0, size: number = this.size - offset): Promise<ArrayBuffer> {
    const { buffer } = this
    this.#check(offset, size, 'offset')
    return this.#owner.gpu.read(buffer, this.offset + offset, size)
  }

  /**
   * Gives its place back, to be taken again once the device has finished with it. Calling it again does nothing.
   * @param serial of work that uses it and that the MkGpu does not know of, such as draws of one's own
   */
  free(serial: number = 0): void {
    if (this.#freed) return
    this.#freed = true
    this.#owner.free(this, Math.max(serial, this.#buffer.lastSerial))
  }

  #check(offset: number, size: number, name: string): void {
    if (!Number.isInteger(offset) || offset < 0 || offset > this.size)
      throw new OutOfRange(name, offset, 0, this.size, `in '${this.label}'`)
    if (!Number.isInteger(size) || size < 0 || size > this.size - offset)
      throw new OutOfRange('size', size, 0, this.size - offset, `from byte ${offset} of '${this.label}'`)
  }
}

/** Where a slice lies. */
interface Place<B extends MkGpuBackend> {
  readonly page: Page<B>
  /** In the page's ranges. */
  readonly node: number
  /** Bytes. */
  readonly bytes: number
}

/** A slice that was freed while the device may use it. */
interface Dying<B extends MkGpuBackend> {
  readonly place: Place<B>
  readonly serial: number
}

/**
 * Many small device buffers inside few large ones: a device can hold a slice as a binding, a vertex buffer or a target of copies just
 * as it holds a buffer, and making one costs no call. Freed places are taken again once the work that
 * used their buffer when they were freed has completed. A place that was used before holds what it held.
 */
export class MkSubAllocator<B extends MkGpuBackend = MkGpuBackend> {
  readonly stats: MkSubAllocatorStats
  readonly usage: number
  readonly memory: MkMemory
  /** Bytes of a page. */
  readonly pageBytes: number
  /** Offsets are multiples of this, bytes. */
  readonly align: number
  /** Bytes. */
  readonly maxBytes: number
  readonly label: string
  readonly #gpu: MkGpu<B>
  readonly #owner: SliceOwner<B>
  readonly #stats: Stats = {
    slices: 0,
    bytes: 0,
    pages: 0,
    pageBytes: 0,
    peakPageBytes: 0,
    slicesWaiting: 0,
    bytesWaiting: 0,
  }
  readonly #pages: Page<B>[] = []
  readonly #places = new Map<MkBufferSlice<B>, Place<B>>()
  /** Freed, in the order of their serials, from `#firstDying` on. */
  readonly #dying: Dying<B>[] = []
  #firstDying = 0
  #pagesMade = 0
  /** The page that served last. */
  #current: Page<B> | undefined

  /** @throws OutOfRange, BufferTooLarge, InvalidAlignment */
  constructor(gpu: MkGpu<B>, options: MkSubAllocatorOptions) {
    const { capabilities } = gpu
    const { usage, memory = MkMemoryType.DeviceLocal, maxBytes = Infinity, label = 'slices' } = options
    const {
      pageBytes = Math.min(PAGE_BYTES, capabilities.maxBufferSize),
      align = bindingAlignment(gpu, usage),
    } = options
    if (!Number.isInteger(pageBytes) || pageBytes < 4 || pageBytes % 4 !== 0)
      throw new OutOfRange('pageBytes', pageBytes, 4, capabilities.maxBufferSize, '(a multiple of 4)')
    if (pageBytes > capabilities.maxBufferSize)
      throw new BufferTooLarge(`a page of ${label}`, pageBytes, capabilities.maxBufferSize)
    if (!isPowerOfTwo(align)) throw new InvalidAlignment('align', align, RangeAllocator.MAX_ALIGN)
    if (!(maxBytes >= 0)) throw new OutOfRange('maxBytes', maxBytes, 0, Infinity, `of '${label}'`)
    this.#gpu = gpu
    this.usage = usage
    this.memory = memory
    this.pageBytes = pageBytes
    this.align = Math.max(4, align)
    this.maxBytes = maxBytes
    this.label = label
    this.stats = this.#stats
    this.#owner = { gpu, free: (slice, serial) => this.#free(slice, serial) }
  }

  /**
   * @param size bytes, at least 1
   * @param label default `<label of the allocator> <offset>`
   * @throws PoolFull, OutOfRange, BufferTooLarge, UsageUnsupported, MemoryUnsupported, AllocationFailed, DeviceLost
   */
  alloc(size: number, label?: string): MkBufferSlice<B> {
    const gpu = this.#gpu
    const max = gpu.capabilities.maxBufferSize
    if (!Number.isInteger(size) || size < 1)
      throw new OutOfRange('size', size, 1, max, `of a slice of ${this.label}, in bytes`)
    const bytes = allocatedSize(size)
    if (bytes > max) throw new BufferTooLarge(`a slice of ${this.label}`, size, max)
    // Throws DeviceLost, if it is; else there is nothing to call.
    if (gpu.isLost) gpu.submit()
    this.collect()
    const place = this.#find(bytes) ?? this.#addPage(bytes)
    const { page, node } = place
    page.slices++
    const offset = page.ranges?.offsetOf(node) ?? 0
    const slice = new MkBufferSlice(
      this.#owner,
      page.buffer,
      offset,
      size,
      label ?? `${this.label} ${offset}`,
    )
    this.#places.set(slice, place)
    this.#stats.slices++
    this.#stats.bytes += bytes
    return slice
  }

  /** Makes the places free that the device has finished with. `alloc` does so by itself. */
  collect(): void {
    const dying = this.#dying
    const { completedSerial } = this.#gpu
    let first = this.#firstDying
    while (first < dying.length && dying[first].serial <= completedSerial)
      this.#giveBack(dying[first++].place, true)
    // The front is cut off when it is the larger part: each entry is moved once at most, on average.
    if (first * 2 > dying.length) {
      dying.splice(0, first)
      first = 0
    }
    this.#firstDying = first
  }

  /**
   * Destroys the pages that hold no slice.
   * @returns bytes freed
   */
  trim(): number {
    this.collect()
    const before = this.#stats.pageBytes
    for (let i = this.#pages.length - 1; i >= 0; i--)
      if (this.#pages[i].slices === 0) this.#dropPage(this.#pages[i])
    return before - this.#stats.pageBytes
  }

  /** Frees every slice and destroys every page. Work that was handed over before still finishes. */
  destroy(): void {
    for (const slice of this.#places.keys()) slice.free()
    this.#dying.length = 0
    this.#firstDying = 0
    for (const page of [...this.#pages]) this.#dropPage(page)
    this.#stats.slicesWaiting = 0
    this.#stats.bytesWaiting = 0
  }

  /** A free place in a page that is there. */
  #find(bytes: number): Place<B> | undefined {
    if (bytes > this.pageBytes / 2) return undefined
    if (this.#current) {
      const place = this.#placeIn(this.#current, bytes)
      if (place) return place
    }
    for (const page of this.#pages) {
      const place = this.#placeIn(page, bytes)
      if (place === undefined) continue
      this.#current = page
      return place
    }
    return undefined
  }

  #placeIn(page: Page<B>, bytes: number): Place<B> | undefined {
    const { ranges } = page
    if (ranges === undefined || ranges.available < bytes || page.failed || page.buffer.destroyed)
      return undefined
    const node = ranges.alloc(bytes, this.align)
    return node === RangeAllocator.NONE ? undefined : { page, node, bytes }
  }

  #addPage(bytes: number): Place<B> {
    const shared = bytes <= this.pageBytes / 2
    const size = shared ? this.pageBytes : bytes
    const stats = this.#stats
    if (stats.pageBytes + size > this.maxBytes) this.trim()
    if (stats.pageBytes + size > this.maxBytes)
      throw new PoolFull(this.label, size, stats.pageBytes, this.maxBytes, stats.bytesWaiting)
    const buffer = this.#gpu.createDeviceBuffer(size, this.usage, {
      memory: this.memory,
      label: `${this.label}, page ${++this.#pagesMade}`,
    })
    const ranges = shared ? new RangeAllocator(size) : undefined
    const page: Page<B> = { buffer, ranges, slices: 0, failed: false }
    void buffer.settled.then((error) => {
      if (error) page.failed = true
    })
    this.#pages.push(page)
    if (shared) this.#current = page
    stats.pages++
    stats.pageBytes += size
    stats.peakPageBytes = Math.max(stats.peakPageBytes, stats.pageBytes)
    return { page, node: ranges?.alloc(bytes, this.align) ?? RangeAllocator.NONE, bytes }
  }

  #free(slice: MkBufferSlice<B>, serial: number): void {
    const place = this.#places.get(slice)
    if (place === undefined) return
    this.#places.delete(slice)
    const stats = this.#stats
    stats.slices--
    stats.bytes -= place.bytes
    if (serial <= this.#gpu.completedSerial) {
      this.#giveBack(place, false)
      return
    }
    stats.slicesWaiting++
    stats.bytesWaiting += place.bytes
    // Never before the one freed before it: so only the first has to be looked at.
    const last = this.#dying.at(-1)
    this.#dying.push({ place, serial: last && last.serial > serial ? last.serial : serial })
  }

  #giveBack({ page, node, bytes }: Place<B>, waited: boolean): void {
    if (waited) {
      this.#stats.slicesWaiting--
      this.#stats.bytesWaiting -= bytes
    }
    page.slices--
    if (page.ranges) page.ranges.free(node)
    else this.#dropPage(page)
  }

  #dropPage(page: Page<B>): void {
    const at = this.#pages.indexOf(page)
    if (at < 0) return
    this.#pages.splice(at, 1)
    if (this.#current === page) this.#current = undefined
    this.#stats.pages--
    this.#stats.pageBytes -= page.buffer.size
    page.buffer.destroy()
  }
}

/** What offsets of bindings of a usage must be multiples of. */
function bindingAlignment(gpu: MkGpu, usage: number): number {
  const { uniformOffsetAlignment, storageOffsetAlignment } = gpu.capabilities
  return Math.max(
    4,
    usage & MkBufferUsage.UNIFORM ? uniformOffsetAlignment : 0,
    usage & MkBufferUsage.STORAGE ? storageOffsetAlignment : 0,
  )
}

function isPowerOfTwo(value: number): boolean {
  return (
    Number.isInteger(value) && value >= 1 && value <= RangeAllocator.MAX_ALIGN && (value & (value - 1)) === 0
  )
}
