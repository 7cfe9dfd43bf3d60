import type { World } from 'bitecs'
import type { PadPress } from '../input/gamepad.ts'
import { hasOwnJob } from '../input/keyboard.ts'
import type { Game } from '../rules/game.ts'
import type { Phase } from '../rules/match.ts'
import type { Settings } from '../settings.ts'
import type { Sound } from './sound.ts'

/** What keys and buttons of the page do, by the name in their `data-command`. */
export type Command =
  | 'start'
  | 'daily'
  | 'pause'
  | 'help'
  | 'sound'
  | 'panel'
  | 'inspector'
  | 'byHand'
  | 'share'
  | 'card0'
  | 'card1'
  | 'card2'

const keys: Readonly<Record<string, Command>> = {
  Enter: 'start',
  Escape: 'pause',
  p: 'pause',
  h: 'help',
  '?': 'help',
  m: 'sound',
  u: 'panel',
  i: 'inspector',
  b: 'byHand',
  '1': 'card0',
  '2': 'card1',
  '3': 'card2',
}

/** Milliseconds for which the end is shown before anything can start a new game. */
const END_IS_SHOWN = 900

declare global {
  /** The command of the last button that was clicked before the game listened (see index.html). */
  var earlyCommand: string | undefined
}

/** What a game's page opens. */
export interface Opened {
  readonly panel: () => void
  readonly inspector: () => void
  readonly byHand: () => void
  readonly share: () => void
}

/** Everything that one asks of the game beside steering. */
export class Commands {
  readonly #game: Game
  readonly #world: World
  readonly #settings: Settings
  readonly #sound: Sound
  readonly #open: Opened
  /** The phase in which each key that is down was pressed. */
  readonly #pressedIn = new Map<string, Phase>()
  #overSince = Number.NaN

  constructor(game: Game, world: World, settings: Settings, sound: Sound, open: Opened, signal: AbortSignal) {
    this.#game = game
    this.#world = world
    this.#settings = settings
    this.#sound = sound
    this.#open = open
    addEventListener('keydown', (event) => this.#key(event), { signal, capture: true })
    addEventListener('keyup', (event) => this.#keyUp(event), { signal, capture: true })
    for (const button of document.querySelectorAll<HTMLElement>('[data-command]')) {
      button.addEventListener('click', () => this.run(button.dataset['command'] as Command), { signal })
      // A button beside the game does not take the keys away from it.
      if (button.closest('.buttons') !== null)
        button.addEventListener('mousedown', (event) => event.preventDefault(), { signal })
    }
    // Pause a game that is not visible.
    const leave = (): void => {
      if (document.hidden && game.match.phase === 'playing') this.run('pause')
    }
    document.addEventListener('visibilitychange', leave, { signal })
    const early = globalThis.earlyCommand
    globalThis.earlyCommand = undefined
    if (early !== undefined) this.run(early as Command)
  }

  run(command: Command): void {
    const { match } = this.#game
    const helping = document.documentElement.classList.contains('helping')
    if (helping && command !== 'help' && command !== 'pause' && command !== 'sound') return
    if (command === 'start' || command === 'daily') this.#start(command === 'daily')
    else if (command === 'pause') {
      if (!this.#closeHelp()) match.togglePause()
    } else if (command === 'help') {
      if (this.#closeHelp()) return
      document.documentElement.classList.add('helping')
      if (match.phase === 'playing') match.togglePause()
      // The rest can be neither reached nor read while the dialog is open.
      for (const screen of document.querySelectorAll<HTMLElement>('.screen:not(#help), #hud'))
        screen.inert = true
      document.querySelector<HTMLElement>('#help button')!.focus()
    } else if (command === 'sound') {
      document.querySelector('#sound')!.setAttribute('aria-pressed', String(this.#sound.toggle()))
    } else if (command === 'card0') this.#game.choose(this.#world, 0)
    else if (command === 'card1') this.#game.choose(this.#world, 1)
    else if (command === 'card2') this.#game.choose(this.#world, 2)
    else this.#open[command]()
  }

  /** A gamepad's button: what the focused button does, or what its start button does. */
  press(button: PadPress): void {
    const { phase } = this.#game.match
    const helping = document.documentElement.classList.contains('helping')
    if (phase === 'playing' && !helping) {
      if (button === 'start') this.run('pause')
      return
    }
    if (button === 'back') {
      if (helping || phase === 'paused') this.run('pause')
      return
    }
    if (button === 'start' && !helping && phase !== 'choosing') {
      this.run('start')
      return
    }
    const screen = helping ? 'help' : phase
    const buttons = [...document.querySelectorAll<HTMLElement>(`#${screen} button`)]
    const at = buttons.indexOf(document.activeElement as HTMLElement)
    if (button === 'next') buttons[(at + 1) % buttons.length]?.focus()
    else if (button === 'previous') buttons.at(at <= 0 ? -1 : at - 1)?.focus()
    else (buttons[at] ?? buttons[0])?.click()
  }

  #start(daily: boolean): void {
    const { match } = this.#game
    if (match.phase === 'paused') match.togglePause()
    else if (match.phase === 'title' || (match.phase === 'over' && this.#endWasShown()))
      this.#game.start(this.#world, daily ? dailySeed(new Date()) : this.#nextSeed())
  }

  #nextSeed(): number {
    const { seed, seedAsked, fixed } = this.#settings
    return seedAsked || fixed ? seed : Math.floor(Math.random() * 2 ** 31)
  }

  #endWasShown(): boolean {
    this.watch()
    return performance.now() - this.#overSince > END_IS_SHOWN
  }

  /** To be called in every frame: notes when a game ends. */
  watch(): void {
    if (this.#game.match.phase !== 'over') this.#overSince = Number.NaN
    else if (Number.isNaN(this.#overSince)) this.#overSince = performance.now()
  }

  /** @returns whether it was open */
  #closeHelp(): boolean {
    const { classList } = document.documentElement
    if (!classList.contains('helping')) return false
    classList.remove('helping')
    for (const screen of document.querySelectorAll<HTMLElement>('.screen, #hud')) screen.inert = false
    const screen = document.querySelector<HTMLElement>(`#${this.#game.match.phase} button`)
    ;(screen ?? document.querySelector<HTMLElement>('#stage')!).focus()
    return true
  }

  #key(event: KeyboardEvent): void {
    const { phase } = this.#game.match
    const activates = event.key === 'Enter' || event.key === ' '
    if (event.repeat) {
      // A key that is held since before presses no button.
      if (activates && this.#pressedIn.get(event.code) !== phase) event.preventDefault()
      return
    }
    this.#pressedIn.set(event.code, phase)
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const command = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    const between = phase === 'title' || phase === 'over'
    if (command === undefined && !(event.key === ' ' && between)) return
    if (event.key !== 'Escape' && hasOwnJob(event)) return
    event.preventDefault()
    this.run(command ?? 'start')
  }

  #keyUp(event: KeyboardEvent): void {
    const pressedIn = this.#pressedIn.get(event.code)
    this.#pressedIn.delete(event.code)
    // A key that was pressed in the game and let go at its end presses no button there.
    if (pressedIn !== undefined && pressedIn !== this.#game.match.phase && event.key === ' ')
      event.preventDefault()
  }
}

/** The day as a number: 20261127. Everyone who plays the swarm of a day has the same one. */
function dailySeed(day: Date): number {
  return day.getUTCFullYear() * 10_000 + (day.getUTCMonth() + 1) * 100 + day.getUTCDate()
}
