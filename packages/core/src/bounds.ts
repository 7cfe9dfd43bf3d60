import { InvalidAlignment, InvalidSize } from './errors.ts'

/** Throws InvalidSize unless `value` is a whole number in min…max. */
export function requireSize(what: string, value: number, min: number, max: number): void {
  // NaN fails both comparisons; anything that is no number fails the third test.
  if (!(value >= min && value <= max && Math.floor(value) === value))
    throw new InvalidSize(what, value, min, max)
}

/** Throws InvalidAlignment unless `value` is a power of two in 1…max, max at most 2³⁰. */
export function requireAlignment(what: string, value: number, max: number): void {
  if (!(value >= 1 && value <= max && (value & (value - 1)) === 0 && Math.floor(value) === value)) {
    throw new InvalidAlignment(what, value, max)
  }
}
