import { createWorld, type World } from 'bitecs'
import { createEmber } from '../../demo/src/components.ts'
import { Game } from '../../demo/src/rules/game.ts'
import { readSettings } from '../../demo/src/settings.ts'

/** A game of the demo without a page. */
export interface PlayedGame {
  readonly game: Game
  readonly world: World
  /** Lets it go on by so many steps. */
  readonly play: (steps: number) => void
}

/** @param search as in the address, for example `?entities=300&autopilot` */
export function startGame(search: string): PlayedGame {
  const world = createWorld()
  const game = new Game(readSettings(search, false), createEmber(false), false)
  game.prepare(world)
  const play = (steps: number): void => {
    for (let i = 0; i < steps; i++) for (const { run } of game.systems) run(world)
  }
  return { game, world, play }
}
