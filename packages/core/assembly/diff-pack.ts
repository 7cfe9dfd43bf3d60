// The driver of the diff + pack kernel in AssemblyScript: `group-table.ts` describes what it reads,
// `js-kernels.ts` is its twin. It walks the rows by blocks, and each block by groups of scalars, and
// writes what differs. The comparison itself is `find.ts`, a module of its own, so that each is
// small enough to compile synchronously; scripts/build-kernels.mjs compiles both into generated/.
// @ts-nocheck

import { copyLines } from './copy'
import { BASE, BASE_B, BASE_C, BASE_D, COUNT, DST, GROUP_BYTES, KIND, LIMIT, RUN, STEP, TABLE } from './group'

/** A block is what one summary word stands for. */
const BLOCK_ROWS: u32 = 1024
const BLOCK_WORDS: u32 = 32
/** Words of rows with two groups to compare before writing: their cache lines are near still. */
const NEAR_WORDS: u32 = 8

/** Below so many live rows of 32, rows are handled one by one. */
const FEW: i32 = 8
/** From so many rows of 32 on, write all 32 at once: rows of one scalar, and others. */
const MANY_OF_ONE: i32 = 4
const MANY: i32 = 8

/** See `find.ts`. */
@external("find", "find")
declare function find(
  groups: u32, count: u32, block: u32, from: u32, till: u32, to: u32, stride: u32, found: u32,
): u32

export function diffPack(
  groups: u32, groupCount: u32, first: u32, count: u32, target: u32, stride: u32, words: u32, summary: u32,
  mask: u32, maskSummary: u32, force: i32,
): i32 {
  const end = first + count
  const work = groups + groupCount * GROUP_BYTES
  const changed = work + BLOCK_WORDS * 4
  const found = changed + BLOCK_WORDS * 4
  let total = 0
  // All groups but the halves come first in the table. What all their columns have may be read 32
  // rows at once.
  let fastEnd = groups
  let limit = end
  // `find` reads 16 bytes even where a group has fewer: not past the end of the memory.
  const memoryEnd = (memory.size() as u64) << 16
  let reach: u32 = 0
  for (; fastEnd < work && load<i32>(fastEnd, KIND) <= RUN; fastEnd += GROUP_BYTES) {
    const isRun = load<i32>(fastEnd, KIND) == RUN
    const lanes = isRun ? 4 : load<u32>(fastEnd, COUNT) << 2
    for (let lane = fastEnd; lane < fastEnd + lanes; lane += 4) {
      limit = load<i32>(lane, TABLE) == -1 ? min(limit, load<u32>(lane, LIMIT)) : 0
    }
    if (isRun && limit) {
      const lastRow = load<u32>(fastEnd, BASE) + (limit - 1) * load<u32>(fastEnd, STEP)
      if ((lastRow as u64) + 16 > memoryEnd) limit = limit > 8 ? limit - 8 : 0
    }
    reach = max(reach, load<u32>(fastEnd, DST) + 16)
  }
  const fastCount = (fastEnd - groups) / GROUP_BYTES
  // The words of `changed` are zero between blocks.
  for (let w: u32 = 0; w < BLOCK_WORDS * 4; w += 4) store<i32>(changed + w, 0)
  for (let block = first & ~(BLOCK_ROWS - 1); block < end; block += BLOCK_ROWS) {
    const block32 = block >>> 5
    if (mask != -1 && !load<u32>(maskSummary + (block32 >>> 5 << 2))) continue
    // `live`: one word of bits per 32 rows, or 0 when every row of the block counts. `dirty`: which
    // words changed.
    let live: u32 = 0
    let dirty: u32 = 0
    // Words of 32 rows within range and columns that have enough live rows: from … till − 1.
    let from: u32 = 0
    let till = limit > block ? min((limit - block) >>> 5, BLOCK_WORDS) : 0
    if (mask != -1 || block < first || end - block < BLOCK_ROWS || force) {
      live = work
      let any = 0
      let denseEnd: u32 = 0
      from = BLOCK_WORDS
      for (let w: u32 = 0; w < BLOCK_WORDS; w++) {
        const row = block + (w << 5)
        let bits = 0
        if (row + 32 > first && row < end) {
          bits = mask == -1 ? -1 : load<i32>(mask + ((block32 + w) << 2))
          if (row < first) bits &= -1 << (first & 31)
          if (end - row < 32) bits &= ~(-1 << (end - row))
        }
        any |= bits
        if (popcnt(bits) >= FEW && row >= first) {
          from = min(from, w)
          denseEnd = w + 1
        }
        store<i32>(live + (w << 2), bits)
        if (force) {
          store<i32>(changed + (w << 2), bits)
          dirty |= u32(bits != 0) << w
        }
      }
      if (!any) continue
      till = min(till, denseEnd)
    }
    const to = target + block * stride
    const begin = from
    if (from < till) {
      const end = (to as u64) + (till * 32 - 1) * stride + reach
      if (end > memoryEnd) till--
      const step = fastCount == 2 ? NEAR_WORDS : BLOCK_WORDS
      for (; from < till && fastCount; from += step) {
        const stop = min(from + step, till)
        dirty |= fast(groups, fastCount, block, from, stop, live, changed, found, to, stride, force)
      }
    }
    if (live || till != BLOCK_WORDS || fastEnd != work) {
      for (let g = groups; g < work; g += GROUP_BYTES) {
        dirty |= slow(g, block, begin, till, live, changed, to + load<u32>(g, DST), stride)
      }
    }
    if (!dirty) continue
    const over = summary + (block32 >>> 5 << 2)
    store<u32>(over, load<u32>(over) | dirty)
    do {
      const w = ctz(dirty)
      const from = changed + (w << 2)
      const bits = load<i32>(from)
      store<i32>(from, 0)
      const at = words + ((block32 + w) << 2)
      store<i32>(at, load<i32>(at) | bits)
      total += popcnt(bits)
      dirty &= dirty - 1
    } while (dirty)
  }
  return total
}

