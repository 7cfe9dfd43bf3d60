// Finds the rows of a block that differ from their columns: the part of the diff + pack kernel that
// reads everything, every frame. `diff-pack.ts` calls it for some words of a block, with all groups
// of scalars.
// @ts-nocheck

import { BASE, BASE_B, BASE_C, BASE_D, COUNT, DST, GROUP_BYTES, KIND, RUN, STEP } from './group'

/** Four bits for four equal rows, in each byte. */
const EQUAL: u64 = 0x0f0f0f0f0f0f0f0f
/** What is kept of a group for each block: 8 bytes for each of 32 words. */
const FOUND_BYTES: u32 = 256
/** Words that all groups go through before the next ones are begun. */
const NEAR_WORDS: u32 = 2

/**
 * Compares the scalars of some groups with the rows of a block.
 *
 *     for each word w of from … till − 1: for each row r of its 32:
 *       bit r of found[w] = for some group: [a[r], b[r], c[r], d[r]] differs from the group's scalars in row r
 *
 * No branch depends on the data: it would be mispredicted for every row that changed. All groups go
 * through some rows before the next rows are begun, so that each piece of a wide row is fetched
 * once.
 * @param groups address of `count` groups of scalars, all of which have these rows and no table
 * @param block first row of the block
 * @param to address of that row; up to 12 bytes after a group's last scalar may be read
 * @param found address of 8 bytes a word, for each group; the bits are left in the first four bytes
 *   a word of the first group, where the result has the word's bit
 * @returns bit w for each word w in which a row differs
 */
export function find(
  groups: u32, count: u32, block: u32, from: u32, till: u32, to: u32, stride: u32, found: u32,
): u32 {
  let dirty: u32 = 0
  if (count == 1 && stride == 4 && load<u32>(groups, STEP) == 4) {
    const skip = from << 7
    piece(load<u32>(groups, BASE) + (block << 2) + skip, to + skip, found + (from << 3), found + (till << 3))
    for (let w = from; w < till; w++) dirty |= u32(load<u32>(found + (w << 3)) != 0) << w
    return dirty
  }
  const step = count == 1 ? till - from : NEAR_WORDS
  const last = groups + count * GROUP_BYTES
  for (let w = from; w < till; w += step) {
    const words = min(step, till - w)
    const row = block + (w << 5)
    const rowTo = to + (w << 5) * stride
    let at = found + (w << 3)
    for (let g = groups; g != last; g += GROUP_BYTES) {
      const n = load<u32>(g, COUNT)
      const t = rowTo + load<u32>(g, DST)
      const end = at + (words << 3)
      if (load<i32>(g, KIND) == RUN) run(g, row, t, stride, at, end)
      else if (n == 4) rows(4, g, row, t, stride, at, end)
      else if (n == 3) rows3(g, row, t, stride, at, end)
      else if (n == 1) rows1(g, row, t, stride, at, end)
      else if (stride == 8) pairs(g, row, t, at, end)
      else rows2(g, row, t, stride, at, end)
      at += FOUND_BYTES
    }
  }
  for (let w = from; w < till; w++) {
    const at = found + (w << 3)
    let x = load<u64>(at)
    for (let k: u32 = 1; k < count; k++) x &= load<u64>(at + k * FOUND_BYTES)
    store<u64>(at, x)
    dirty |= u32(x != EQUAL) << w
  }
  for (let left = dirty; left; left &= left - 1) {
    // Eight times four bits to 32 bits side by side.
    const at = found + (ctz(left) << 3)
    let x = load<u64>(at) ^ EQUAL
    x = (x | (x >>> 4)) & 0x00ff00ff00ff00ff
    x = (x | (x >>> 8)) & 0x0000ffff0000ffff
    store<u32>(at, (x | (x >>> 16)) as u32)
  }
  return dirty
}

/** One column that lies in the target as it lies in memory. */
@inline
function piece(a: u32, to: u32, begin: u32, end: u32): void {
  for (let at = begin; at != end; at += 8) {
    store<u16>(at, differing16(a, to))
    store<u16>(at, differing16(a + 64, to + 64), 2)
    a += 128
    to += 128
  }
}

