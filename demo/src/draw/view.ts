import { array, f32, struct, vec2f, vec4f } from '@memkit/ecs-plugin'
import { RIPPLES } from '../rules/cues.ts'
import { STEP, type Game } from '../rules/game.ts'

/** What all shaders know, as a struct: WGSL and GLSL (std140) agree on where its fields lie. */
export const viewLayout = struct({
  /** World units: where the camera looks, and what takes it to clip space. */
  centre: vec2f,
  scale: vec2f,
  /** The arena's width and height. */
  arena: vec2f,
  /**
   * Width of drones, against their size, so that a million of them does not drown in its own light;
   * and their brightness.
   */
  width: f32,
  light: f32,
  /** Half the width in world units below which something gets dimmer instead of thinner. */
  thinnest: f32,
  /** Seconds since the last step of the game, by which shaders move everything on. */
  lead: f32,
  /** Seconds. */
  time: f32,
  /** 0 … 1: how red the edges glow. */
  alarm: f32,
  /** x, y, radius of the front, strength. */
  ripples: array(vec4f, RIPPLES),
})

const [centre, scale, arena, width, light, thinnest, lead, time, alarm, ripples] = viewLayout.fields.map(
  ({ offset }) => offset / 4,
)
/** World units that the camera sees beyond the arena. */
const MARGIN = 18

/** The camera: sees all of the arena, leans a little towards the ship, and shakes. */
export class View {
  readonly data = new Float32Array(viewLayout.size / 4)
  /** World units that are seen. */
  #width = 1
  #height = 1
  #alarm = 0

  /**
   * @param pixels the canvas's width. @param alpha share of a step that has passed since the last
   *   one
   */
  update(game: Game, calm: boolean, pixels: number, alpha: number): void {
    const { cues, match, ship } = game
    const { data } = this
    this.#width = game.arena.width + 2 * MARGIN
    this.#height = (this.#width * game.arena.height) / game.arena.width
    const running = game.running ? 1 : 0
    const shake = calm ? 0 : cues.shake * cues.shake * 16 * running
    const lean = calm ? 0 : 0.02
    data[centre] = ship.exists ? data[centre] + (ship.x * lean - data[centre]) * 0.1 : data[centre]
    data[centre + 1] = ship.exists
      ? data[centre + 1] + (ship.y * lean - data[centre + 1]) * 0.1
      : data[centre + 1]
    data[centre] += (Math.random() - 0.5) * shake
    data[centre + 1] += (Math.random() - 0.5) * shake
    data[scale] = 2 / this.#width
    data[scale + 1] = 2 / this.#height
    data[arena] = game.arena.width
    data[arena + 1] = game.arena.height
    const crowd = (21_000 * game.arena.share) / (game.drones.count + 1)
    data[width] = Math.min(1.6, Math.max(0.3, crowd ** 0.3))
    data[light] = Math.min(1, crowd ** 0.4)
    data[thinnest] = (0.7 * this.#width) / pixels
    data[lead] = alpha * STEP * running
    data[time] = game.time
    const wanted =
      match.phase === 'playing' ? Math.max(0, 1 - match.health / 45) + (calm ? 0 : cues.shake * 0.5) : 0
    this.#alarm += (Math.min(1, wanted) - this.#alarm) * 0.12
    data[alarm] = this.#alarm
    cues.ripples.forEach(({ x, y, reach, age }, i) => {
      data.set(
        [x, y, reach * (0.25 + 1.1 * age), calm ? 0 : Math.min(1, reach / 260) * Math.max(0, 1 - age / 0.9)],
        ripples + 4 * i,
      )
    })
  }

  /**
   * The place in the arena that is seen at a place of the canvas.
   * @param x, y from 0, left and top, to 1
   */
  worldAt(x: number, y: number): { x: number; y: number } {
    return {
      x: this.data[centre] + (x - 0.5) * this.#width,
      y: this.data[centre + 1] + (0.5 - y) * this.#height,
    }
  }
}
