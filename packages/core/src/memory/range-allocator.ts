import { requireAlignment, requireSize } from './bounds.ts'
import { DoubleFree, NotAllocated } from './errors.ts'

/** What a RangeAllocator holds, in its own units. */
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
  /** How often `grow` made it longer. */
  readonly growths: number
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

// Free ranges lie in bins by size. A bin is a tiny float: 3 bits of mantissa below 5 bits of exponent, so a bin spans at
// most an eighth of its size: 0 1 2 … 8 9 … 15 | 16–17 18–19 … | 32–35 … Two levels of bit masks find the first bin
// at or above a size that holds anything.
const MANTISSA_BITS = 3
const LEAVES = 1 << MANTISSA_BITS
const BINS = 32 * LEAVES

/** The bin of a free range: the last bin whose sizes are all at most `size`. */
function binBelow(size: number): number {
  if (size < LEAVES) return size
  const shift = 31 - Math.clz32(size) - MANTISSA_BITS
  return ((shift + 1) << MANTISSA_BITS) | ((size >>> shift) & (LEAVES - 1))
}

/** The bin to search from: the first bin whose sizes are all at least `size`. */
function binAbove(size: number): number {
  if (size < LEAVES) return size
  const shift = 31 - Math.clz32(size) - MANTISSA_BITS
  return binBelow(size) + ((size & ((1 << shift) - 1)) === 0 ? 0 : 1)
}

/** Position of the lowest set bit. */
function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask)
}

/**
 * Allocates ranges of 0…size: offsets only, it touches no memory. Bytes of a heap, bytes of a GPU buffer, rows of a
 * table: the unit is the caller's. `alloc` and `free` are O(1) and make no garbage.
 *
 * The idea is that of Sebastian Aaltonen's OffsetAllocator. In addition, a request that no larger bin can meet looks
 * through the bins of its own size before it is refused, so `alloc` fails only when no free range fits.
 */
export class RangeAllocator {
  /** The most units one allocator can manage. */
  static readonly MAX_SIZE: number = 2 ** 32 - 1
  /** The largest alignment. */
  static readonly MAX_ALIGN: number = 2 ** 30
  /** What `alloc` returns when no free range fits. */
  static readonly NONE: number = NONE

  #size: number
  #available = 0
  #allocations = 0
  #freeRanges = 0
  #growths = 0

  readonly #maxNodes: number
  // The pool of nodes, one array per field; grown ×2, never shrunk.
  #offsets = new Uint32Array(32)
  #sizes = new Uint32Array(32)
  #used = new Uint8Array(32)
  #generations = new Uint8Array(32)
  /** Neighbours by offset. */
  #before = new Int32Array(32)
  #after = new Int32Array(32)
  /** Neighbours in the bin of a free range; `#next` also chains the nodes that are not in use. */
  #previous = new Int32Array(32)
  #next = new Int32Array(32)
  /** Nodes ever taken from the pool. */
  #nodes = 0
  /** First node that is not in use, and how many there are. */
  #spare = NONE
  #spares = 0
  /** The range that ends at size. */
  #last = NONE

  #groups = 0
  readonly #leaves = new Uint8Array(32)
  readonly #bins = new Int32Array(BINS).fill(NONE)

  /**
   * @param size units to manage, 0 for one that is to grow
   * @param maxRanges the most ranges, used and free, to keep account of: at 26 bytes each; default 2²², all that can be
   * @throws InvalidSize
   */
  constructor(size: number, maxRanges: number = MAX_NODES) {
    requireSize('RangeAllocator: size', size, 0, RangeAllocator.MAX_SIZE)
    requireSize('RangeAllocator: maxRanges', maxRanges, 4, MAX_NODES)
    this.#maxNodes = maxRanges
    this.#size = size
    if (size === 0) return
    const node = this.#takeNode(0, size)
    this.#link(NONE, node)
    this.#link(node, NONE)
    this.#insertFree(node)
  }

  /** Units under management. */
  get size(): number {
    return this.#size
  }

