/** All halves from 0 to the greatest, by their bits. */
const halves = Float64Array.from({ length: 0x7c00 }, (_, bits) => {
  const exponent = bits >> 10
  const fraction = bits & 0x3ff
  return exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25)
})

/** Bits of the half that is nearest to a number, of two equally near the even one. By looking it up, not by arithmetic on bits. */
export function nearestHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  // Halfway from the greatest half to the next that there would be.
  if (size >= 65_520) return sign | 0x7c00
  let low = 0
  let high = halves.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (halves[middle] <= size) low = middle
    else high = middle
  }
  const above = low + 1 < halves.length ? halves[low + 1] : 65_536
  const [down, up] = [size - halves[low], above - size]
  return sign | (up < down || (up === down && low % 2 === 1) ? low + 1 : low)
}