/**
 * Compares the columns of all groups but halves with the rows of a block, where words may be read
 * at once, and writes the rows that differ. Words with few live rows are left out.
 * @param live address of one word of bits per 32 rows; 0 when all are live
 * @param changed address of the words that get the bits of rows that differ
 * @param found where `find` works
 * @param to address of the first row of the block
 * @param force all live rows count as different
 * @returns bit w for each word w in which a row differed
 */
function fast(
  groups: u32, count: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, found: u32, to: u32,
  stride: u32, force: i32,
): u32 {
  let differ: u32 = 0
  const last = groups + count * GROUP_BYTES
  let dirty = force
    ? (-1 << from) & (-1 >>> (32 - till))
    : find(groups, count, block, from, till, to, stride, found)
  for (; dirty; dirty &= dirty - 1) {
    const w = ctz(dirty)
    let bits = force ? -1 : load<i32>(found + (w << 3))
    let full = true
    if (live) {
      const alive = load<i32>(live + (w << 2))
      if (popcnt(alive) < FEW) continue
      bits &= alive
      if (!bits) continue
      full = alive == -1
    }
    differ |= 1 << w
    store<i32>(changed + (w << 2), load<i32>(changed + (w << 2)) | bits)
    const t = to + (w << 5) * stride
    const row0 = block + (w << 5)
    if (full && popcnt(bits) >= (stride == 4 ? MANY_OF_ONE : MANY)) {
      // All 32 rows are live: those that are equal may be written as well, it changes nothing.
      for (let g = groups; g != last; g += GROUP_BYTES) {
        const groupTo = t + load<u32>(g, DST)
        if (load<i32>(g, KIND) == RUN || stride == 4) copy32(g, row0, groupTo, stride)
        else write(g, row0 << 2, groupTo, stride)
      }
    } else {
      do {
        const r = ctz(bits)
        const rowTo = t + r * stride
        for (let g = groups; g != last; g += GROUP_BYTES) copyRow(g, row0 + r, rowTo + load<u32>(g, DST))
        bits &= bits - 1
      } while (bits)
    }
  }
  return differ
}

/** Writes one row of a group. */
@inline
function copyRow(g: u32, row: u32, t: u32): void {
  const n = load<u32>(g, COUNT)
  if (load<i32>(g, KIND) == RUN) {
    copyRun(load<u32>(g, BASE) + row * load<u32>(g, STEP), t, n << 2)
    return
  }
  const skip = row << 2
  store<i32>(t, load<i32>(load<u32>(g, BASE) + skip))
  if (n > 1) {
    store<i32>(t, load<i32>(load<u32>(g, BASE_B) + skip), 4)
    if (n > 2) {
      store<i32>(t, load<i32>(load<u32>(g, BASE_C) + skip), 8)
      if (n > 3) store<i32>(t, load<i32>(load<u32>(g, BASE_D) + skip), 12)
    }
  }
}

