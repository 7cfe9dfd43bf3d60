import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { expect, it, vi } from 'vitest'
import { mountInspector } from '../src/index.ts'

// A file of its own: a policy that a page was given stays.

it('keeps its style on a page that only allows styles of its own files', async () => {
  const refused: string[] = []
  document.addEventListener('securitypolicyviolation', (event) => refused.push(event.violatedDirective))
  const policy = document.createElement('meta')
  policy.httpEquiv = 'Content-Security-Policy'
  policy.content = "style-src 'self'; img-src 'none'; font-src 'none'"
  document.head.append(policy)
  // The policy is at work: this is what it refuses.
  const style = document.createElement('style')
  style.textContent = 'body { color: red }'
  document.body.append(style)
  await vi.waitFor(() => expect(refused).toEqual(['style-src-elem']))

  const adapter = await navigator.gpu.requestAdapter()
  const device = await adapter!.requestDevice()
  const Thing = GpuSynced({ x: new Float32Array(4) }, { label: 'Thing' })
  const world = createWorld()
  addComponent(world, addEntity(world), Thing)
  const mk = await attachMk(world, { gpu: device })
  const inspector = mountInspector(mk, { theme: 'dark' })
  const root = inspector.element.shadowRoot!
  for (let i = 0; i < 2; i++) {
    mk.beginFrame()
    mk.endFrame()
  }
  inspector.update()
  await vi.waitFor(() => expect(root.querySelectorAll('.plot canvas').length).toBe(3))
  for (const tab of ['components', 'memory', 'rows'] as const) inspector.tab = tab
  await vi.waitFor(() => expect(root.querySelector('.state')!.textContent).toContain('equal'), {
    timeout: 10_000,
  })
  expect(getComputedStyle(root.querySelector('.sheet')!).backgroundColor).toBe('rgb(18, 21, 29)')
  expect(getComputedStyle(inspector.element).position).toBe('fixed')
  expect(refused).toEqual(['style-src-elem'])
  inspector.dispose()
  mk.dispose()
  device.destroy()
})
