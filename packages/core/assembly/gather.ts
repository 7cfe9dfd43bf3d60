// The gather kernel in AssemblyScript; `js-kernels.ts` is its twin.
//
// Scattered rows cost a cache miss each, so what counts is how many misses overlap. The kernel writes
// some hundreds of row numbers first, then copies their rows: the second loop has no branch that a
// processor could mispredict, and runs ahead as far as it can. One loop for both takes up to three
// times as long (docs/decisions/0008).
// @ts-nocheck

import { copyLines } from './copy'

/** Bytes of row numbers after which their rows are copied. */
const BATCH: u32 = 2048

export function gather(
  words: u32, summary: u32, first: u32, count: u32, source: u32, stride: u32, payload: u32, indices: u32,
): i32 {
  const end = first + count
  let index = indices
  let to = payload
  let begin = index
  for (let block = first >>> 10; block << 10 < end; block++) {
    let over = load<u32>(summary + (block << 2))
    while (over) {
      const w = (block << 5) + ctz(over)
      over &= over - 1
      const row0 = w << 5
      let bits = load<i32>(words + (w << 2))
      if (row0 < first) {
        if (row0 + 32 <= first) continue
        bits &= -1 << (first & 31)
      }
      if (row0 + 32 > end) {
        if (row0 >= end) break
        bits &= ~(-1 << (end - row0))
      }
      if (bits == -1) {
        to = rows(begin, index, source, stride, to)
        to = copyLines(source + row0 * stride, stride << 5, to)
        for (let row: u32 = 0; row < 32; row++) store<u32>(index + (row << 2), row0 + row)
        index += 128
        begin = index
        continue
      }
      for (; bits; bits &= bits - 1) {
        store<u32>(index, row0 + ctz(bits))
        index += 4
      }
    }
    if (index - begin >= BATCH) {
      to = rows(begin, index, source, stride, to)
      begin = index
    }
  }
  rows(begin, index, source, stride, to)
  return ((index - indices) >>> 2) as i32
}

/** Copies the rows whose numbers lie in `index` … `end`; returns where the next goes. */
function rows(index: u32, end: u32, source: u32, stride: u32, to: u32): u32 {
  if (stride == 16) {
    for (; index + 16 <= end; index += 16) {
      const a = v128.load(source + (load<u32>(index) << 4))
      const b = v128.load(source + (load<u32>(index, 4) << 4))
      const c = v128.load(source + (load<u32>(index, 8) << 4))
      const d = v128.load(source + (load<u32>(index, 12) << 4))
      v128.store(to, a)
      v128.store(to, b, 16)
      v128.store(to, c, 32)
      v128.store(to, d, 48)
      to += 64
    }
  }
  if (stride == 64) {
    for (; index < end; index += 4) to = copyLines(source + (load<u32>(index) << 6), 64, to)
  }
  for (; index < end; index += 4) {
    const from = source + load<u32>(index) * stride
    let k: u32 = 0
    for (; k + 16 <= stride; k += 16) v128.store(to + k, v128.load(from + k))
    for (; k < stride; k += 4) store<i32>(to + k, load<i32>(from + k))
    to += stride
  }
  return to
}
