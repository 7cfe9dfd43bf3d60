import { InvalidAlignment, InvalidSize } from './errors.ts'
import { MAX_RESERVE_BYTES } from './reserve.ts'

/** Throws InvalidSize unless `value` is a whole number in min…max. */
export function requireSize(what: string, value: number, min: number, max: number): void {
  // NaN fails both comparisons; anything that is no number fails the third test.
  if (!(value >= min && value <= max && Math.floor(value) === value))
    throw new InvalidSize(what, value, min, max)
}

/**
 * Throws InvalidSize unless a store of entities 0 … `capacity`, `bytes` each, fits the largest heap there can be: what was asked
 * for is the capacity, so the error names that.
 */
export function requireCapacity(label: string, capacity: number, bytes: number): void {
  const most = Math.floor(MAX_RESERVE_BYTES / bytes) - 1
  requireSize(`${label}: capacity`, capacity, 1, Math.max(1, most))
}

/** Throws InvalidAlignment unless `value` is a power of two in 1…max, max at most 2³⁰. */
export function requireAlignment(what: string, value: number, max: number): void {
  if (!(value >= 1 && value <= max && (value & (value - 1)) === 0 && Math.floor(value) === value)) {
    throw new InvalidAlignment(what, value, max)
  }
}
