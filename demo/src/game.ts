import { createApp, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import type { App } from '@memkit/ecs-plugin'
import { createWorld } from 'bitecs'
import type { World } from 'bitecs'
import { Arena } from './arena.ts'
import { Beacon } from './beacon.ts'
import { Look, Position, Velocity } from './components.ts'
import { requestDevice } from './device.ts'
import { hideNotice, showError } from './notice.ts'
import { Overlay } from './overlay.ts'
import { PageValues } from './page-values.ts'
import { Panel } from './panel.ts'
import { Population } from './population.ts'
import { createRandom } from './random.ts'
import { Screen } from './screen.ts'
import { readSettings } from './settings.ts'
import { Swarm } from './swarm.ts'

declare global {
  /** For the console: `await demo.app.mk.buffer(demo.Position).read()`. */
  var demo:
    | { app: App<World>; Position: typeof Position; Velocity: typeof Velocity; Look: typeof Look }
    | undefined
}

/** Plays until the signal is aborted, which leaves nothing behind: no loop, no listener, no device. */
export async function playGame(signal: AbortSignal): Promise<void> {
  const canvas = document.querySelector<HTMLCanvasElement>('#stage')!
  const values = new PageValues(document)
  const settings = readSettings(location.search, matchMedia('(prefers-reduced-motion: reduce)').matches)
  const random = createRandom(settings.seed)
  const arena = new Arena()
  const beacon = new Beacon(canvas, arena, signal)
  const population = new Population(settings, arena, random)
  const swarm = new Swarm(settings, arena, beacon, population, random)
  const flying = { runIf: () => !settings.paused }
  hideNotice()
  setState('starting')

  const app = createApp(createWorld())
    .addPlugin(new MkPlugin({ gpu: requestDevice }))
    .addSystem(Schedule.PreUpdate, population.balance)
    .addSystem(Schedule.PreUpdate, beacon.move)
    .addSystem(Schedule.Update, swarm.burst)
    .addSystem(Schedule.Update, swarm.sense, flying)
    .addSystem(Schedule.Update, swarm.steer, flying)
    .addSystem(Schedule.Update, swarm.drift, flying)
  signal.addEventListener('abort', () => app.dispose())

  try {
    await app.ready()
    const { mk } = app
    const screen = new Screen(canvas, arena, mk, setState)
    signal.addEventListener('abort', () => screen.dispose())
    // Where there is little room, the report shows its one line until it is opened.
    if (matchMedia('(max-width: 44rem), (max-height: 43rem)').matches)
      document.querySelector('#report')!.removeAttribute('open')
    const overlay = new Overlay(values, mk.gpu.capabilities.adapter)
    void new Panel(settings, beacon, values, signal)
    globalThis.demo = { app, Position, Velocity, Look }

    app
      .addSystem(Schedule.First, () => screen.measure())
      .addSystem(Schedule.Render, () => screen.draw(population.count))
      .addSystem(Schedule.Render, () => overlay.show(mk.report))
      .addSystem(Schedule.Render, () => {
        if (settings.frames === 0 || app.time.frame < settings.frames) return
        app.stop()
        setState('stopped')
      })
    app.run({
      onError: (error) => {
        setState('failed')
        showError(error)
      },
    })
    setState('running')
  } catch (error) {
    if (signal.aborted) return
    setState('failed')
    showError(error)
  }
}

/** For whoever drives the page: starting, running, stopped, lost, failed. */
function setState(state: string): void {
  document.documentElement.dataset['state'] = state
}
