import { InvalidAlignment, isPowerOfTwo, RangeAllocator } from '@memkit/core'
import type { MkGpuBackend } from '../backends/backend.ts'
import type { MkDeviceBuffer } from '../buffers/buffers.ts'
import { MkBufferSlice, type SliceOwner } from './buffer-slice.ts'
import { allocatedSize, OutOfRange, requireBufferSize, requireLimit } from '../buffers/bounds.ts'
import { PoolFull, requireMaxBytes } from './errors.ts'
import type { MkGpuPoolOptions } from './pool.ts'
import type { MkGpu } from '../gpu.ts'
import { SerialQueue } from '../queue/serial-queue.ts'
import { MkBufferUsage, MkMemoryType, type MkMemory } from '../backends/usage.ts'

export { MkBufferSlice } from './buffer-slice.ts'

/** Bytes of a page: 10 000 slices of 1 KiB make ten buffers, and one write can fill a page. */
const PAGE_BYTES = 1 << 20

/** Options of a sub-allocator. */
export interface MkSubAllocatorOptions extends MkGpuPoolOptions {
  /** Bytes of each large buffer; default 1 MiB. Slices above half of it get a buffer of their own. */
  pageBytes?: number
  /**
   * Offsets are multiples of this power of two. Default: what bindings of that usage need (the device's
   * uniform and storage offset alignments), 4 where nothing is bound.
   */
  align?: number
}

/** What a sub-allocator has done and holds. One object, kept up to date; copy what you keep. */
export class MkSubAllocatorStats {
  /** Slices handed out and not freed. */
  slices = 0
  /** Bytes of these, each rounded up to a multiple of 4. */
  bytes = 0
  /** Large buffers alive. */
  pages = 0
  /** Bytes of these. */
  pageBytes = 0
  peakPageBytes = 0
  /** Slices freed that the device may still use: their place cannot be reused yet. */
  slicesWaiting = 0
  bytesWaiting = 0
}

/** One large buffer. */
interface Page<B extends MkGpuBackend> {
  readonly buffer: MkDeviceBuffer<B>
  /** Bytes of it; undefined when one slice has it all. */
  readonly ranges: RangeAllocator | undefined
  /** Slices that have a place in it. */
  slices: number
}

/** Where a slice lies: `node` in the ranges of a page. */
interface Place<B extends MkGpuBackend> {
  readonly page: Page<B>
  readonly node: number
  readonly bytes: number
}

/**
 * Many small device buffers inside few large ones. A slice can be a binding, a vertex buffer or a target
 * of copies like a buffer, and making one costs no call. Freed places are reused once the work that used
 * their buffer when they were freed has completed. A reused place holds what it held.
 */
export class MkSubAllocator<B extends MkGpuBackend = MkGpuBackend> {
  readonly stats: Readonly<MkSubAllocatorStats>
  readonly usage: number
  readonly memory: MkMemory
  readonly pageBytes: number
  readonly align: number
  readonly maxBytes: number
  readonly label: string
  readonly #gpu: MkGpu<B>
  /** Names a new slice in errors. */
  readonly #what: string
  readonly #owner: SliceOwner<B>
  readonly #stats = new MkSubAllocatorStats()
  readonly #pages: Page<B>[] = []
  readonly #places = new Map<MkBufferSlice<B>, Place<B>>()
  /** Freed places that the device may still use. */
  readonly #waiting = new SerialQueue<Place<B>>()
  #pagesMade = 0
  /** The page that served last. */
  #current: Page<B> | undefined

  /** @throws {@link OutOfRange}, {@link BufferTooLarge}, {@link InvalidAlignment} for its options */
  constructor(gpu: MkGpu<B>, options: MkSubAllocatorOptions) {
    const { maxBufferSize: max } = gpu.capabilities
    const { usage, memory = MkMemoryType.DeviceLocal, maxBytes = Infinity, label = 'slices' } = options
    const { pageBytes = Math.min(PAGE_BYTES, max), align = bindingAlignment(gpu, usage) } = options
    if (!Number.isInteger(pageBytes) || pageBytes < 4 || pageBytes % 4 !== 0)
      throw new OutOfRange({ what: 'pageBytes', value: pageBytes, min: 4, max, where: '(a multiple of 4)' })
    requireLimit(`a page of ${label}`, pageBytes, max, 'maxBufferSize')
    if (!isPowerOfTwo(align, RangeAllocator.MAX_ALIGN))
      throw new InvalidAlignment({ what: 'align', value: align, max: RangeAllocator.MAX_ALIGN })
    requireMaxBytes(maxBytes, label)
    this.#gpu = gpu
    this.usage = usage
    this.memory = memory
    this.pageBytes = pageBytes
    this.align = Math.max(4, align)
    this.maxBytes = maxBytes
    this.label = label
    this.stats = this.#stats
    this.#what = `a slice of ${label}`
    this.#owner = { gpu, free: (slice, serial) => this.#free(slice, serial) }
  }

