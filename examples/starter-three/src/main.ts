import { createApp, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { threeGpu } from '@memkit/three'
import { createScene } from './scene.ts'
import { burst, move, world } from './world.ts'

const canvas = document.querySelector('canvas')!
const message = document.querySelector('#message')!

const app = createApp(world)
  .addPlugin(new MkPlugin({ gpu: threeGpu() }))
  .addSystem(Schedule.Update, () => move(app.time.delta))

try {
  burst(600, 0, 0)
  await app.ready()
  const scene = createScene(app.mk, canvas)
  app.addSystem(Schedule.Render, () => scene.draw())
  app.run()
  import.meta.hot?.dispose(() => {
    app.dispose()
    scene.dispose()
  })
} catch (error) {
  message.textContent = error instanceof Error ? error.message : String(error)
}
import.meta.hot?.accept()

canvas.addEventListener('pointerdown', ({ offsetX, offsetY }) => {
  burst(100, (offsetX / canvas.clientWidth) * 2 - 1, 1 - (offsetY / canvas.clientHeight) * 2)
})
