import { MirrorTooLarge, type Mirror } from '@memkit/coordinator'

/**
 * Makes room for `rows` rows, or for as many as the device allows.
 * @returns what growing threw: the mirror is as it was
 */
export function growAsFar(mirror: Mirror, rows: number): unknown {
  try {
    if (rows > mirror.capacity) mirror.grow(Math.min(rows, mirror.mostRows))
  } catch (error) {
    return error
  }
  return undefined
}

/** Why a mirror that grew as far as it can has no room for `rows` rows. */
export function tooFewRows({ label, mostRows, stride }: Mirror, rows: number): MirrorTooLarge {
  return new MirrorTooLarge({ label, requested: rows * stride, max: mostRows * stride })
}