  /**
   * Takes a free place, in a page that is made if need be.
   * @param size bytes, at least 1
   * @param label default `<label of the allocator> <offset>`
   * @throws {@link PoolFull} when it would hold more than `maxBytes`
   * @throws as `gpu.createDeviceBuffer`
   */
  alloc(size: number, label?: string): MkBufferSlice<B> {
    const gpu = this.#gpu
    requireBufferSize(size, gpu.capabilities.maxBufferSize, this.#what)
    const bytes = allocatedSize(size)
    // Throws DeviceLost, if it is; else there is nothing to call.
    if (gpu.isLost) gpu.submit()
    this.collect()
    const place = this.#find(bytes) ?? this.#addPage(bytes)
    const { page, node } = place
    page.slices++
    const offset = page.ranges?.offsetOf(node) ?? 0
    const name = label ?? `${this.label} ${offset}`
    const slice = new MkBufferSlice(this.#owner, page.buffer, offset, size, name)
    this.#places.set(slice, place)
    this.#stats.slices++
    this.#stats.bytes += bytes
    return slice
  }

  /** Frees the places that the device has finished with. `alloc` calls it. */
  collect(): void {
    this.#waiting.collect(this.#gpu, this.#giveBack)
  }

  /** Destroys the pages that hold no slice; returns how many bytes that freed. */
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
    this.#waiting.clear()
    for (const page of [...this.#pages]) this.#dropPage(page)
    this.#stats.slicesWaiting = 0
    this.#stats.bytesWaiting = 0
  }

  #find(bytes: number): Place<B> | undefined {
    if (bytes > this.pageBytes / 2) return undefined
    let place = this.#current && this.#placeIn(this.#current, bytes)
    for (let i = 0; place === undefined && i < this.#pages.length; i++)
      place = this.#placeIn((this.#current = this.#pages[i]), bytes)
    return place
  }

  #placeIn(page: Page<B>, bytes: number): Place<B> | undefined {
    const { ranges, buffer } = page
    if (ranges === undefined || ranges.available < bytes) return undefined
    if (buffer.allocationFailed || buffer.destroyed) return undefined
    const node = ranges.alloc(bytes, this.align)
    return node === RangeAllocator.NONE ? undefined : { page, node, bytes }
  }

  #addPage(bytes: number): Place<B> {
    const shared = bytes <= this.pageBytes / 2
    const size = shared ? this.pageBytes : bytes
    const { label: pool, maxBytes, memory } = this
    const stats = this.#stats
    if (stats.pageBytes + size > maxBytes) this.trim()
    const { pageBytes: held, bytesWaiting: waiting } = stats
    if (held + size > maxBytes) throw new PoolFull({ pool, requested: size, held, maxBytes, waiting })
    const label = `${pool}, page ${++this.#pagesMade}`
    const buffer = this.#gpu.createDeviceBuffer(size, this.usage, { memory, label })
    const ranges = shared ? new RangeAllocator(size) : undefined
    const page: Page<B> = { buffer, ranges, slices: 0 }
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
    stats.slicesWaiting++
    stats.bytesWaiting += place.bytes
    this.#waiting.push(place, serial)
    this.collect()
  }

  readonly #giveBack = ({ page, node, bytes }: Place<B>): void => {
    this.#stats.slicesWaiting--
    this.#stats.bytesWaiting -= bytes
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

function bindingAlignment({ capabilities }: MkGpu, usage: number): number {
  const uniform = usage & MkBufferUsage.UNIFORM ? capabilities.uniformOffsetAlignment : 0
  const storage = usage & MkBufferUsage.STORAGE ? capabilities.storageOffsetAlignment : 0
  return Math.max(4, uniform, storage)
}