@inline
function copyRun(s: u32, t: u32, bytes: u32): void {
  for (const end = s + (bytes & -16); s != end; s += 16) {
    v128.store(t, v128.load(s))
    t += 16
  }
  if (bytes & 8) {
    store<i64>(t, load<i64>(s))
    t += 8
    s += 8
  }
  if (bytes & 4) store<i32>(t, load<i32>(s))
}

/** Writes 32 rows of a run, or of one scalar a row. */
function copy32(g: u32, row0: u32, to: u32, stride: u32): void {
  const bytes = load<u32>(g, COUNT) << 2
  const step = load<u32>(g, STEP)
  let from = load<u32>(g, BASE) + row0 * step
  if (bytes == step && bytes == stride) {
    // The rows are the column's own bytes.
    copyLines(from, bytes << 5, to)
    return
  }
  for (const end = from + (step << 5); from != end; from += step) {
    copyRun(from, to, bytes)
    to += stride
  }
}

/** Writes 32 rows of scalars: four values of each column are transposed to four rows. */
function write(g: u32, skip: u32, t: u32, stride: u32): void {
  const n = load<u32>(g, COUNT)
  const a = load<u32>(g, BASE) + skip
  if (n == 4) write34(4, g, a, skip, t, stride)
  else if (n == 3) write34(3, g, a, skip, t, stride)
  else if (n == 2) {
    const b = load<u32>(g, BASE_B) + skip
    for (let i: u32 = 0; i < 128; i += 16) {
      const va = v128.load(a + i)
      const vb = v128.load(b + i)
      const ab0 = v128.shuffle<i32>(va, vb, 0, 4, 1, 5)
      const ab1 = v128.shuffle<i32>(va, vb, 2, 6, 3, 7)
      v128.store64_lane(t, ab0, 0)
      v128.store64_lane(t + stride, ab0, 1)
      v128.store64_lane(t + 2 * stride, ab1, 0)
      v128.store64_lane(t + 3 * stride, ab1, 1)
      t += stride << 2
    }
  } else {
    for (let i: u32 = 0; i < 128; i += 4) {
      store<i32>(t, load<i32>(a + i))
      t += stride
    }
  }
}

@inline
function write34(n: u32, g: u32, a: u32, skip: u32, t: u32, stride: u32): void {
  const b = load<u32>(g, BASE_B) + skip
  const c = load<u32>(g, BASE_C) + skip
  const d = load<u32>(g, BASE_D) + skip
  for (let i: u32 = 0; i < 128; i += 16) {
    const va = v128.load(a + i)
    const vb = v128.load(b + i)
    const vc = v128.load(c + i)
    const vd = n == 4 ? v128.load(d + i) : vc
    const ab0 = v128.shuffle<i32>(va, vb, 0, 4, 1, 5)
    const ab1 = v128.shuffle<i32>(va, vb, 2, 6, 3, 7)
    const cd0 = v128.shuffle<i32>(vc, vd, 0, 4, 1, 5)
    const cd1 = v128.shuffle<i32>(vc, vd, 2, 6, 3, 7)
    storeRow(n, t, v128.shuffle<i64>(ab0, cd0, 0, 2))
    t += stride
    storeRow(n, t, v128.shuffle<i64>(ab0, cd0, 1, 3))
    t += stride
    storeRow(n, t, v128.shuffle<i64>(ab1, cd1, 0, 2))
    t += stride
    storeRow(n, t, v128.shuffle<i64>(ab1, cd1, 1, 3))
    t += stride
  }
}

@inline
function storeRow(n: u32, to: u32, row: v128): void {
  if (n == 4) v128.store(to, row)
  else {
    v128.store64_lane(to, row, 0)
    v128.store32_lane(to, row, 2, 8)
  }
}

/**
 * The words of a block that `fast` left out: halves, words at the ends of the range and of the
 * columns, words with few live rows.
 */
function slow(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32): u32 {
  const kind = load<i32>(g, KIND)
  let dirty: u32 = 0
  for (let w: u32 = 0; w < BLOCK_WORDS; w++) {
    let bits = live ? load<i32>(live + (w << 2)) : -1
    if (!bits || (kind <= RUN && w >= from && w < till && popcnt(bits) >= FEW)) continue
    const t = to + (w << 5) * stride
    const row = block + (w << 5)
    bits = kind <= RUN ? rows(g, row, bits, t, stride) : halves(g, row, bits, t, stride)
    if (bits) {
      dirty |= 1 << w
      store<i32>(changed + (w << 2), load<i32>(changed + (w << 2)) | bits)
    }
  }
  return dirty
}

