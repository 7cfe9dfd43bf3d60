import { MirrorTooLarge, type AnyMirror } from '@memkit/coordinator'

/**
 * Makes room for `rows` rows, or for as many as the device allows.
 * @returns what growing threw: the mirror is as it was
 */
export function growAsFar(mirror: AnyMirror, rows: number): unknown {
  try {
    if (rows > mirror.capacity) mirror.grow(Math.min(rows, mirror.mostRows))
  } catch (error) {
    return error
  }
  return undefined
}

/** Why a mirror that grew as far as it can has no room for `rows` rows. */
export function tooFewRows(mirror: AnyMirror, rows: number): MirrorTooLarge {
  const { label, mostRows } = mirror
  const stride = 'bytesPerRow' in mirror ? mirror.bytesPerRow : mirror.stride
  return new MirrorTooLarge({ label, requested: rows * stride, max: mostRows * stride })
}
