// jsdom, in which games run their unit tests, has no media queries, no ResizeObserver and no constructed style sheets.
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { beforeAll, expect, it, vi } from 'vitest'

beforeAll(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  // This file has a page of its own. They go before the inspector is loaded.
  const page = globalThis as { matchMedia?: unknown; ResizeObserver?: unknown }
  page.matchMedia = undefined
  page.ResizeObserver = undefined
  delete (CSSStyleSheet.prototype as { replaceSync?: unknown }).replaceSync
})

it('can be imported, mounted, used and disposed of on a page as bare as that of jsdom', async () => {
  const { mountInspector } = await import('../src/index.ts')
  const Thing = GpuSynced({ x: new Float32Array(4) }, { label: 'Thing' })
  const world = createWorld()
  addComponent(world, addEntity(world), Thing)
  const mk = await attachMk(world)
  const inspector = mountInspector(mk)
  mk.beginFrame()
  mk.endFrame()
  for (const tab of ['frames', 'components', 'memory', 'rows'] as const) {
    inspector.tab = tab
    inspector.update()
  }
  const root = inspector.element.shadowRoot!
  expect(root.textContent).toContain('Thing')
  // It is laid out by its style: the panel keeps to an edge of the page.
  expect(getComputedStyle(inspector.element).position).toBe('fixed')
  inspector.dispose()
  mk.dispose()
})
