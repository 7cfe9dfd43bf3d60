/** Below this, a stick counts as let go. */
const REST = 0.18
/** Above this, the left stick moves between buttons. */
const NUDGE = 0.6

/** What a gamepad's button says, once for each press. */
export type PadPress = 'start' | 'accept' | 'back' | 'next' | 'previous'

/** Buttons of the standard layout. */
const presses: Readonly<Record<number, PadPress>> = {
  0: 'accept',
  1: 'back',
  9: 'start',
  12: 'previous',
  13: 'next',
  14: 'previous',
  15: 'next',
}

/**
 * The first gamepad with the standard layout: left stick steers, right stick aims and shoots, start
 * starts, pauses and resumes; between games and waves, cross or stick move and the first button
 * presses.
 */
export class Gamepad {
  x = 0
  y = 0
  aimX = 0
  aimY = 0
  fire = false
  readonly #down = new Set<string>()

  /** @param pressed called for each press since the last look */
  look(pressed: (press: PadPress) => void): void {
    const pad = navigator.getGamepads().find((pad) => pad?.mapping === 'standard')
    if (pad === null || pad === undefined) {
      this.x = this.y = this.aimX = this.aimY = 0
      this.fire = false
      return
    }
    const [x, y, aimX, aimY] = pad.axes
    const steers = Math.hypot(x, y) > REST
    const aims = Math.hypot(aimX, aimY) > REST
    this.x = steers ? x : 0
    this.y = steers ? -y : 0
    this.aimX = aims ? aimX : 0
    this.aimY = aims ? -aimY : 0
    this.fire = aims || pad.buttons[0].pressed || pad.buttons[7].pressed
    for (const [button, press] of Object.entries(presses))
      this.#edge(button, pad.buttons[Number(button)]?.pressed ?? false, press, pressed)
    this.#edge('forwards', Math.max(x, y) > NUDGE, 'next', pressed)
    this.#edge('backwards', Math.min(x, y) < -NUDGE, 'previous', pressed)
  }

  #edge(name: string, down: boolean, press: PadPress, pressed: (press: PadPress) => void): void {
    const was = this.#down.has(name)
    if (down) this.#down.add(name)
    else this.#down.delete(name)
    if (down && !was) pressed(press)
  }
}
