import { trailingZeros } from './bits.ts'
import { requireAlignment, requireSize } from './bounds.ts'
import { DoubleFree, NotAllocated } from './errors.ts'
import { copyInto } from './typed-array.ts'

/** What a RangeAllocator holds now, in its own units. */
export interface RangeReport {
  /** Units under management. */
  readonly size: number
  readonly used: number
  readonly free: number
  /** The longest free range: the most that one `alloc` with align 1 can get. */
  readonly largestFree: number
  /** Ranges that are allocated. */
  readonly allocations: number
  /** Free ranges; 1 or 0 when nothing is fragmented. */
  readonly freeRanges: number
}

// A node is a range, used or free. Its handle fits a small integer on every engine (30 bits):
//
//   bits 29…22  generation (8)   goes up when the range is freed
//   bits 21…0   index (22)       of the node
const INDEX_BITS = 22
const INDEX_MASK = (1 << INDEX_BITS) - 1
const GENERATION_MASK = 0xff
const MAX_NODES = 1 << INDEX_BITS

const NONE = -1

// Free ranges lie in bins by size. A bin number is a tiny float: 3 bits of mantissa below 5 bits of
// exponent, so a bin spans at most an eighth of its size: 0 1 2 … 8 9 … 15 | 16–17 18–19 … | 32–35
// … Two levels of bit masks find the first bin at or above a size that holds any range.
const MANTISSA_BITS = 3
const LEAVES = 1 << MANTISSA_BITS
const BINS = 32 * LEAVES

/** Returns the bin of a free range: the last one whose sizes are all at most `size`. */
function binBelow(size: number): number {
  if (size < LEAVES) return size
  const shift = 31 - Math.clz32(size) - MANTISSA_BITS
  return ((shift + 1) << MANTISSA_BITS) | ((size >>> shift) & (LEAVES - 1))
}

/** Returns the bin to search from: the first one whose sizes are all at least `size`. */
function binAbove(size: number): number {
  if (size < LEAVES) return size
  const shift = 31 - Math.clz32(size) - MANTISSA_BITS
  return binBelow(size) + ((size & ((1 << shift) - 1)) === 0 ? 0 : 1)
}

/**
 * Allocates ranges of 0 … size. It works on offsets and touches no memory, so the unit is yours:
 * bytes of a heap or of a GPU buffer, rows of a table. `alloc` and `free` are O(1) and make no
 * garbage.
 *
 * The idea is that of Sebastian Aaltonen's OffsetAllocator. In addition, a request that no larger
 * bin can meet searches the bins of its own size, so `alloc` fails only when no free range fits.
 */
export class RangeAllocator {
  /** The most units one allocator can manage. */
  static readonly MAX_SIZE: number = 2 ** 32 - 1
  /** The largest alignment. */
  static readonly MAX_ALIGN: number = 2 ** 30
  /** What `alloc` returns when no free range fits. */
  static readonly NONE: number = NONE

  readonly size: number
  #available = 0
  #allocations = 0
  #freeRanges = 0

  readonly #maxNodes: number
  // The pool of nodes, one array per field. It doubles when full, and never shrinks.
  #offsets = new Uint32Array(32)
  #sizes = new Uint32Array(32)
  #used = new Uint8Array(32)
  #generations = new Uint8Array(32)
  /** Neighbours by offset. */
  #before = new Int32Array(32)
  #after = new Int32Array(32)
  /** Neighbours of a free range in its bin; `#next` also chains the spare nodes. */
  #previous = new Int32Array(32)
  #next = new Int32Array(32)
  /** Nodes ever taken from the pool. */
  #nodes = 0
  /** First spare node, and how many there are. */
  #spare = NONE
  #spares = 0
  #groups = 0
  readonly #leaves = new Uint8Array(32)
  readonly #bins = new Int32Array(BINS).fill(NONE)

  /**
   * @param size units to manage, at least 1
   * @param maxRanges the most ranges, used and free, of 26 bytes each; default and most 2²²
   * @throws {@link InvalidSize} when either is out of range
   */
  constructor(size: number, maxRanges: number = MAX_NODES) {
    requireSize('RangeAllocator: size', size, 1, RangeAllocator.MAX_SIZE)
    requireSize('RangeAllocator: maxRanges', maxRanges, 4, MAX_NODES)
    this.#maxNodes = maxRanges
    this.size = size
    this.#insertNew(0, size, NONE, NONE)
  }

