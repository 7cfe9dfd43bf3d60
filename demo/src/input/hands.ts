import type { View } from '../draw/view.ts'
import type { Game } from '../rules/game.ts'
import { Gamepad } from './gamepad.ts'
import { Keyboard } from './keyboard.ts'
import { Pointer } from './pointer.ts'

/** World units ahead of the ship that a gamepad's stick aims at. */
const AHEAD = 300

/** All that one steers with. Whatever is used counts; they may be mixed. */
export class Hands {
  readonly #keyboard: Keyboard
  readonly #pointer: Pointer
  readonly #gamepad = new Gamepad()
  readonly #start: () => void

  /** @param start called when a gamepad's start button is pressed */
  constructor(canvas: HTMLElement, signal: AbortSignal, start: () => void) {
    this.#keyboard = new Keyboard(signal)
    this.#pointer = new Pointer(canvas, document.querySelector<HTMLElement>('#stick')!, signal)
    this.#start = start
  }

  /** A system: tells the ship what to do. */
  steer(game: Game, view: View): void {
    const keyboard = this.#keyboard
    const pointer = this.#pointer
    const gamepad = this.#gamepad
    if (gamepad.look()) this.#start()
    const { controls, ship } = game
    const x = keyboard.x + pointer.x + gamepad.x
    const y = keyboard.y + pointer.y + gamepad.y
    const most = Math.max(1, Math.hypot(x, y))
    controls.x = x / most
    controls.y = y / most
    controls.fire = keyboard.fire || pointer.fire || pointer.touching || gamepad.fire
    if (gamepad.aimX !== 0 || gamepad.aimY !== 0)
      controls.aim = { x: ship.x + gamepad.aimX * AHEAD, y: ship.y + gamepad.aimY * AHEAD }
    else if (pointer.mouse !== undefined && !keyboard.fire)
      controls.aim = view.worldAt(pointer.mouse.x, pointer.mouse.y)
    else controls.aim = undefined
  }
}
