import { attachMk, f32, GpuSynced, struct } from '@memkit/ecs-plugin'
import { addComponents, addEntity, createWorld } from 'bitecs'
import { expect, it, vi } from 'vitest'
import { mountInspector } from '../src/index.ts'

it('records, shows any frame, and compares two', async () => {
  const Ship = GpuSynced(
    { x: new Float32Array(8), y: new Float32Array(8) },
    { label: 'Ship', schema: struct({ x: f32, y: f32 }) },
  )
  const world = createWorld()
  const ship = addEntity(world)
  addComponents(world, ship, Ship)
  const adapter = await navigator.gpu.requestAdapter()
  const device = await adapter!.requestDevice()
  const mk = await attachMk(world, { gpu: device })
  const frame = (x: number): void => {
    mk.beginFrame()
    Ship.x[ship] = x
    mk.endFrame()
  }
  frame(0)
  const inspector = mountInspector(mk, { tab: 'recording' })
  const root = inspector.element.shadowRoot!
  const view = root.querySelector<HTMLElement>('.recording-view')!
  const press = (name: string): void => {
    const found = [...view.querySelectorAll('button')].find((each) => each.textContent === name)
    if (found === undefined) throw new Error(`no button is named ${name}`)
    found.click()
  }
  press('Record')
  await vi.waitFor(() => expect(mk.coordinator.recorder).toBeDefined())
  for (let i = 1; i <= 5; i++) frame(i)
  frame(5)
  inspector.update()
  expect(view.textContent).toContain('Recording: 6 frames')
  press('Stop recording')
  const slider = view.querySelector<HTMLInputElement>("input[type='range']")!
  await vi.waitFor(() => expect(slider.max).toBe('5'))
  const cells = (): string[] =>
    [...view.querySelectorAll('tbody tr:first-child td')].map((cell) => cell.textContent)
  expect(cells().slice(0, 3)).toEqual(['Ship', expect.any(String), '0'])
  const move = (to: number): void => {
    slider.value = String(to)
    slider.dispatchEvent(new Event('input'))
  }
  move(1)
  expect(cells()[2]).toBe('1')
  press('Compare with this frame')
  move(4)
  expect(cells().slice(4)).toEqual(['1', `x; first in row ${ship}`])
  inspector.dispose()
  expect(mk.coordinator.recorder).toBeUndefined()
  mk.dispose()
  device.destroy()
})
