import { query, type World } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { Asteroid, Bullet, Drone, Pickup, Position, Shape, Velocity } from '../../demo/src/components.ts'
import { DroneGrid } from '../../demo/src/rules/drone-grid.ts'
import { addBody } from '../../demo/src/rules/bodies.ts'
import { Arena } from '../../demo/src/rules/arena.ts'
import { GRACE, Match, WAVE_REST } from '../../demo/src/rules/match.ts'
import { MOST_BARRELS } from '../../demo/src/rules/upgrades.ts'
import { waveOf } from '../../demo/src/rules/waves.ts'
import { createRandom } from '../../demo/src/rules/random.ts'
import { STEP } from '../../demo/src/rules/game.ts'
import { readSettings } from '../../demo/src/settings.ts'
import { startGame } from './played-game.ts'

describe('a match', () => {
  it('scores drones by their weight, and chains progressively higher', () => {
    const match = new Match()
    match.start(7)
    match.shot(100)
    // 100 drones of weight 1 at ×1.
    expect([match.score, match.multiplier]).toEqual([100, 1])
    match.shot(500)
    // The chain is above 500 ÷ 500: each of these counted twice.
    expect([match.score, match.multiplier, match.kills]).toEqual([100 + 500 * 2, 2, 600])
    match.pass(1.4)
    expect(match.multiplier).toBe(2)
    match.pass(2)
    expect(match.multiplier).toBe(1)
  })

  it('lengthens the chain by a fifth for a ship that stands', () => {
    const match = new Match()
    match.start(7)
    match.shot(1000, 0)
    expect(match.multiplier).toBe(1)
    // 0.4 links, and 2 ÷ (1 + 0.3 × 0.4) more.
    match.shot(1000, 1)
    expect(match.multiplier).toBe(3)
  })

  it('loses the multiplier to a hit, not to a brush', () => {
    const match = new Match()
    match.start(7)
    match.safe = 0
    match.shot(2000)
    const { multiplier } = match
    match.hurt(3)
    expect([match.multiplier, match.lost]).toEqual([multiplier, 0])
    match.hurt(5)
    expect([multiplier > 1, match.multiplier, match.lost]).toEqual([true, 1, 1])
  })

  it('weighs drones so that swarms of any size are worth the same', () => {
    const match = new Match()
    match.start(7)
    match.weight = 10
    match.shot(20)
    expect(match.score).toBe(200)
  })

  it('hurts unless the ship is safe, ends without health, and keeps the best score', () => {
    const match = new Match(50)
    match.start(7)
    expect(match.hurt(40)).toBe(false)
    match.pass(GRACE)
    expect(match.hurt(40)).toBe(true)
    expect(match.health).toBe(60)
    match.bonus(70)
    match.hurt(60)
    expect([match.phase, match.health, match.best]).toEqual(['over', 0, 70])
    expect(match.hurt(10)).toBe(false)
    match.start(7)
    expect([match.phase, match.health, match.score, match.best]).toEqual(['playing', 100, 0, 70])
  })

  it('can be paused only while it is played', () => {
    const match = new Match()
    expect([match.togglePause(), match.phase]).toEqual([false, 'title'])
    match.start(7)
    expect([match.togglePause(), match.running]).toEqual([true, false])
    expect([match.togglePause(), match.running]).toEqual([false, true])
  })

  it('offers three cards when a quarter of the drones is left, the same ones for the same seed', () => {
    const match = new Match()
    match.start(7)
    expect([match.judge(1000 * WAVE_REST + 1, 1000), match.wave]).toEqual([false, 1])
    expect([match.judge(1000 * WAVE_REST, 1000), match.phase, match.running]).toEqual([
      true,
      'choosing',
      false,
    ])
    const names = match.cards.map(({ name }) => name)
    expect(new Set(names).size).toBe(3)
    expect([match.choose(3), match.choose(1), match.choose(1)]).toEqual([false, true, false])
    expect([match.phase, match.wave, match.chosen]).toEqual(['playing', 2, [names[1]]])
    const again = new Match()
    again.start(7)
    again.judge(0, 1000)
    expect(again.cards.map(({ name }) => name)).toEqual(names)
  })

  it('has no two waves alike of four in a row', () => {
    const names = [2, 3, 4, 5].map((number) => waveOf(number, 7).name)
    expect(new Set(names).size).toBe(4)
  })

  it('limits barrels and health', () => {
    const match = new Match()
    match.start(7)
    for (let i = 0; i < 9; i++) match.power()
    match.repair()
    expect([match.outfit.barrels, match.health]).toEqual([MOST_BARRELS, 100])
  })
})

describe('the grid', () => {
  it('finds exactly the live entities within reach', () => {
    const grid = new DroneGrid()
    const random = createRandom(5)
    const drones = Array.from({ length: 2000 }, (_, i) => i + 1)
    for (const e of drones) {
      Position.x[e] = (random() - 0.5) * 1900
      Position.y[e] = (random() - 0.5) * 1300
      Drone.dead[e] = e % 10 === 0 ? 1 : 0
    }
    grid.sort(drones, new Arena(), random)
    for (const [x, y, reach] of [
      [0, 0, 60],
      [-790, 480, 35],
      [300, -200, 250],
      [940, 640, 90],
    ]) {
      const found = [...grid.found.subarray(0, grid.near(x, y, reach))].sort((a, b) => a - b)
      const expected = drones.filter(
        (e) => Drone.dead[e] === 0 && Math.hypot(Position.x[e] - x, Position.y[e] - y) <= reach,
      )
      expect(found).toEqual(expected)
    }
    for (const e of drones) Drone.dead[e] = 0
  })

  it('has the mean velocity of each cell', () => {
    const grid = new DroneGrid()
    for (const e of [1, 2]) {
      Position.x[e] = Position.y[e] = 0
      Velocity.x[e] = e * 10
      Velocity.y[e] = -e
    }
    grid.sort([1, 2], new Arena(), createRandom(1))
    const cell = grid.cellAt(0, 0)
    expect([grid.count[cell], grid.vx[cell], grid.vy[cell]]).toEqual([2, 15, -1.5])
  })
})

