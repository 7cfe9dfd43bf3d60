import { createApp, MkPlugin, Schedule, webGpu } from '@memkit/ecs-plugin'
import { createDraw } from './draw.ts'
import { burst, move, world } from './world.ts'

const canvas = document.querySelector('canvas')!
const message = document.querySelector('#message')!

const app = createApp(world)
  // A function, so that memkit can request another device when this one is lost.
  .addPlugin(new MkPlugin({ gpu: () => webGpu() }))
  .addSystem(Schedule.Update, () => move(app.time.delta))
import.meta.hot?.accept()
import.meta.hot?.dispose(() => app.dispose())

try {
  burst(2000, 0, 0)
  await app.ready()
  let draw = createDraw(app.mk, canvas)
  app.mk.on('restored', () => (draw = createDraw(app.mk, canvas)))
  app.addSystem(Schedule.Render, () => draw())
  app.run()
} catch (error) {
  message.textContent = error instanceof Error ? error.message : String(error)
}

canvas.addEventListener('pointerdown', ({ offsetX, offsetY }) => {
  burst(200, (offsetX / canvas.clientWidth) * 2 - 1, 1 - (offsetY / canvas.clientHeight) * 2)
})
