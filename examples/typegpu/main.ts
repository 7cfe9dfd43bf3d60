import { createApp, MkPlugin, Schedule, webGpuDevice } from '@memkit/ecs-plugin'
import { examplePage } from '../support/page.ts'
import { Bodies, Body, type Point } from './bodies.ts'
import { Dust } from './dust.ts'

const page = examplePage()
const { canvas } = page

async function main(): Promise<void> {
  const device = await webGpuDevice()
  const context = canvas.getContext('webgpu')!
  const format = navigator.gpu.getPreferredCanvasFormat()
  context.configure({ device, format, alphaMode: 'opaque' })

  const bodies = new Bodies(14)
  const app = createApp(bodies.world).addPlugin(new MkPlugin({ gpu: device }))
  await app.ready()
  const rows = app.mk.buffer(Body)
  const dust = new Dust(device, rows, 24_000, format)

  let frame = 0
  app
    .addSystem(Schedule.Update, () => bodies.move(Math.min(app.time.delta, 1 / 20)))
    .addSystem(Schedule.Render, () => {
      fit()
      dust.step(rows.rows, Math.min(app.time.delta, 1 / 20), canvas)
      dust.draw(context, rows.rows)
      page.showReport(app.mk.report, rows.rows)
      if (++frame >= page.frames) {
        app.stop()
        page.state('stopped')
      }
    })
  canvas.addEventListener('pointerdown', (event) => bodies.spawnAt(worldPoint(event)))

  globalThis.example = { app, components: [Body] }
  page.state('running')
  app.run({ onError: (error) => page.fail(error) })
  import.meta.hot?.dispose(() => {
    app.dispose()
    device.destroy()
  })
}

function fit(): void {
  const ratio = Math.min(devicePixelRatio, 2)
  const [width, height] = [Math.floor(canvas.clientWidth * ratio), Math.floor(canvas.clientHeight * ratio)]
  if (canvas.width !== width) canvas.width = width
  if (canvas.height !== height) canvas.height = height
}

/** Position of a pointer in the picture: y from −1 (bottom) to 1, x in the same unit. */
function worldPoint({ clientX, clientY }: PointerEvent): Point {
  const { clientWidth: width, clientHeight: height } = canvas
  return { x: ((clientX / width) * 2 - 1) * (width / height), y: 1 - (clientY / height) * 2 }
}

main().catch((error: unknown) => {
  page.fail(error)
  throw error
})
