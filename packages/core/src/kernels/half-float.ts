const float = new Float32Array(1)
const word = new Uint32Array(float.buffer)

/**
 * Rounds the bits of an f32 to the bits of the nearest f16, ties to even. Too large values become
 * infinity; a NaN keeps the top ten bits of its payload and becomes quiet, as in hardware.
 */
export function halfFromFloatBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  // From 65520 on, half way from the largest f16 to the next power of two, all rounds to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude >= 0x38800000) {
    // Normal: bias from 127 to 15, mantissa from 23 bits to 10; half of the cut is 0xfff + odd bit.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13)
  }
  // Below 2⁻²⁵, and at it, all rounds to zero.
  if (magnitude <= 0x33000000) return sign
  // Subnormal, in units of 2⁻²⁴: the mantissa and its hidden bit, shifted down and rounded.
  const shift = 126 - (magnitude >>> 23)
  const mantissa = (magnitude & 0x7fffff) | 0x800000
  const kept = mantissa >>> shift
  const cut = mantissa & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return sign | (kept + (cut > half || (cut === half && (kept & 1) === 1) ? 1 : 0))
}

/**
 * Rounds a number to f32 so that rounding that to f16 gives the same as rounding the number itself.
 * This is "round to odd": an inexact result gets its last bit set, and an odd f32 never lies half
 * way between two f16.
 */
export function roundToOdd(value: number): number {
  const rounded = Math.fround(value)
  if (rounded === value || value !== value) return rounded
  float[0] = rounded
  const truncated = Math.abs(rounded) > Math.abs(value) ? word[0] - 1 : word[0]
  word[0] = truncated | 1
  return float[0]
}

/** Returns the bits of the nearest 16-bit float: ties go to even, too large values to infinity. */
export function halfBits(value: number): number {
  float[0] = roundToOdd(value)
  return halfFromFloatBits(word[0])
}

/** Returns the value of the 16-bit float with these bits. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const mantissa = bits & 0x3ff
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN
  // Below 2⁻¹⁴ there is no hidden bit, and the exponent is that of 1.
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25))
}
