const scratch = new DataView(new ArrayBuffer(4))

/**
 * The f16 nearest to an f32, ties to even; both as bits. Too large becomes infinity, a NaN keeps the top ten bits of
 * its payload and becomes quiet, as hardware does it.
 */
export function halfFromFloatBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  // From 65520 on, half way between the largest f16 and the next power of two, all rounds to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    // Normal: exponent bias from 127 to 15, mantissa from 23 bits to 10; half of what is cut off is 0xfff + odd bit.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  }
  // Below 2⁻²⁵, and at it, all rounds to zero.
  if (magnitude <= 0x33000000) return sign
  // Subnormal: units of 2⁻²⁴. The mantissa with its hidden bit, shifted down, rounded by what falls out.
  const shift = 126 - (magnitude >>> 23)
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  const kept = mantissa >>> shift
  const cut = mantissa & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return sign | (kept + (cut > half || (cut === half && (kept & 1) === 1) ? 1 : 0))
}

/**
 * Rounds to f32 by way of "round to odd": an inexact result gets its last bit set. An f16 made from it is then the
 * same as one made from the number itself, because an odd f32 never lies half way between two f16.
 */
export function roundToOdd(value: number): number {
  const rounded = Math.fround(value)
  if (rounded === value || value !== value) return rounded
  scratch.setFloat32(0, rounded)
  const bits = scratch.getUint32(0)
  const truncated = Math.abs(rounded) > Math.abs(value) ? bits - 1 : bits
  scratch.setUint32(0, (truncated | 1) >>> 0)
  return scratch.getFloat32(0)
}