  /** Units that are free, in all. */
  get available(): number {
    return this.#available
  }

  /**
   * Takes a range.
   *
   * @param size units, at least 1
   * @param align power of two that the offset is a multiple of
   * @returns a node for `offsetOf`, `sizeOf` and `free`, or `RangeAllocator.NONE` when no free range
   *   fits, or when there are `maxRanges` already
   * @throws InvalidSize, InvalidAlignment
   */
  alloc(size: number, align = 1): number {
    requireSize('RangeAllocator.alloc: size', size, 1, RangeAllocator.MAX_SIZE)
    requireAlignment('RangeAllocator.alloc: align', align, RangeAllocator.MAX_ALIGN)
    const node = this.#find(size, align)
    // Two for what is left on both sides, and one that stays for `grow`.
    if (node === NONE || !this.#reserveNodes(3)) return NONE
    this.#removeFree(node)
    const offset = this.#offsets[node]
    const pad = -offset & (align - 1)
    const rest = this.#sizes[node] - pad - size
    this.#offsets[node] = offset + pad
    this.#sizes[node] = size
    this.#used[node] = 1
    if (pad > 0) {
      const front = this.#takeNode(offset, pad)
      this.#link(this.#before[node], front)
      this.#link(front, node)
      this.#insertFree(front)
    }
    if (rest > 0) {
      const back = this.#takeNode(offset + pad + size, rest)
      this.#link(back, this.#after[node])
      this.#link(node, back)
      this.#insertFree(back)
    }
    this.#allocations++
    return (this.#generations[node] << INDEX_BITS) | node
  }

  /** First unit of an allocated range. @throws NotAllocated, DoubleFree */
  offsetOf(node: number): number {
    return this.#offsets[this.#requireUsed(node)]
  }

  /** Units of an allocated range. @throws NotAllocated, DoubleFree */
  sizeOf(node: number): number {
    return this.#sizes[this.#requireUsed(node)]
  }

  /**
   * Gives a range back; it merges with its free neighbours. That a node was freed before is known until its place among the
   * nodes was freed 256 times more: the number then begins anew.
   *
   * @throws NotAllocated, DoubleFree
   */
  free(node: number): void {
    const index = this.#requireUsed(node)
    this.#used[index] = 0
    this.#generations[index] = (this.#generations[index] + 1) & GENERATION_MASK
    this.#allocations--
    const before = this.#before[index]
    if (before !== NONE && this.#used[before] === 0) {
      this.#removeFree(before)
      this.#offsets[index] = this.#offsets[before]
      this.#sizes[index] += this.#sizes[before]
      this.#link(this.#before[before], index)
      this.#giveNode(before)
    }
    const after = this.#after[index]
    if (after !== NONE && this.#used[after] === 0) {
      this.#removeFree(after)
      this.#sizes[index] += this.#sizes[after]
      this.#link(index, this.#after[after])
      this.#giveNode(after)
    }
    this.#insertFree(index)
  }

  /**
   * Makes it longer: the new units are free, and part of the last free range if there is one.
   *
   * @param size the new size, at least the present one
   * @throws InvalidSize
   */
  grow(size: number): void {
    requireSize('RangeAllocator.grow: size', size, this.#size, RangeAllocator.MAX_SIZE)
    const added = size - this.#size
    if (added === 0) return
    const last = this.#last
    if (last !== NONE && this.#used[last] === 0) {
      this.#removeFree(last)
      this.#sizes[last] += added
      this.#insertFree(last)
    } else {
      this.#reserveNodes(1)
      const node = this.#takeNode(this.#size, added)
      this.#link(last, node)
      this.#link(node, NONE)
      this.#insertFree(node)
    }
    this.#size = size
    this.#growths++
  }

  /**
   * The smallest size to `grow` to so that `alloc(size, align)` finds a range at the end; above MAX_SIZE when none will do.
   *
   * @throws InvalidSize, InvalidAlignment
   */
  sizeToFit(size: number, align = 1): number {
    requireSize('RangeAllocator.sizeToFit: size', size, 1, RangeAllocator.MAX_SIZE)
    requireAlignment('RangeAllocator.sizeToFit: align', align, RangeAllocator.MAX_ALIGN)
    const last = this.#last
    const start = last !== NONE && this.#used[last] === 0 ? this.#offsets[last] : this.#size
    return Math.max(this.#size, start + (-start & (align - 1)) + size)
  }

  /** What is used, free and fragmented now. Walks one bin: not for the hot path. */
  report(): RangeReport {
    return {
      size: this.#size,
      used: this.#size - this.#available,
      free: this.#available,
      largestFree: this.#largestFree(),
      allocations: this.#allocations,
      freeRanges: this.#freeRanges,
      growths: this.#growths,
    }
  }

  #largestFree(): number {
    if (this.#groups === 0) return 0
    const group = 31 - Math.clz32(this.#groups)
    const leaf = 31 - Math.clz32(this.#leaves[group])
    let largest = 0
    for (let node = this.#bins[group * LEAVES + leaf]; node !== NONE; node = this.#next[node]) {
      if (this.#sizes[node] > largest) largest = this.#sizes[node]
    }
    return largest
  }

  /** A free node that holds `size` units at `align`. */
  #find(size: number, align: number): number {
    const first = binBelow(size)
    // The bin of the size itself may hold shorter ranges, but its first one often is a range of this very size.
    const head = this.#bins[first]
    if (head !== NONE && this.#fits(head, size, align)) return head
    const padded = size + align - 1
    const enough = padded <= this.#available ? binAbove(padded) : BINS
    const bin = this.#firstBin(enough)
    if (bin !== NONE) return this.#bins[bin]
    // Nothing fits whatever its offset and exact size. Look at those that may fit all the same before giving up.
    for (
      let candidate = this.#firstBin(first);
      candidate !== NONE;
      candidate = this.#firstBin(candidate + 1)
    ) {
      for (let node = this.#bins[candidate]; node !== NONE; node = this.#next[node]) {
        if (this.#fits(node, size, align)) return node
      }
    }
    return NONE
  }

  #fits(node: number, size: number, align: number): boolean {
    return (-this.#offsets[node] & (align - 1)) + size <= this.#sizes[node]
  }

  /** The first bin at or above `bin` that holds a range. */
  #firstBin(bin: number): number {
    if (bin >= BINS) return NONE
    const group = bin >>> MANTISSA_BITS
    const leaves = this.#leaves[group] & (0xff << (bin & (LEAVES - 1)))
    if (leaves !== 0) return group * LEAVES + lowestBit(leaves)
    // Two shifts, because a shift by 32 is one by 0.
    const groups = (this.#groups >>> group) >>> 1
    if (groups === 0) return NONE
    const above = group + 1 + lowestBit(groups)
    return above * LEAVES + lowestBit(this.#leaves[above])
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

  /** Makes `before` and `after` neighbours; either may be NONE. */
  #link(before: number, after: number): void {
    if (before !== NONE) this.#after[before] = after
    if (after !== NONE) this.#before[after] = before
    else this.#last = before
  }

  #takeNode(offset: number, size: number): number {
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
    return node
  }

  #giveNode(node: number): void {
    this.#next[node] = this.#spare
    this.#spare = node
    this.#spares++
  }

  /** Makes room for `count` more ranges; false when the pool is at its end. */
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
    if (!(node >= 0 && Math.floor(node) === node && node < 2 ** 30) || index >= this.#nodes) {
      throw new NotAllocated('This RangeAllocator', `range ${String(node)}`)
    }
    if (this.#generations[index] !== node >> INDEX_BITS)
      throw new DoubleFree('This RangeAllocator', `range ${node}`)
    if (this.#used[index] === 0) throw new NotAllocated('This RangeAllocator', `range ${node}`)
    return index
  }
}

function copyInto<A extends Uint8Array | Uint32Array | Int32Array>(target: A, source: A): A {
  target.set(source)
  return target
}
