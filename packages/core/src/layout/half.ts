import { halfFromFloatBits, roundToOdd } from '../kernels/half-float.ts'

const float = new Float32Array(1)
const word = new Uint32Array(float.buffer)

/** Bits of the 16-bit float next to `value`: ties to even, too big becomes infinity. */
export function halfBits(value: number): number {
  float[0] = roundToOdd(value)
  return halfFromFloatBits(word[0])
}

/** Value of the 16-bit float with these bits. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >>> 10) & 31
  const mantissa = bits & 0x3ff
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN
  // Below 2⁻¹⁴ there is no hidden bit, and the exponent is that of 1.
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25))
}