/** Bits of 16 scalars. */
@inline
function differing16(a: u32, to: u32): u32 {
  const e01 = i16x8.narrow_i32x4_s(
    i32x4.eq(v128.load(a), v128.load(to)),
    i32x4.eq(v128.load(a, 16), v128.load(to, 16)),
  )
  const e23 = i16x8.narrow_i32x4_s(
    i32x4.eq(v128.load(a, 32), v128.load(to, 32)),
    i32x4.eq(v128.load(a, 48), v128.load(to, 48)),
  )
  return ~i8x16.bitmask(i8x16.narrow_i16x8_s(e01, e23))
}

/** Two columns whose scalars alternate in the target. */
function pairs(g: u32, row: u32, to: u32, begin: u32, end: u32): void {
  let a = load<u32>(g, BASE) + (row << 2)
  let b = load<u32>(g, BASE_B) + (row << 2)
  for (let at = begin; at != end; at += 4) {
    store<u8>(at, equalPairs(a, b, to))
    store<u8>(at, equalPairs(a + 16, b + 16, to + 32), 1)
    store<u8>(at, equalPairs(a + 32, b + 32, to + 64), 2)
    store<u8>(at, equalPairs(a + 48, b + 48, to + 96), 3)
    a += 64
    b += 64
    to += 128
  }
}

@inline
function equalPairs(a: u32, b: u32, to: u32): u32 {
  const r01 = v128.load(to)
  const r23 = v128.load(to, 16)
  const aEqual = i32x4.eq(v128.load(a), v128.shuffle<i32>(r01, r23, 0, 2, 4, 6))
  const bEqual = i32x4.eq(v128.load(b), v128.shuffle<i32>(r01, r23, 1, 3, 5, 7))
  return i32x4.bitmask(v128.and(aEqual, bEqual))
}

/**
 * One to four columns whose scalars stand side by side in rows of any stride: a byte for every four
 * rows, whose bits say which are equal. Compilers move all loads between two stores to the front;
 * with a store for every four rows, what they load fits the registers.
 */
@inline
function rows(n: u32, g: u32, row: u32, t: u32, stride: u32, begin: u32, end: u32): void {
  let a = load<u32>(g, BASE) + (row << 2)
  let b = n > 1 ? load<u32>(g, BASE_B) + (row << 2) : 0
  let c = n > 2 ? load<u32>(g, BASE_C) + (row << 2) : 0
  let d = n > 3 ? load<u32>(g, BASE_D) + (row << 2) : 0
  const stride4 = stride << 2
  const quads: u32 = n == 4 ? 4 : n == 3 ? 2 : 1
  while (begin != end) {
    store<u8>(begin, equal4(n, a, b, c, d, t, stride))
    t += stride4
    if (quads > 1) {
      store<u8>(begin, equal4(n, a + 16, b + 16, c + 16, d + 16, t, stride), 1)
      t += stride4
    }
    if (quads > 2) {
      store<u8>(begin, equal4(n, a + 32, b + 32, c + 32, d + 32, t, stride), 2)
      t += stride4
      store<u8>(begin, equal4(n, a + 48, b + 48, c + 48, d + 48, t, stride), 3)
      t += stride4
    }
    begin += quads
    a += quads << 4
    b += quads << 4
    c += quads << 4
    d += quads << 4
  }
}

/** Which of four rows are equal: the rows are transposed to columns and compared. */
@inline
function equal4(n: u32, a: u32, b: u32, c: u32, d: u32, t: u32, stride: u32): u32 {
  const r0 = v128.load(t)
  const r1 = v128.load(t + stride)
  const r2 = v128.load(t + 2 * stride)
  const r3 = v128.load(t + 3 * stride)
  const ab01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5)
  const ab23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5)
  let equal = i32x4.eq(v128.load(a), v128.shuffle<i64>(ab01, ab23, 0, 2))
  if (n > 1) equal = v128.and(equal, i32x4.eq(v128.load(b), v128.shuffle<i64>(ab01, ab23, 1, 3)))
  if (n > 2) {
    const cd01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7)
    const cd23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7)
    equal = v128.and(equal, i32x4.eq(v128.load(c), v128.shuffle<i64>(cd01, cd23, 0, 2)))
    if (n > 3) equal = v128.and(equal, i32x4.eq(v128.load(d), v128.shuffle<i64>(cd01, cd23, 1, 3)))
  }
  return i32x4.bitmask(equal)
}

