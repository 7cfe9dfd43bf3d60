import { Schedule, type App } from '@memkit/ecs-plugin'
import type { World } from 'bitecs'
import { Look, Position, Velocity, type Ember } from '../components.ts'
import type { Graphics } from '../draw/device.ts'
import { createScene, type Scene } from '../draw/scene.ts'
import { Screen } from '../draw/screen.ts'
import { View } from '../draw/view.ts'
import { Hands } from '../input/hands.ts'
import type { Game } from '../rules/game.ts'
import { USUAL_DRONES } from '../rules/match.ts'
import type { Settings } from '../settings.ts'
import { Adapt } from './adapt.ts'
import { Commands } from './commands.ts'
import { formatCount } from './figures.ts'
import { Hud } from './hud.ts'
import { PageValues } from './page-values.ts'
import { share } from './share.ts'
import { Sound } from './sound.ts'
import { watchLoss } from './state.ts'
import { showToast } from './toast.ts'
import { Tools } from './tools.ts'

/** What the page is made around. */
interface Parts {
  readonly app: App<World>
  readonly canvas: HTMLCanvasElement
  readonly ember: Ember
  readonly game: Game
  readonly graphics: Graphics
  readonly settings: Settings
  readonly signal: AbortSignal
}

declare global {
  /** For the console: `await demo.app.mk.buffer(demo.Position).read()`. */
  var demo:
    | (Pick<Parts, 'app' | 'game' | 'graphics' | 'settings'> & {
        readonly scene: Scene
        readonly Position: typeof Position
        readonly Velocity: typeof Velocity
        readonly Look: typeof Look
        readonly Ember: Ember
      })
    | undefined
}

/** Everything around the rules: picture, hands, figures, sounds, tools; as systems of the App. */
export function openPage({ app, canvas, ember, game, graphics, settings, signal }: Parts): void {
  const { mk } = app
  const scene = createScene(mk, ember)
  const screen = new Screen(canvas, mk, scene)
  const view = new View()
  const hud = new Hud(new PageValues(document))
  const sound = new Sound()
  for (const buffer of [scene.position, scene.velocity, scene.look, scene.ember])
    graphics.rowByRow.strides.set(buffer.buffer.label, buffer.stride)
  const tools = new Tools(settings, mk, graphics)
  const open = {
    panel: tools.togglePanel,
    inspector: tools.toggleInspector,
    byHand: () => {
      const { rowByRow } = graphics
      rowByRow.on = !rowByRow.on
      mk.coordinator.strategy = rowByRow.on ? 'runs' : 'auto'
    },
    share: () => void share(game.match),
  }
  const commands = new Commands(game, app.world, settings, sound, open, signal)
  const hands = new Hands(canvas, signal, (press) => commands.press(press))
  watchLoss(mk, () => game.drones.count, signal)
  for (const part of [screen, sound, tools]) signal.addEventListener('abort', () => part.dispose())
  if (settings.autopilot) commands.run('start')

  const adapt = new Adapt()
  const all = settings.entities
  let steps = app.time.fixedSteps
  app
    .addSystem(Schedule.First, () => screen.measure(game.arena))
    .addSystem(Schedule.PreUpdate, () => {
      commands.watch()
      const quality = settings.fixed || !game.running ? undefined : adapt.frame(performance.now())
      if (quality !== undefined) {
        screen.resolution = quality.resolution
        settings.entities = Math.min(settings.entities, Math.round(all * quality.drones))
        game.match.weight = USUAL_DRONES / settings.entities
        showToast(`Drawing is slow here: half the resolution, ${formatCount(settings.entities)} drones`)
      }
      hands.look()
    })
    .addSystem(Schedule.PreUpdate, () => hands.steer(game, view), {
      runIf: () => !settings.autopilot && game.match.phase === 'playing',
    })
    .addSystem(Schedule.Render, () => {
      view.update(game, settings.calm, screen.width, app.time.alpha)
      screen.draw(view.data, game.running ? app.time.fixedSteps - steps : 0)
      steps = app.time.fixedSteps
    })
    .addSystem(Schedule.Render, () => {
      game.cues.take(sound.play)
      hud.show(game, settings.entities)
      hud.report(mk.report, graphics.rowByRow.on)
      tools.show(mk.report)
    })
  globalThis.demo = { app, game, graphics, settings, scene, Position, Velocity, Look, Ember: ember }
}
