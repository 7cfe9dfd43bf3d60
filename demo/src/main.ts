import { createApp, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { createWorld } from 'bitecs'
import { createEmber } from './components.ts'
import { findGraphics } from './draw/device.ts'
import { openPage } from './page/page.ts'
import { runLoop } from './page/loop.ts'
import { hideNotice, showError, showNotice } from './page/notice.ts'
import { setState } from './page/state.ts'
import { readBest } from './page/best-score.ts'
import { Game, STEP } from './rules/game.ts'
import { settingsOfPage } from './settings.ts'

/**
 * Plays until the signal is aborted, which leaves nothing behind: no loop, no listener, no device.
 */
async function play(signal: AbortSignal): Promise<void> {
  const canvas = document.querySelector<HTMLCanvasElement>('#stage')!
  const settings = settingsOfPage()
  const graphics = await findGraphics(canvas, settings.backend, signal, (error) => {
    if (!signal.aborted) showNotice('The graphics device reports an error', [error.message])
  })
  if (signal.aborted) return

  // An ordinary bitECS game: a world, and systems that write typed arrays. It knows nothing of a
  // GPU.
  const world = createWorld()
  const ember = createEmber(graphics.kind === 'webgpu')
  const game = new Game(settings, ember, graphics.kind === 'webgpu', readBest())
  game.prepare(world)

  // The plugin: the components that components.ts flags are on the GPU after every frame.
  const app = createApp(world, { fixedDelta: STEP, maxFixedSteps: 5 }).addPlugin(
    new MkPlugin({ gpu: graphics.gpu }),
  )
  signal.addEventListener('abort', () => app.dispose())
  const runIf = (): boolean => game.running && !app.mk.coordinator.isLost
  for (const { name, run } of game.systems) app.addSystem(Schedule.FixedUpdate, run, { label: name, runIf })
  await app.ready()

  // What draws binds the buffers that `app.mk` has of the components, in Schedule.Render, when they
  // hold this frame's data.
  openPage({ app, canvas, ember, game, graphics, settings, signal })
  runLoop(app, settings.frames)
}

// An edit ends the session that is on and starts one with the new code, in the same page. The new
// one ends the old one, not Vite's `dispose`: of two quick edits, the first may begin only after
// its `dispose` would have been called.
const session = new AbortController()
if (import.meta.hot) {
  const { data } = import.meta.hot
  ;(data['session'] as AbortController | undefined)?.abort()
  data['session'] = session
  import.meta.hot.accept()
}
hideNotice()
setState('starting')
play(session.signal).catch((error: unknown) => {
  if (session.signal.aborted) return
  setState('failed')
  showError(error)
})
