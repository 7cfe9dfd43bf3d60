/**
 * The wind, which keeps flocks from standing still: sines of place and time. Turned by a right
 * angle, the slope of a smooth hill blows along its contours: no place fills up, none runs empty.
 */
export function windX(x: number, y: number, time: number): number {
  return Math.cos(y * 0.0093 + time * 0.37) + 0.6 * Math.cos(y * 0.021 - x * 0.008 + time * 0.71)
}

export function windY(x: number, y: number, time: number): number {
  return Math.sin(x * 0.0087 - time * 0.29) + 0.6 * Math.sin(x * 0.019 + y * 0.011 - time * 0.53)
}
