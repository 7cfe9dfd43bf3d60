// Rows of one to four scalars, each from a column of its own, four rows at a time: the inner loop of the diff + pack
// kernel, called by `diff-pack.as.ts` for each block. Compiled by scripts/build-kernels.mjs into generated/scalars.ts.
// @ts-nocheck

/** Below so many live rows of 32, `diff-pack.as.ts` handles the rows one by one. */
const FEW: i32 = 8

/** Bits 0 to 3: whether each of four rows has a lane that differs, from lane-wise "is equal" of each. */
// @ts-ignore: decorator
@inline
function differing(e0: v128, e1: v128, e2: v128, e3: v128): i32 {
  const e01 = i16x8.narrow_i32x4_s(e0, e1)
  const e23 = i16x8.narrow_i32x4_s(e2, e3)
  let ne = ~i8x16.bitmask(i8x16.narrow_i16x8_s(e01, e23)) & 0xffff
  // Each nibble to its lowest bit, then the four of them side by side.
  ne |= ne >>> 2
  ne = (ne | (ne >>> 1)) & 0x1111
  return ((ne * 0x1248) >>> 12) & 15
}

/**
 * 32 rows of `n` scalars from as many columns.
 *
 *     for each row r of 32: row = [a[r], b[r], c[r], d[r]]
 *       if row differs from the n scalars at to + r × stride: write them there and set bit r
 *
 * Four rows at a time: four values of each column are loaded and transposed to four rows.
 */
// @ts-ignore: decorator
@inline
function word(n: i32, a: u32, b: u32, c: u32, d: u32, to: u32, stride: u32, live: i32, force: i32): i32 {
  let bits = 0
  if (!force) {
    let acc = i32x4.splat(0)
    let t = to
    for (let i: u32 = 0; i < 128; i += 16) {
      const va = v128.load(a + i)
      if (n == 1) {
        acc = v128.or(acc, v128.xor(va, load4(t, stride)))
      } else {
        const vb = v128.load(b + i)
        const ab0 = v128.shuffle<i32>(va, vb, 0, 4, 1, 5)
        const ab1 = v128.shuffle<i32>(va, vb, 2, 6, 3, 7)
        if (n == 2) {
          acc = v128.or(acc, v128.xor(ab0, load2(t, stride)))
          acc = v128.or(acc, v128.xor(ab1, load2(t + 2 * stride, stride)))
        } else {
          const vc = v128.load(c + i)
          const vd = n == 4 ? v128.load(d + i) : vc
          const cd0 = v128.shuffle<i32>(vc, vd, 0, 4, 1, 5)
          const cd1 = v128.shuffle<i32>(vc, vd, 2, 6, 3, 7)
          acc = v128.or(acc, v128.xor(v128.shuffle<i64>(ab0, cd0, 0, 2), v128.load(t)))
          acc = v128.or(acc, v128.xor(v128.shuffle<i64>(ab0, cd0, 1, 3), v128.load(t + stride)))
          acc = v128.or(acc, v128.xor(v128.shuffle<i64>(ab1, cd1, 0, 2), v128.load(t + 2 * stride)))
          acc = v128.or(acc, v128.xor(v128.shuffle<i64>(ab1, cd1, 1, 3), v128.load(t + 3 * stride)))
        }
      }
      t += stride << 2
    }
    if (n == 3) acc = v128.and(acc, i32x4(-1, -1, -1, 0))
    if (!v128.any_true(acc)) return 0
  }
  for (let i: u32 = 0; i < 128; i += 16) {
    const row: i32 = (i as i32) >> 2
    const wanted = (live >>> row) & 15
    let four = 15
    const va = v128.load(a + i)
    if (n == 1) {
      if (!force) four = ~i32x4.bitmask(i32x4.eq(va, load4(to, stride))) & wanted
      else four = wanted
      if (four) {
        if (stride == 4 && wanted == 15) v128.store(to, va)
        else {
          if (four & 1) v128.store32_lane(to, va, 0)
          if (four & 2) v128.store32_lane(to + stride, va, 1)
          if (four & 4) v128.store32_lane(to + 2 * stride, va, 2)
          if (four & 8) v128.store32_lane(to + 3 * stride, va, 3)
        }
      }
    } else {
      const vb = v128.load(b + i)
      const ab0 = v128.shuffle<i32>(va, vb, 0, 4, 1, 5)
      const ab1 = v128.shuffle<i32>(va, vb, 2, 6, 3, 7)
      if (n == 2) {
        if (!force) {
          const e0 = i64x2.eq(ab0, load2(to, stride))
          const e1 = i64x2.eq(ab1, load2(to + 2 * stride, stride))
          four = ~(i64x2.bitmask(e0) | (i64x2.bitmask(e1) << 2)) & wanted
        } else four = wanted
        if (four) {
          if (four & 1) v128.store64_lane(to, ab0, 0)
          if (four & 2) v128.store64_lane(to + stride, ab0, 1)
          if (four & 4) v128.store64_lane(to + 2 * stride, ab1, 0)
          if (four & 8) v128.store64_lane(to + 3 * stride, ab1, 1)
        }
      } else {
        const vc = v128.load(c + i)
        const vd = n == 4 ? v128.load(d + i) : vc
        const cd0 = v128.shuffle<i32>(vc, vd, 0, 4, 1, 5)
        const cd1 = v128.shuffle<i32>(vc, vd, 2, 6, 3, 7)
        const r0 = v128.shuffle<i64>(ab0, cd0, 0, 2)
        const r1 = v128.shuffle<i64>(ab0, cd0, 1, 3)
        const r2 = v128.shuffle<i64>(ab1, cd1, 0, 2)
        const r3 = v128.shuffle<i64>(ab1, cd1, 1, 3)
        if (!force) {
          let e0 = i32x4.eq(r0, v128.load(to))
          let e1 = i32x4.eq(r1, v128.load(to + stride))
          let e2 = i32x4.eq(r2, v128.load(to + 2 * stride))
          let e3 = i32x4.eq(r3, v128.load(to + 3 * stride))
          if (n == 3) {
            const pad = i32x4(0, 0, 0, -1)
            e0 = v128.or(e0, pad)
            e1 = v128.or(e1, pad)
            e2 = v128.or(e2, pad)
            e3 = v128.or(e3, pad)
          }
          four = differing(e0, e1, e2, e3) & wanted
        } else four = wanted
        if (four) {
          if (wanted == 15) {
            storeRow(n, to, r0)
            storeRow(n, to + stride, r1)
            storeRow(n, to + 2 * stride, r2)
            storeRow(n, to + 3 * stride, r3)
          } else {
            if (four & 1) storeRow(n, to, r0)
            if (four & 2) storeRow(n, to + stride, r1)
            if (four & 4) storeRow(n, to + 2 * stride, r2)
            if (four & 8) storeRow(n, to + 3 * stride, r3)
          }
        }
      }
    }
    bits |= four << row
    to += stride << 2
  }
  return bits
}

