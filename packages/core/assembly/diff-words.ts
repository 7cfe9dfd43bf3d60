// The kernel that compares columns as words, in AssemblyScript; `js-kernels.ts` is its twin.
// @ts-nocheck

export function diffWords(source: u32, copy: u32, count: u32, words: u32, summary: u32, first: u32): u32 {
  let total: u32 = 0
  let bit = first
  const end = first + count
  // Up to the first whole word of bits, and behind the last.
  const head = min(end, (first + 31) & -32)
  if (bit < head) total = few(source, copy, words, summary, bit, head)
  let from = source + ((head - bit) << 2)
  let to = copy + ((head - bit) << 2)
  bit = head
  for (; bit + 32 <= end; bit += 32, from += 128, to += 128) {
    const a = v128.load(from)
    const b = v128.load(from, 16)
    const c = v128.load(from, 32)
    const d = v128.load(from, 48)
    const e = v128.load(from, 64)
    const f = v128.load(from, 80)
    const g = v128.load(from, 96)
    const h = v128.load(from, 112)
    const na = i32x4.ne(a, v128.load(to))
    const nb = i32x4.ne(b, v128.load(to, 16))
    const nc = i32x4.ne(c, v128.load(to, 32))
    const nd = i32x4.ne(d, v128.load(to, 48))
    const ne = i32x4.ne(e, v128.load(to, 64))
    const nf = i32x4.ne(f, v128.load(to, 80))
    const ng = i32x4.ne(g, v128.load(to, 96))
    const nh = i32x4.ne(h, v128.load(to, 112))
    const near = v128.or(v128.or(na, nb), v128.or(nc, nd))
    const far = v128.or(v128.or(ne, nf), v128.or(ng, nh))
    if (!v128.any_true(v128.or(near, far))) continue
    const low = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(na, nb), i16x8.narrow_i32x4_s(nc, nd)))
    const high = i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(ne, nf), i16x8.narrow_i32x4_s(ng, nh)))
    v128.store(to, a)
    v128.store(to, b, 16)
    v128.store(to, c, 32)
    v128.store(to, d, 48)
    v128.store(to, e, 64)
    v128.store(to, f, 80)
    v128.store(to, g, 96)
    v128.store(to, h, 112)
    total += note(words, summary, bit >>> 5, low | (high << 16))
  }
  return bit < end ? total + few(from, to, words, summary, bit, end) : total
}

/** Words of one word of bits, one by one. */
function few(from: u32, to: u32, words: u32, summary: u32, bit: u32, end: u32): u32 {
  const w = bit >>> 5
  let bits: u32 = 0
  for (; bit < end; bit++, from += 4, to += 4) {
    const value = load<u32>(from)
    if (value == load<u32>(to)) continue
    store<u32>(to, value)
    bits |= 1 << (bit & 31)
  }
  return bits ? note(words, summary, w, bits) : 0
}

@inline
function note(words: u32, summary: u32, w: u32, bits: u32): u32 {
  const at = words + (w << 2)
  store<u32>(at, load<u32>(at) | bits)
  const over = summary + (w >>> 5 << 2)
  store<u32>(over, load<u32>(over) | (1 << (w & 31)))
  return popcnt(bits)
}
