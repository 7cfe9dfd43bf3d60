import type { World } from 'bitecs'
import { hasOwnJob } from '../input/keyboard.ts'
import type { Game } from '../rules/game.ts'
import type { Sound } from './sound.ts'

/** What keys and buttons of the page do, by the name in their `data-command`. */
export type Command = 'start' | 'pause' | 'help' | 'sound' | 'panel' | 'inspector'

const keys: Readonly<Record<string, Command>> = {
  Enter: 'start',
  Escape: 'pause',
  p: 'pause',
  h: 'help',
  '?': 'help',
  m: 'sound',
  u: 'panel',
  i: 'inspector',
}

/** Everything that one asks of the game beside steering. */
export class Commands {
  readonly #game: Game
  readonly #world: World
  readonly #sound: Sound
  readonly #open: { readonly panel: () => void; readonly inspector: () => void }

  constructor(
    game: Game,
    world: World,
    sound: Sound,
    open: { readonly panel: () => void; readonly inspector: () => void },
    signal: AbortSignal,
  ) {
    this.#game = game
    this.#world = world
    this.#sound = sound
    this.#open = open
    addEventListener('keydown', (event) => this.#key(event), { signal })
    for (const button of document.querySelectorAll<HTMLElement>('[data-command]'))
      button.addEventListener('click', () => this.run(button.dataset['command'] as Command), { signal })
    // Pause a game that is not visible.
    const leave = (): void => {
      if (document.hidden && game.match.phase === 'playing') this.run('pause')
    }
    document.addEventListener('visibilitychange', leave, { signal })
  }

  run(command: Command): void {
    const { match } = this.#game
    if (command === 'start') {
      if (match.phase === 'paused') match.togglePause()
      else if (match.phase !== 'playing') this.#game.start(this.#world)
    } else if (command === 'pause') {
      if (!this.#closeHelp()) match.togglePause()
    } else if (command === 'help') {
      if (this.#closeHelp()) return
      document.documentElement.classList.add('helping')
      if (match.phase === 'playing') match.togglePause()
      document.querySelector<HTMLElement>('#help button')!.focus()
    } else if (command === 'sound') {
      document.querySelector('#sound')!.setAttribute('aria-pressed', String(this.#sound.toggle()))
    } else this.#open[command]()
  }

  /** @returns whether it was open */
  #closeHelp(): boolean {
    const { classList } = document.documentElement
    if (!classList.contains('helping')) return false
    classList.remove('helping')
    const screen = document.querySelector<HTMLElement>(`#${this.#game.match.phase} button`)
    ;(screen ?? document.querySelector<HTMLElement>('#stage')!).focus()
    return true
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
    const command = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    const between = this.#game.match.phase === 'title' || this.#game.match.phase === 'over'
    if (command === undefined && !(event.key === ' ' && between)) return
    if (event.key !== 'Escape' && hasOwnJob(event)) return
    event.preventDefault()
    this.run(command ?? 'start')
  }
}
