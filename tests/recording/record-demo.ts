import { attachMk } from '@memkit/ecs-plugin'
import { startRecording } from '@memkit/ecs-plugin/recording'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { createWorld } from 'bitecs'
import { createEmber } from '../../demo/src/components.ts'
import { createScene } from '../../demo/src/draw/scene.ts'
import { Game, STEP } from '../../demo/src/rules/game.ts'
import { readSettings } from '../../demo/src/settings.ts'

/** The demo's rules on the autopilot, without a page. */
export async function recordDemo(seed: number): Promise<Blob> {
  const settings = readSettings(`?autopilot&entities=60&seed=${seed}`, false)
  const world = createWorld()
  const ember = createEmber(false)
  const game = new Game(settings, ember, false)
  game.prepare(world)
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  createScene(mk, ember)
  game.start(world)
  const recording = startRecording(mk, { keyframeEvery: 20 })
  for (let i = 0; i < 48; i++) {
    for (const { run } of game.systems) run(world)
    mk.beginFrame()
    mk.coordinator.noteTimeStep(STEP)
    mk.endFrame()
  }
  const file = await recording.stop()
  mk.dispose()
  return file
}
