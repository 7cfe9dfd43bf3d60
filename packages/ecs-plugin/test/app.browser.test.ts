import { createWorld } from 'bitecs'
import { expect, it } from 'vitest'
import { createApp } from '../src/app/app.ts'
import { Schedule } from '../src/app/schedule.ts'

const nextFrames = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await new Promise((resolve) => requestAnimationFrame(resolve))
}

it('ticks with the display until stop()', async () => {
  const deltas: number[] = []
  let enough = (): void => undefined
  const threeTicks = new Promise<void>((resolve) => (enough = resolve))
  const app = createApp(createWorld()).addSystem(Schedule.Render, (_, { time }) => {
    deltas.push(time.delta)
    if (deltas.length === 3) enough()
  })
  await app.ready()
  app.run()
  await threeTicks
  app.stop()
  const ticks = deltas.length
  await nextFrames(3)
  expect(deltas).toHaveLength(ticks)
  expect(deltas[0]).toBe(0)
  expect(deltas[1]).toBeGreaterThan(0)
  app.dispose()
})

it('runs one loop when it is mounted, unmounted and mounted again at once', async () => {
  const world = createWorld()
  const log: string[] = []
  const mount = (name: string): (() => void) => {
    const app = createApp(world).addSystem(Schedule.Update, () => log.push(name))
    app.ready().then(
      () => app.run(),
      () => log.push(`${name} was called off`),
    )
    return () => app.dispose()
  }
  mount('first')()
  const unmount = mount('second')
  await nextFrames(3)
  unmount()
  expect(log[0]).toBe('first was called off')
  expect(new Set(log.slice(1))).toEqual(new Set(['second']))
})
