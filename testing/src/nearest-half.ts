/** The sizes of all f16 that are finite, in order; the index is their bits. */
export const halves: readonly number[] = Array.from({ length: 0x7c00 }, (_, bits) => {
  const exponent = bits >>> 10
  const mantissa = bits & 0x3ff
  return exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15)
})

/** Bits of the f16 nearest to a number, of two as near the even one. Looked up, not worked out. */
export function nearestHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size >= 65520) return sign | 0x7c00
  let low = 0
  let high = halves.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (halves[middle] <= size) low = middle
    else high = middle - 1
  }
  if (low === halves.length - 1) return sign | low
  const below = size - halves[low]
  const above = halves[low + 1] - size
  return sign | (below < above || (below === above && low % 2 === 0) ? low : low + 1)
}