// @ts-ignore: decorator
@inline
function storeRow(n: i32, to: u32, row: v128): void {
  if (n == 4) v128.store(to, row)
  else {
    v128.store64_lane(to, row, 0)
    v128.store32_lane(to, row, 2, 8)
  }
}

/** One scalar of each of four rows. */
// @ts-ignore: decorator
@inline
function load4(t: u32, stride: u32): v128 {
  if (stride == 4) return v128.load(t)
  let v = v128.load32_zero(t)
  v = v128.load32_lane(t + stride, v, 1)
  v = v128.load32_lane(t + 2 * stride, v, 2)
  return v128.load32_lane(t + 3 * stride, v, 3)
}

/** Two scalars of each of two rows. */
// @ts-ignore: decorator
@inline
function load2(t: u32, stride: u32): v128 {
  return v128.load64_lane(t + stride, v128.load64_zero(t), 1)
}

// @ts-ignore: decorator
@inline
function scalars(
  n: i32,
  g: u32,
  block: u32,
  from: u32,
  till: u32,
  live: u32,
  changed: u32,
  to: u32,
  stride: u32,
  force: i32,
): i32 {
  const a = load<u32>(g, 16) + (block << 2)
  const b = n > 1 ? load<u32>(g, 20) + (block << 2) : 0
  const c = n > 2 ? load<u32>(g, 24) + (block << 2) : 0
  const d = n > 3 ? load<u32>(g, 28) + (block << 2) : 0
  let any = 0
  for (let w = from; w < till; w++) {
    const bits = live ? load<i32>(live + (w << 2)) : -1
    if (popcnt(bits) < FEW) continue
    const at = w << 7
    const t = to + (w << 5) * stride
    const differ = word(n, a + at, b + at, c + at, d + at, t, stride, bits, force)
    if (differ) {
      any = 1
      store<i32>(changed + (w << 2), load<i32>(changed + (w << 2)) | differ)
    }
  }
  return any
}

export function scalars1(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32 {
  return scalars(1, g, block, from, till, live, changed, to, stride, force)
}
export function scalars2(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32 {
  return scalars(2, g, block, from, till, live, changed, to, stride, force)
}
export function scalars3(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32 {
  return scalars(3, g, block, from, till, live, changed, to, stride, force)
}
export function scalars4(g: u32, block: u32, from: u32, till: u32, live: u32, changed: u32, to: u32, stride: u32, force: i32): i32 {
  return scalars(4, g, block, from, till, live, changed, to, stride, force)
}

