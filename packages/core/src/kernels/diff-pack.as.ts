// The driver of the diff + pack kernel in AssemblyScript: `group-table.ts` describes what it reads, `js-kernels.ts` is
// its twin. It walks the rows by blocks, and each block by groups of scalars; four-row transposition is
// `scalars.as.ts`, another module, so that each stays small enough to compile synchronously everywhere.
// Compiled by scripts/build-kernels.mjs into generated/diff-pack.ts. It owns no memory: everything is passed in.
// @ts-nocheck

// Words of a group and work area: see `Group`.
const GROUP_BYTES: u32 = 64
const BLOCK_ROWS: u32 = 512
const BLOCK_WORDS: u32 = 16
const SCALARS: i32 = 0
const RUN: i32 = 1

/** Below so many live rows of 32, rows are handled one by one. */
const FEW: i32 = 8

@external("scalars", "scalars1")
declare function scalars1(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32
@external("scalars", "scalars2")
declare function scalars2(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32
@external("scalars", "scalars3")
declare function scalars3(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32
@external("scalars", "scalars4")
declare function scalars4(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32

export function diffPack(
  groups: u32,
  groupCount: i32,
  first: u32,
  count: u32,
  target: u32,
  stride: u32,
  words: u32,
  summary: u32,
  mask: u32,
  maskSummary: u32,
  force: i32,
): i32 {
  const end = first + count
  const work = groups + (groupCount as u32) * GROUP_BYTES
  const changed = work + 64
  let total = 0
  // `changed` is all zero between blocks.
  fill64(changed, i32x4.splat(0))
  for (let block = first & ~(BLOCK_ROWS - 1); block < end; block += BLOCK_ROWS) {
    let live: u32 = 0
    let any: i32 = 0
    if (mask != -1 || block < first || end - block < BLOCK_ROWS) {
      if (mask != -1) {
        // Half a summary word for a block of 512 rows.
        const bits = load<u16>(maskSummary + (block >>> 10 << 2) + (block >>> 8 & 2))
        if (!bits) continue
      }
      live = work
      for (let w: u32 = 0; w < BLOCK_WORDS; w++) {
        const row = block + (w << 5)
        let bits = mask == -1 ? -1 : load<i32>(mask + (row >>> 5 << 2))
        if (row + 32 <= first || row >= end) bits = 0
        else {
          if (row < first) bits &= -1 << (first & 31)
          if (end - row < 32) bits &= ~(-1 << (end - row))
        }
        any |= bits
        store<i32>(live + (w << 2), bits)
        if (force) store<i32>(changed + (w << 2), bits)
      }
      if (!any) continue
    } else if (force) fill64(changed, i32x4.splat(-1))
    any = force
    for (let g = groups; g < work; g += GROUP_BYTES) {
      const kind = load<i32>(g)
      const n = load<u32>(g, 4)
      const to = target + block * stride + load<u32>(g, 8)
      // Words whose 32 rows all lie within the range and within the columns, so that they may be read at once.
      let limit = load<u32>(g, 32)
      let direct = load<i32>(g, 48) == -1
      if (kind == SCALARS) {
        for (let lane: u32 = 4; lane < n << 2; lane += 4) {
          limit = min(limit, load<u32>(g + lane, 32))
          direct = direct && load<i32>(g + lane, 48) == -1
        }
      }
      const from = block < first ? (first - block + 31) >>> 5 : 0
      const last = min(limit, end)
      let till = direct && last > block ? min((last - block) >>> 5, BLOCK_WORDS) : 0
      // Three scalars are compared as four, so the last row must not be the last of the memory.
      if (n == 3 && till) {
        const over = (to as u64) + (till * 32 - 1) * stride + 16
        if (over > (memory.size() as u64) << 16) till--
      }
      if (kind == SCALARS && from < till) {
        if (n == 4) any |= scalars4(g, block, from, till, live, changed, to, stride, force)
        else if (n == 3) any |= scalars3(g, block, from, till, live, changed, to, stride, force)
        else if (n == 2) any |= scalars2(g, block, from, till, live, changed, to, stride, force)
        else any |= scalars1(g, block, from, till, live, changed, to, stride, force)
        if (live == 0 && till - from == BLOCK_WORDS) continue
      }
      any |= slow(g, kind, block, from, till, live, changed, to, stride, force)
    }
    if (!any) continue
    for (let w: u32 = 0; w < BLOCK_WORDS; w++) {
      const bits = load<i32>(changed + (w << 2))
      if (!bits) continue
      store<i32>(changed + (w << 2), 0)
      const word = (block >>> 5) + w
      const at = words + (word << 2)
      store<i32>(at, load<i32>(at) | bits)
      const over = summary + (word >>> 5 << 2)
      store<i32>(over, load<i32>(over) | (1 << (word & 31)))
      total += popcnt(bits)
    }
  }
  return total
}

// @ts-ignore: decorator
@inline
function fill64(at: u32, value: v128): void {
  v128.store(at, value)
  v128.store(at, value, 16)
  v128.store(at, value, 32)
  v128.store(at, value, 48)
}

/**
 * The words of a block that the four-row kernel left out: other kinds of group, words at the ends of the range and of
 * the columns, words with few live rows.
 */
function slow(
  g: u32,
  kind: i32,
  block: u32,
  from: u32,
  till: u32,
  live: u32,
  changed: u32,
  to: u32,
  stride: u32,
  force: i32,
): i32 {
  const bytes = load<u32>(g, 4) << 2
  const step = load<u32>(g, 12)
  // Rows that are the column's own bytes: 32 of them are compared as one piece.
  const whole = kind == RUN && bytes == step && bytes == stride && !force
  const base = load<u32>(g, 16) + block * step
  let any = 0
  for (let w: u32 = 0; w < BLOCK_WORDS; w++) {
    let bits = live ? load<i32>(live + (w << 2)) : -1
    if (!bits) continue
    const row = w << 5
    const t = to + row * stride
    if (w >= from && w < till && popcnt(bits) >= FEW) {
      if (kind == SCALARS) continue
      if (whole && equal(base + row * step, t, bytes << 5)) continue
    }
    bits = kind > RUN ? halves(g, block + row, bits, t, stride) : rows(g, block + row, bits, t, stride)
    if (bits) {
      any = 1
      store<i32>(changed + (w << 2), load<i32>(changed + (w << 2)) | bits)
    }
  }
  return any
}

/** Whether two pieces of memory hold the same bytes; `bytes` is a multiple of 128. */
function equal(a: u32, b: u32, bytes: u32): bool {
  const end = a + bytes
  let acc = i32x4.splat(0)
  while (a != end) {
    acc = v128.or(acc, v128.xor(v128.load(a), v128.load(b)))
    acc = v128.or(acc, v128.xor(v128.load(a, 16), v128.load(b, 16)))
    acc = v128.or(acc, v128.xor(v128.load(a, 32), v128.load(b, 32)))
    acc = v128.or(acc, v128.xor(v128.load(a, 48), v128.load(b, 48)))
    a += 64
    b += 64
  }
  return !v128.any_true(acc)
}

/** Rows of `bits` one by one, for any group of 32-bit scalars. */
function rows(g: u32, row0: u32, bits: i32, to: u32, stride: u32): i32 {
  const isRun = load<i32>(g) == RUN
  const n = load<u32>(g, 4)
  const step = load<u32>(g, 12)
  let differ = 0
  for (; bits; bits &= bits - 1) {
    const r = ctz(bits)
    const t = to + r * stride
    if (isRun) {
      const index = indexOf(g, row0 + r)
      if (index < load<u32>(g, 32)) {
        const s = load<u32>(g, 16) + index * step
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
        const v = index < load<u32>(g + k, 32) ? load<i32>(load<u32>(g + k, 16) + (index << 2)) : 0
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
    const v = index < load<u32>(g, 32) ? half(load<u32>(load<u32>(g, 16) + index * load<u32>(g, 12))) : 0
    const t = to + r * stride
    if (v != load<u16>(t)) {
      store<u16>(t, v)
      differ |= 1 << r
    }
  }
  return differ
}

/** What a row reads: the row's own number, or what the table says. */
// @ts-ignore: decorator
@inline
function indexOf(g: u32, row: u32): u32 {
  const table = load<i32>(g, 48)
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