  /** Units that are free. */
  get available(): number {
    return this.#available
  }

  /**
   * Takes a range.
   * @param size units, at least 1
   * @param align power of two that the offset is a multiple of
   * @returns a node for `offsetOf`, `sizeOf` and `free`; `RangeAllocator.NONE` when no free range
   *   fits, or there are `maxRanges` already
   * @throws {@link InvalidSize} when `size` is out of range
   * @throws {@link InvalidAlignment} when `align` isn't a power of two
   */
  alloc(size: number, align = 1): number {
    requireSize('RangeAllocator.alloc: size', size, 1, RangeAllocator.MAX_SIZE)
    requireAlignment('RangeAllocator.alloc: align', align, RangeAllocator.MAX_ALIGN)
    const node = this.#find(size, align)
    // Two more nodes, for what is left on both sides.
    if (node === NONE || !this.#reserveNodes(2)) return NONE
    this.#removeFree(node)
    const offset = this.#offsets[node]
    const pad = -offset & (align - 1)
    const rest = this.#sizes[node] - pad - size
    this.#offsets[node] = offset + pad
    this.#sizes[node] = size
    this.#used[node] = 1
    if (pad > 0) this.#insertNew(offset, pad, this.#before[node], node)
    if (rest > 0) this.#insertNew(offset + pad + size, rest, node, this.#after[node])
    this.#allocations++
    return (this.#generations[node] << INDEX_BITS) | node
  }

  /** Returns the first unit of an allocated range. Throws what `free` throws. */
  offsetOf(node: number): number {
    return this.#offsets[this.#requireUsed(node)]
  }

  /** Returns the units of an allocated range. Throws what `free` throws. */
  sizeOf(node: number): number {
    return this.#sizes[this.#requireUsed(node)]
  }

  /**
   * Frees a range, and merges it with its free neighbours.
   * @throws {@link NotAllocated} when the node isn't of this allocator
   * @throws {@link DoubleFree} when it was freed before. (After 256 more frees of the same node its
   *   number comes round again.)
   */
  free(node: number): void {
    const index = this.#requireUsed(node)
    this.#used[index] = 0
    this.#generations[index] = (this.#generations[index] + 1) & GENERATION_MASK
    this.#allocations--
    const before = this.#before[index]
    if (before !== NONE && this.#used[before] === 0) {
      this.#offsets[index] = this.#offsets[before]
      this.#link(this.#before[before], index)
      this.#absorb(before, index)
    }
    const after = this.#after[index]
    if (after !== NONE && this.#used[after] === 0) {
      this.#link(index, this.#after[after])
      this.#absorb(after, index)
    }
    this.#insertFree(index)
  }

  /** Reports what is used, free and fragmented. Walks one bin: not for the hot path. */
  report(): RangeReport {
    let largestFree = 0
    if (this.#available > 0) {
      const group = 31 - Math.clz32(this.#groups)
      const bin = group * LEAVES + 31 - Math.clz32(this.#leaves[group])
      for (let node = this.#bins[bin]; node !== NONE; node = this.#next[node])
        largestFree = Math.max(largestFree, this.#sizes[node])
    }
    return {
      size: this.size,
      used: this.size - this.#available,
      free: this.#available,
      largestFree,
      allocations: this.#allocations,
      freeRanges: this.#freeRanges,
    }
  }

  /** Finds a free node that holds `size` units at `align`. */
  #find(size: number, align: number): number {
    const first = binBelow(size)
    // The bin of the size itself may hold shorter ranges, but its first often has this very size.
    const head = this.#bins[first]
    if (head !== NONE && this.#fits(head, size, align)) return head
    const padded = size + align - 1
    const bin = padded <= this.#available ? this.#firstBin(binAbove(padded)) : NONE
    if (bin !== NONE) return this.#bins[bin]
    // No bin has only ranges that fit. Before giving up, try those that may fit by their exact size
    // and offset.
    for (let maybe = this.#firstBin(first); maybe !== NONE; maybe = this.#firstBin(maybe + 1)) {
      for (let node = this.#bins[maybe]; node !== NONE; node = this.#next[node]) {
        if (this.#fits(node, size, align)) return node
      }
    }
    return NONE
  }

  #fits(node: number, size: number, align: number): boolean {
    return (-this.#offsets[node] & (align - 1)) + size <= this.#sizes[node]
  }

  /** Finds the first bin at or above `bin` that holds a range. */
  #firstBin(bin: number): number {
    if (bin >= BINS) return NONE
    const group = bin >>> MANTISSA_BITS
    const leaves = this.#leaves[group] & (0xff << (bin & (LEAVES - 1)))
    if (leaves !== 0) return group * LEAVES + trailingZeros(leaves)
    // Two shifts, because a shift by 32 would be one by 0.
    const groups = (this.#groups >>> group) >>> 1
    if (groups === 0) return NONE
    const above = group + 1 + trailingZeros(groups)
    return above * LEAVES + trailingZeros(this.#leaves[above])
  }

  #insertFree(node: number): void {
    const size = this.#sizes[node]
    const bin = binBelow(size)
    const head = this.#bins[bin]
    this.#previous[node] = NONE
    this.#next[node] = head
    if (head !== NONE) this.#previous[head] = node
    this.#bins[bin] = node
    const group = bin >>> MANTISSA_BITS
    this.#leaves[group] |= 1 << (bin & (LEAVES - 1))
    this.#groups |= 1 << group
    this.#available += size
    this.#freeRanges++
  }

  #removeFree(node: number): void {
    const size = this.#sizes[node]
    const previous = this.#previous[node]
    const next = this.#next[node]
    if (next !== NONE) this.#previous[next] = previous
    if (previous !== NONE) {
      this.#next[previous] = next
    } else {
      const bin = binBelow(size)
      this.#bins[bin] = next
      if (next === NONE) {
        const group = bin >>> MANTISSA_BITS
        this.#leaves[group] &= ~(1 << (bin & (LEAVES - 1)))
        if (this.#leaves[group] === 0) this.#groups &= ~(1 << group)
      }
    }
    this.#available -= size
    this.#freeRanges--
  }

  #link(before: number, after: number): void {
    if (before !== NONE) this.#after[before] = after
    if (after !== NONE) this.#before[after] = before
  }

  /** Makes a free range between two nodes. */
  #insertNew(offset: number, size: number, before: number, after: number): void {
    let node = this.#spare
    if (node === NONE) {
      node = this.#nodes++
    } else {
      this.#spare = this.#next[node]
      this.#spares--
    }
    this.#offsets[node] = offset
    this.#sizes[node] = size
    this.#used[node] = 0
    this.#link(before, node)
    this.#link(node, after)
    this.#insertFree(node)
  }

  /** Adds the size of a free range to another, and keeps its node for later. */
  #absorb(node: number, into: number): void {
    this.#removeFree(node)
    this.#sizes[into] += this.#sizes[node]
    this.#next[node] = this.#spare
    this.#spare = node
    this.#spares++
  }

  /** Makes room for `count` more nodes; false when there are too many. */
  #reserveNodes(count: number): boolean {
    const nodes = this.#nodes + count - this.#spares
    const capacity = this.#offsets.length
    if (nodes > this.#maxNodes) return false
    if (nodes <= capacity) return true
    const longer = capacity * 2
    this.#offsets = copyInto(new Uint32Array(longer), this.#offsets)
    this.#sizes = copyInto(new Uint32Array(longer), this.#sizes)
    this.#used = copyInto(new Uint8Array(longer), this.#used)
    this.#generations = copyInto(new Uint8Array(longer), this.#generations)
    this.#before = copyInto(new Int32Array(longer), this.#before)
    this.#after = copyInto(new Int32Array(longer), this.#after)
    this.#previous = copyInto(new Int32Array(longer), this.#previous)
    this.#next = copyInto(new Int32Array(longer), this.#next)
    return true
  }

  #requireUsed(node: number): number {
    const index = node & INDEX_MASK
    const isNode = node >= 0 && Math.floor(node) === node && node < 2 ** 30 && index < this.#nodes
    const isCurrent = this.#generations[index] === node >> INDEX_BITS
    if (isNode && isCurrent && this.#used[index] !== 0) return index
    const what = { owner: 'This RangeAllocator', what: `range ${String(node)}` }
    throw isNode && !isCurrent ? new DoubleFree(what) : new NotAllocated(what)
  }
}
