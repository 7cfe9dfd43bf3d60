/**
 * What the player wants the ship to do. Hands, gamepad and autopilot write it, the ship reads it.
 */
export interface Controls {
  /** Where to, −1 … 1 each, y upwards. */
  x: number
  y: number
  fire: boolean
  /** A place in the arena to aim at. Undefined: the ship aims at the thickest flock. */
  aim: { readonly x: number; readonly y: number } | undefined
}

/** Hands off. */
export function restingControls(): Controls {
  return { x: 0, y: 0, fire: false, aim: undefined }
}
