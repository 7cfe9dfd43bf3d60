/** Below this, a stick counts as let go. */
const REST = 0.18
const START_BUTTON = 9

/**
 * The first gamepad with the standard layout: left stick steers, right stick aims and shoots, start
 * pauses.
 */
export class Gamepad {
  x = 0
  y = 0
  aimX = 0
  aimY = 0
  fire = false
  #started = false

  /** @returns whether start was pressed since the last look */
  look(): boolean {
    const pad = navigator.getGamepads().find((pad) => pad?.mapping === 'standard')
    if (pad === null || pad === undefined) return false
    const [x, y, aimX, aimY] = pad.axes
    const steers = Math.hypot(x, y) > REST
    const aims = Math.hypot(aimX, aimY) > REST
    this.x = steers ? x : 0
    this.y = steers ? -y : 0
    this.aimX = aims ? aimX : 0
    this.aimY = aims ? -aimY : 0
    this.fire = aims || pad.buttons[0].pressed || pad.buttons[7].pressed
    const started = pad.buttons[START_BUTTON].pressed
    const now = started && !this.#started
    this.#started = started
    return now
  }
}
