import { query } from 'bitecs'
import { Hunter } from '../../demo/src/components.ts'
import { Autopilot } from '../../demo/src/rules/autopilot.ts'
import { restingControls } from '../../demo/src/rules/controls.ts'
import { STEP } from '../../demo/src/rules/game.ts'
import { startGame, type PlayedGame } from './played-game.ts'

/** What a game came to. */
export interface Played {
  readonly seconds: number
  readonly points: number
  readonly wave: number
  readonly pickups: number
  readonly sawHunter: boolean
  readonly lostMultipliers: number
  readonly longest: number
}

/** Decides what to do, at each step of a game that is played. */
export type Hands = (played: PlayedGame, step: number) => void

/** Does nothing. */
export const idle: Hands = () => {}

/** Stands still, and holds Space: the ship aims. */
export const stands: Hands = ({ game }) => {
  game.controls.fire = true
}

/** Flies about and aims, with a reaction time of an eighth of a second. */
export function flies(): Hands {
  const wanted = restingControls()
  return ({ game, world }, step) => {
    if (step % 8 === 0) {
      Object.assign(game.controls, wanted)
      new Autopilot(game.arena, game.grid).steer(world, game.ship, wanted)
    }
  }
}

/** Plays a game to its end, or for so many seconds. */
export function playGame(seed: number, hands: Hands, seconds: number, drones = 600): Played {
  const played = startGame(`?entities=${drones}&seed=${seed}`)
  const { game, world, play } = played
  game.start(world)
  let sawHunter = false
  const { match } = game
  for (let step = 0; step < seconds / STEP && match.phase !== 'over'; step++) {
    if (match.phase === 'choosing') game.choose(world, 0)
    hands(played, step)
    play(1)
    sawHunter ||= step % 32 === 0 && query(world, [Hunter]).length > 0
  }
  return {
    seconds: match.time,
    points: match.score,
    wave: match.wave,
    pickups: match.caught,
    sawHunter,
    lostMultipliers: match.lost,
    longest: match.longest,
  }
}