/**
 * Scalars of one column that stand side by side in source and target: a byte for every four rows,
 * as above. The last four scalars are compared as four even where some were compared before; of
 * fewer than four, the rest is ignored.
 */
function run(g: u32, row: u32, t: u32, stride: u32, begin: u32, end: u32): void {
  const bytes = load<u32>(g, COUNT) << 2
  const step = load<u32>(g, STEP)
  let s = load<u32>(g, BASE) + row * step
  const last: u32 = bytes < 16 ? 0 : bytes - 16
  // Byte k of each row: lane k is none of the run's.
  const ignored = i32x4.splat(bytes < 16 ? -1 << (bytes << 1) : 0)
  // Rows that are the column's own bytes: 32 of them are compared as one piece first.
  const whole = bytes == step && bytes == stride
  for (let four = 0; begin != end; four++) {
    if (whole && (four & 7) == 0 && same(s, t, bytes << 5)) {
      store<u64>(begin, EQUAL)
      begin += 8
      s += bytes << 5
      t += bytes << 5
      four += 7
      continue
    }
    const s1 = s + step
    const s2 = s1 + step
    const s3 = s2 + step
    const t1 = t + stride
    const t2 = t1 + stride
    const t3 = t2 + stride
    let e0 = equalAt(s + last, t + last)
    let e1 = equalAt(s1 + last, t1 + last)
    let e2 = equalAt(s2 + last, t2 + last)
    let e3 = equalAt(s3 + last, t3 + last)
    for (let k: u32 = 0; k < last; k += 16) {
      e0 = v128.and(e0, equalAt(s + k, t + k))
      e1 = v128.and(e1, equalAt(s1 + k, t1 + k))
      e2 = v128.and(e2, equalAt(s2 + k, t2 + k))
      e3 = v128.and(e3, equalAt(s3 + k, t3 + k))
    }
    // A byte for each lane of each row; a row is equal when all four are.
    const lanes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(e0, e1), i16x8.narrow_i32x4_s(e2, e3))
    store<u8>(begin, i32x4.bitmask(i32x4.eq(v128.or(lanes, ignored), i32x4.splat(-1))))
    begin++
    s = s3 + step
    t = t3 + stride
  }
}

@inline
function equalAt(s: u32, t: u32): v128 {
  return i32x4.eq(v128.load(s), v128.load(t))
}

/** Whether two pieces of memory hold the same bytes; `bytes` is a multiple of 128. */
@inline
function same(s: u32, t: u32, bytes: u32): bool {
  const end = s + bytes
  let differ = i32x4.splat(0)
  while (s != end) {
    const d0 = v128.or(v128.xor(v128.load(s), v128.load(t)), v128.xor(v128.load(s, 16), v128.load(t, 16)))
    const d1 = v128.or(v128.xor(v128.load(s, 32), v128.load(t, 32)), v128.xor(v128.load(s, 48), v128.load(t, 48)))
    differ = v128.or(differ, v128.or(d0, d1))
    s += 64
    t += 64
  }
  return !v128.any_true(differ)
}

function rows1(g: u32, row: u32, t: u32, stride: u32, begin: u32, end: u32): void {
  rows(1, g, row, t, stride, begin, end)
}

function rows2(g: u32, row: u32, t: u32, stride: u32, begin: u32, end: u32): void {
  rows(2, g, row, t, stride, begin, end)
}

function rows3(g: u32, row: u32, t: u32, stride: u32, begin: u32, end: u32): void {
  rows(3, g, row, t, stride, begin, end)
}
