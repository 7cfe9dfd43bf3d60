import { createApp, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { createDraw } from './draw.ts'
import { burst, move, world } from './world.ts'

const canvas = document.querySelector('canvas')!
const message = document.querySelector('#message')!

// As a function: when the device is lost, memkit asks for another one.
async function requestDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu?.requestAdapter()
  if (!adapter) throw new Error('This page needs WebGPU: try a current Chrome, Edge, Firefox or Safari.')
  return adapter.requestDevice()
}

const app = createApp(world)
  .addPlugin(new MkPlugin({ gpu: requestDevice }))
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
