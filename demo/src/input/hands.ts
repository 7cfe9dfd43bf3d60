import type { View } from '../draw/view.ts'
import { thickest } from '../rules/aim.ts'
import type { Game } from '../rules/game.ts'
import { Gamepad, type PadPress } from './gamepad.ts'
import { Keyboard } from './keyboard.ts'
import { Pointer } from './pointer.ts'

/** World units ahead of the ship that a gamepad's stick aims at. */
const AHEAD = 300

/** All that one steers with. Whatever is used counts; they may be mixed. */
export class Hands {
  readonly #keyboard: Keyboard
  readonly #pointer: Pointer
  readonly #gamepad = new Gamepad()
  readonly #press: (press: PadPress) => void

  /** @param press called with each press of a gamepad's button */
  constructor(canvas: HTMLElement, signal: AbortSignal, press: (press: PadPress) => void) {
    this.#keyboard = new Keyboard(signal)
    this.#pointer = new Pointer(canvas, document.querySelector<HTMLElement>('#stick')!, signal)
    this.#press = press
  }

  /** A system, whatever the game does: buttons of a gamepad. */
  look(): void {
    this.#gamepad.look(this.#press)
  }

  /** A system: tells the ship what to do. */
  steer(game: Game, view: View): void {
    const keyboard = this.#keyboard
    const pointer = this.#pointer
    const gamepad = this.#gamepad
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
    // A finger steers, and can't aim: what the ship does for it counts as aimed.
    else if (pointer.touching) controls.aim = thickest(game.grid, ship.x, ship.y)
    else controls.aim = undefined
  }
}