describe('a game', () => {
  it('shows the title with a full swarm, rocks and a ship, without damage', () => {
    const { game, world, play } = startGame('?entities=300')
    play(64)
    expect(query(world, [Drone]).length).toBe(game.drones.count)
    expect(game.drones.left).toBeLessThanOrEqual(300)
    expect(query(world, [Asteroid]).length).toBeGreaterThan(5)
    expect([game.ship.exists, game.match.phase, game.match.health, game.match.score]).toEqual([
      true,
      'title',
      100,
      0,
    ])
  })

  it('has the same outcome for the same seed, and another for another seed', () => {
    const outcome = (seed: number): unknown => {
      const { game, world, play } = startGame(`?entities=400&autopilot&seed=${seed}`)
      game.start(world)
      play(400)
      const places = [...query(world, [Drone])].map((e) => [Position.x[e], Position.y[e]])
      return [game.match.score, game.match.health, game.match.kills, places]
    }
    const first = outcome(11)
    expect(outcome(11)).toEqual(first)
    expect(outcome(12)).not.toEqual(first)
  })

  it('shoots where the player aims; shots destroy drones, and fade after a second', () => {
    const { game, world, play } = startGame('?entities=1')
    game.start(world)
    play(1)
    game.controls.aim = { x: 500, y: 0 }
    play(20)
    game.controls.fire = true
    play(1)
    const [shot] = query(world, [Bullet])
    expect(Velocity.x[shot]).toBeGreaterThan(700)
    expect(Math.abs(Velocity.y[shot])).toBeLessThan(60)
    game.controls.fire = false
    // A drone right before the muzzle.
    const [drone] = query(world, [Drone])
    Position.x[drone] = Position.x[shot] + 40
    Position.y[drone] = Position.y[shot]
    Velocity.x[drone] = Velocity.y[drone] = 0
    play(5)
    expect(game.match.kills).toBe(1)
    // That was all of the wave.
    expect(game.match.phase).toBe('choosing')
    game.choose(world, 0)
    expect(game.match.wave).toBe(2)
    game.match.phase = 'title'
    game.match.start(7)
    game.controls.fire = true
    play(1)
    game.controls.fire = false
    play(1 / STEP + 2)
    expect(query(world, [Bullet]).length).toBe(0)
  })

  it('breaks rocks in two until the pieces are too small', () => {
    const { game, world, play } = startGame('?entities=1')
    game.start(world)
    play(1)
    const rocks = query(world, [Asteroid]).length
    const [rock] = query(world, [Asteroid])
    Asteroid.hits[rock] = 1
    Position.x[rock] = 120
    Position.y[rock] = Velocity.x[rock] = Velocity.y[rock] = 0
    game.controls.aim = { x: 500, y: 0 }
    play(20)
    Position.x[rock] = 120
    Position.y[rock] = 0
    game.controls.fire = true
    play(1)
    game.controls.fire = false
    play(12)
    // One has gone, and two have come.
    expect(query(world, [Asteroid]).length).toBe(rocks + 1)
    expect(game.match.score).toBeGreaterThanOrEqual(250)
  })

  it('grants the pickup that is caught', () => {
    const { game, world, play } = startGame('?entities=1')
    game.start(world)
    play(1)
    game.match.health = 50
    for (const kind of [Shape.Repair, Shape.Power]) {
      const { ship } = game
      const gift = dropAt(world, ship.x + 5, ship.y, kind)
      play(2)
      expect([...query(world, [Pickup])]).not.toContain(gift)
    }
    expect(game.match.health).toBeGreaterThanOrEqual(80)
    expect(game.match.outfit.barrels).toBe(2)
  })

  it('ends with the ship, and an autopilot starts another one after a while', () => {
    const { game, world, play } = startGame('?entities=200&autopilot')
    game.start(world)
    play(1)
    game.match.safe = 0
    game.match.hurt(1e6)
    play(1)
    expect([game.match.phase, game.ship.exists]).toEqual(['over', false])
    play(5 / STEP)
    expect([game.match.phase, game.ship.exists]).toEqual(['playing', true])
  })
})

describe('the address', () => {
  it('sets the number of entities, the seed, the duration and the backend', () => {
    expect(readSettings('?entities=5000&seed=3&frames=9&backend=webgl2&autopilot&moving=40', true)).toEqual({
      entities: 5000,
      seed: 3,
      frames: 9,
      backend: 'webgl2',
      autopilot: true,
      moving: 0.4,
      calm: true,
      inspector: false,
      seedAsked: true,
      fixed: true,
    })
  })

  it('is ignored when invalid, and clamped', () => {
    const settings = readSettings('?entities=lots&seed=-5&frames=&backend=vulkan&moving=300', false)
    expect(settings).toMatchObject({ entities: 30_000, seed: 0, frames: 0, backend: undefined, moving: 1 })
    expect(readSettings('?entities=9e9', false).entities).toBe(1_000_000)
    // A phone's screen is a third of a desktop's: half as many is the least.
    expect(readSettings('', false, 0.32).entities).toBe(15_000)
  })
})

/** Adds a pickup at a place. */
function dropAt(world: World, x: number, y: number, kind: number): number {
  const gift = addBody(world, { x, y, size: 15, hue: 0, shape: kind }, Pickup)
  Pickup.kind[gift] = kind
  Pickup.life[gift] = 9
  return gift
}
