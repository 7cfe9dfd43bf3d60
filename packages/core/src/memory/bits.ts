/** Number of the lowest bit that is set; `bits` must not be zero. */
export function trailingZeros(bits: number): number {
  return 31 - Math.clz32(bits & -bits)
}

/** How many of the 32 bits are set. */
export function popcount(bits: number): number {
  let b = bits - ((bits >>> 1) & 0x55555555)
  b = (b & 0x33333333) + ((b >>> 2) & 0x33333333)
  return Math.imul((b + (b >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The next multiple of `align` at or above `bytes`. */
export function roundUp(bytes: number, align: number): number {
  return Math.ceil(bytes / align) * align
}
