import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addComponents, addEntity, createWorld } from 'bitecs'
import { attachMk, GpuSynced, loadColumns, type MkSync, type SyncedBuffer } from '@memkit/ecs-plugin'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { globals } from 'webgpu'
import { fileNameOf, root, snippetsIn } from './documented-code.ts'

// Every WGSL block of the documentation compiles on a device; every TypeScript block with WGSL in it, and every one of the guide and the
// recipes, runs on it, with what prelude.d.ts declares at hand. The device finds fault with none of their calls.

/** Blocks that need a page, and the test that runs them there. By a line that they contain. */
const onPages: readonly (readonly [document: string, line: string, ranBy: string])[] = [
  ['docs/recipes/three.md', "from 'three", 'tests/interop.e2e.test.ts'],
  ['docs/recipes/workers.md', 'new Worker(', 'tests/recipes.e2e.test.ts'],
  ['docs/recipes/workers.md', "addEventListener('message'", 'the same'],
  ['docs/recipes/columns.md', "getContext('webgl2')", 'tests/webgl2.browser.test.ts'],
  ['docs/guide.md', 'import.meta.hot', 'tests/demo-hot-reload.e2e.test.ts'],
]

const folder = join(root, 'tests/.snippets-dawn')
const errors: string[] = []
let gpu: MkGpu<WebGpuBackend>
let device: GPUDevice
let mk: MkSync
let pass: GPURenderPassEncoder
let finish: () => void

// The world of all blocks is attached before they flag a component.
beforeAll(loadColumns)
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

// A device for each block: one of them destroys it.
beforeEach(async () => {
  device = await dawnDevice()
  gpu = new MkGpu(new WebGpuBackend(device, { owned: true }))
  device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message))
  const n = 10_001
  const Position = GpuSynced({ x: new Float32Array(n), y: new Float32Array(n) }, { label: 'Position' })
  const [Velocity, Visible] = [{ x: new Float32Array(n), y: new Float32Array(n) }, {}]
  const synced = createWorld()
  mk = await attachMk(synced, { gpu })
  for (let i = 0; i < 10; i++) addComponents(synced, addEntity(synced), Position, Velocity, Visible)
  mk.beginFrame()
  mk.endFrame()
  const format = 'bgra8unorm'
  const texture = device.createTexture({ size: [8, 8], format, usage: 0x10 })
  const encoder = device.createCommandEncoder()
  pass = encoder.beginRenderPass({
    colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }],
  })
  finish = () => {
    pass.end()
    device.queue.submit([encoder.finish()])
    texture.destroy()
  }
  const bindGroupLayout = device.createBindGroupLayout({
    entries: [{ binding: 0, visibility: 1, buffer: { type: 'read-only-storage' } }],
  })
  const { limits } = device
  const adapter = { limits, requestDevice: () => Promise.resolve(device) }
  const context = { configure: () => undefined, getCurrentTexture: () => texture }
  const prelude: Record<string, unknown> = {
    ...Object.fromEntries(Object.entries(globals)),
    ...{ device, adapter, pass, bindGroupLayout, gpu, mk, Position, Velocity, Visible, capacity: n },
    world: createWorld(),
    physics: (world: unknown) => world,
    draw: () => undefined,
    navigator: {
      userAgent: 'Dawn',
      gpu: {
        requestAdapter: () => Promise.resolve(adapter),
        getPreferredCanvasFormat: () => format,
      },
    },
    document: { querySelector: () => ({ getContext: () => context }) },
    requestAnimationFrame: () => 0,
  }
  for (const [name, value] of Object.entries(prelude)) vi.stubGlobal(name, value)
})

afterEach(() => {
  mk.dispose()
  gpu.destroy()
  vi.unstubAllGlobals()
})

/** Errors of the device so far, once it has had time to tell them. */
async function told(): Promise<string[]> {
  await device.queue.onSubmittedWorkDone().catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 0))
  return errors.splice(0)
}

const wgsl = snippetsIn('wgsl')
it.each(wgsl.map((snippet) => [`${snippet.document}:${snippet.line}`, snippet] as const))(
  'compiles the WGSL of %s',
  async (_, { code }) => {
    const { messages } = await device.createShaderModule({ code }).getCompilationInfo()
    finish()
    expect([
      ...messages.filter(({ type }) => type === 'error').map(({ message }) => message),
      ...(await told()),
    ]).toEqual([])
  },
)

const runs = snippetsIn('ts').filter(
  ({ code, document }) =>
    (/\.wgsl\(|createShaderModule/.test(code) || /^docs\/(guide|recipes\/\w+)\.md$/.test(document)) &&
    !onPages.some(([at, line]) => at === document && code.includes(line)),
)

it("notices WGSL that doesn't compile, and an invalid call", async () => {
  device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() { position[query1[0]]; }' })
  pass.drawIndirect(mk.buffer((globalThis as unknown as { Position: never }).Position).gpuBuffer, 0)
  finish()
  expect((await told()).length).toBeGreaterThan(1)
})

it('finds the intended blocks', () => {
  finish()
  expect(runs.length).toBeGreaterThan(15)
  const all = snippetsIn('ts')
  for (const [document, line] of onPages)
    expect(
      all.some((snippet) => snippet.document === document && snippet.code.includes(line)),
      line,
    ).toBe(true)
})

it.each(runs.map((snippet) => [`${snippet.document}:${snippet.line}`, snippet] as const))(
  'runs the code of %s',
  async (_, snippet) => {
    const path = join(folder, fileNameOf(snippet))
    writeFileSync(path, `${snippet.code}\nexport {}\n`)
    const exported = (await import(/* @vite-ignore */ path)) as {
      draw?: (position: SyncedBuffer) => void
    }
    // What the README's block is for.
    exported.draw?.(mk.buffer((globalThis as unknown as { Position: never }).Position))
    finish()
    expect(await told()).toEqual([])
  },
)