/** Rows of `bits` one by one, for any group of 32-bit scalars. */
function rows(g: u32, row0: u32, bits: i32, to: u32, stride: u32): i32 {
  const isRun = load<i32>(g, KIND) == RUN
  const n = load<u32>(g, COUNT)
  const step = load<u32>(g, STEP)
  let differ = 0
  if (!isRun && n == 4) {
    // One table of entities for four columns that all have them: no branch depends on the numbers.
    const tables = v128.load(g, TABLE)
    const limits = v128.load(g, LIMIT)
    const table = load<u32>(g, TABLE)
    const limit = load<u32>(g, LIMIT)
    const isSame = i32x4.all_true(v128.and(i32x4.eq(tables, i32x4.splat(table)), i32x4.eq(limits, i32x4.splat(limit))))
    if (table != -1 && isSame) {
      const a = load<u32>(g, BASE)
      const b = load<u32>(g, BASE_B)
      const c = load<u32>(g, BASE_C)
      const d = load<u32>(g, BASE_D)
      for (; bits; bits &= bits - 1) {
        const r = ctz(bits)
        const index = load<u32>(table + ((row0 + r) << 2))
        if (index >= limit) break
        const s = index << 2
        let v = v128.load32_zero(a + s)
        v = v128.load32_lane(b + s, v, 1)
        v = v128.load32_lane(c + s, v, 2)
        v = v128.load32_lane(d + s, v, 3)
        const t = to + r * stride
        differ |= i32(!i32x4.all_true(i32x4.eq(v, v128.load(t)))) << r
        v128.store(t, v)
      }
    }
  }
  for (; bits; bits &= bits - 1) {
    const r = ctz(bits)
    const t = to + r * stride
    if (isRun) {
      const index = indexOf(g, row0 + r)
      if (index < load<u32>(g, LIMIT)) {
        const s = load<u32>(g, BASE) + index * step
        let k: u32 = 0
        for (; k + 4 <= n; k += 4) {
          const v = v128.load(s + (k << 2))
          if (v128.any_true(v128.xor(v, v128.load(t + (k << 2))))) {
            v128.store(t + (k << 2), v)
            differ |= 1 << r
          }
        }
        for (; k < n; k++) {
          const v = load<i32>(s + (k << 2))
          if (v != load<i32>(t + (k << 2))) {
            store<i32>(t + (k << 2), v)
            differ |= 1 << r
          }
        }
      } else {
        for (let k: u32 = 0; k < n << 2; k += 4) {
          if (load<i32>(t + k)) {
            store<i32>(t + k, 0)
            differ |= 1 << r
          }
        }
      }
    } else {
      for (let k: u32 = 0; k < n << 2; k += 4) {
        const index = indexOf(g + k, row0 + r)
        const v = index < load<u32>(g + k, LIMIT) ? load<i32>(load<u32>(g + k, BASE) + (index << 2)) : 0
        if (v != load<i32>(t + k)) {
          store<i32>(t + k, v)
          differ |= 1 << r
        }
      }
    }
  }
  return differ
}

/** Rows of `bits` one by one, packed as f16. */
function halves(g: u32, row0: u32, bits: i32, to: u32, stride: u32): i32 {
  let differ = 0
  for (; bits; bits &= bits - 1) {
    const r = ctz(bits)
    const index = indexOf(g, row0 + r)
    const v = index < load<u32>(g, LIMIT) ? half(load<u32>(load<u32>(g, BASE) + index * load<u32>(g, STEP))) : 0
    const t = to + r * stride
    if (v != load<u16>(t)) {
      store<u16>(t, v)
      differ |= 1 << r
    }
  }
  return differ
}

/** What a row reads: the row's own number, or what the table says. */
@inline
function indexOf(g: u32, row: u32): u32 {
  const table = load<i32>(g, TABLE)
  return table == -1 ? row : load<u32>((table as u32) + (row << 2))
}

/** See `halfFromFloatBits` in half-float.ts. */
function half(bits: u32): u32 {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  if (magnitude <= 0x33000000) return sign
  const shift = 126 - (magnitude >>> 23)
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  const kept = mantissa >>> shift
  const cut = mantissa & ((1 << shift) - 1)
  const tie: u32 = 1 << (shift - 1)
  return sign | (kept + u32(cut > tie || (cut == tie && (kept & 1) == 1)))
}
