// What a step of the game costs the CPU, system by system, played by the autopilot without a page.
//
// npx tsx --conditions=@memkit/source demo/profile.ts [drones] [steps] [seed]
import { createApp, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { MkGpu } from '@memkit/gpu'
import { DummyBackend } from '@memkit/gpu/dummy'
import { createWorld, type World } from 'bitecs'
import { createEmber } from './src/components.ts'
import { Game, STEP } from './src/rules/game.ts'
import { readSettings } from './src/settings.ts'

const [drones = '30000', steps = '1800', seed = '7'] = process.argv.slice(2)
/** Steps that warm up the engine, and are not counted. */
const WARM_UP = 200

const settings = readSettings(`?autopilot&entities=${drones}&seed=${seed}`, false)
const world = createWorld()
// There is no shader here to move the embers, so a system does.
const game = new Game(settings, createEmber(false), false)
const spent = new Map<string, { total: number; most: number }>()
function timed(name: string, run: (world: World) => void): (world: World) => void {
  const times = { total: 0, most: 0 }
  spent.set(name, times)
  return (world) => {
    const start = performance.now()
    run(world)
    const ms = performance.now() - start
    if (app.time.frame <= WARM_UP) return
    times.total += ms
    times.most = Math.max(times.most, ms)
  }
}

const app = createApp(world, { fixedDelta: STEP }).addPlugin(
  new MkPlugin({ gpu: new MkGpu(new DummyBackend()) }),
)
for (const { name, run } of game.systems) app.addSystem(Schedule.FixedUpdate, timed(name, run))
await app.ready()
game.prepare(world)
game.start(world)
let stage = 0
let flush = 0
let games = 0
let phase = game.match.phase
for (let step = 0; step < Number(steps); step++) {
  app.tick(STEP)
  if (app.time.frame > WARM_UP) {
    stage += app.mk.report.stageMs
    flush += app.mk.report.flushMs
  }
  const { match } = game
  if (match.phase !== phase && match.phase === 'over') {
    games++
    console.log(
      `  over after ${match.time.toFixed(0)} s: wave ${match.wave}, ${Math.round(match.score)} points, ${match.kills} drones`,
    )
  }
  phase = match.phase
}
const counted = Number(steps) - WARM_UP
const rows = [...spent].map(([system, { total, most }]) => ({
  system,
  'mean ms': total / counted,
  'most ms': most,
}))
const sum = rows.reduce((all, row) => all + row['mean ms'], 0)
console.table(
  [
    ...rows,
    { system: 'memkit: stage', 'mean ms': stage / counted },
    { system: 'memkit: flush (Dummy)', 'mean ms': flush / counted },
    { system: 'all', 'mean ms': sum + (stage + flush) / counted },
  ].map((row) => ({ ...row, 'mean ms': Number(row['mean ms'].toFixed(3)) })),
)
const { match } = game
console.log(
  `${games} games over; now wave ${match.wave}, ${Math.round(match.score)} points, health ${match.health.toFixed(0)}, ${game.drones.count} drones.`,
)
app.dispose()
