import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Schema } from '@memkit/ecs-plugin'
import type { Browser } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DemoPage, launchChromium } from './demo/page.ts'

/** What the page handed to the device, collected before it starts. */
declare global {
  var handed: {
    readonly bound: Set<unknown>
    readonly vertices: Set<unknown>
    readonly indirect: Set<unknown>
  }
}

let cache: string
let server: ViteDevServer
let browser: Browser
let page: DemoPage

beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'memkit-examples-'))
  server = await createServer({
    root: join(import.meta.dirname, '../examples'),
    configFile: join(import.meta.dirname, '../demo/vite.config.ts'),
    cacheDir: cache,
    logLevel: 'error',
    server: { port: 0, hmr: false, watch: null },
  })
  await server.listen()
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await server.close()
  await rm(cache, { recursive: true })
})
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(page.problems.join('\n'))
  await page.close()
})

async function open(path: string): Promise<void> {
  const url = server.resolvedUrls!.local[0] + path
  page = await DemoPage.open(browser, url, { viewport: { width: 640, height: 400 } }, watchDevice)
}

/** Runs in the page before the example does. */
function watchDevice(): void {
  const handed = { bound: new Set<unknown>(), vertices: new Set<unknown>(), indirect: new Set<unknown>() }
  globalThis.handed = handed
  // oxlint-disable typescript/unbound-method -- called with the object that each belongs to
  const { createBindGroup } = GPUDevice.prototype
  GPUDevice.prototype.createBindGroup = function (descriptor) {
    for (const { resource } of descriptor.entries) if ('buffer' in resource) handed.bound.add(resource.buffer)
    return createBindGroup.call(this, descriptor)
  }
  const { setVertexBuffer, drawIndexedIndirect } = GPURenderPassEncoder.prototype
  // oxlint-enable typescript/unbound-method
  GPURenderPassEncoder.prototype.setVertexBuffer = function (slot, buffer, ...rest) {
    handed.vertices.add(buffer)
    return setVertexBuffer.call(this, slot, buffer, ...rest)
  }
  GPURenderPassEncoder.prototype.drawIndexedIndirect = function (buffer, offset) {
    handed.indirect.add(buffer)
    return drawIndexedIndirect.call(this, buffer, offset)
  }
}

/** Compares the rows that the device has with the columns, which are of f32. @returns entities compared, and words that differ */
function compareWithColumns(): Promise<{ entities: number; differ: number }> {
  return page.page.evaluate(async () => {
    const { app, components } = globalThis.example!
    let [entities, differ] = [0, 0]
    for (const component of components) {
      const buffer = app.mk.buffer<Schema>(component)
      const device = new Uint32Array(await buffer.read())
      const columns = Object.values(component).map((column: Float32Array) => new Uint32Array(column.buffer))
      const slots = Math.min(...columns.map((column) => column.length))
      for (let entity = 0; entity < slots; entity++) {
        let word = (buffer.rowOf(entity) * buffer.stride) / 4
        if (word < 0) continue
        entities++
        for (const column of columns)
          for (let k = 0; k < column.length / slots; k++)
            differ += +(column[(entity * column.length) / slots + k] !== device[word++])
      }
    }
    return { entities, differ }
  })
}

describe.each([
  // Of each of two components, 3,000 and the 24 that join in each of the frames before it stops, less the 4 that leave.
  { path: 'three.html', entities: 2 * (3000 + 12 * 20) },
  // Of each of two components, 5,000 birds and 20 more in each of 12 frames.
  { path: 'three-webgl.html', entities: 2 * (5000 + 12 * 20) },
  // Of three components.
  { path: 'three-instances.html', entities: 3 * 600 },
  { path: 'typegpu.html', entities: 14 },
])('$path', ({ path, entities }) => {
  it('draws what moves, without console messages', async () => {
    await open(path)
    await page.reached('running')
    const first = await page.picture()
    await page.page.waitForTimeout(2000)
    const { lit, different } = await page.compare(first, await page.picture())
    // Fish, or bodies with their dust, are thousands of pixels; the title has only some hundreds, and stands still.
    expect(lit).toBeGreaterThan(3000)
    expect(different).toBeGreaterThan(2000)
    expect(page.problems).toEqual([])
  })

  it('leaves the device with the bytes that the columns hold', async () => {
    await open(`${path}?frames=12`)
    await page.reached('stopped')
    expect(await compareWithColumns()).toEqual({ entities, differ: 0 })
    expect(page.problems).toEqual([])
  })
})

describe('three.html', () => {
  it('draws from the synced buffers, also after they grew', async () => {
    await open('three.html?frames=12')
    await page.reached('stopped')
    const seen = await page.page.evaluate(() => {
      const { app, components } = globalThis.example!
      const { bound, vertices, indirect } = globalThis.handed
      const buffers = components.map((component) => app.mk.buffer<Schema>(component))
      return {
        bound: buffers.map(({ gpuBuffer }) => bound.has(gpuBuffer)),
        grown: buffers.map(({ generation }) => generation > 1),
        labels: [...vertices, ...indirect].map((buffer) => (buffer as GPUBuffer).label),
      }
    })
    expect(seen.bound).toEqual([true, true])
    expect(seen.grown).toEqual([true, true])
    expect(seen.labels).toEqual(expect.arrayContaining(['PlaceSwimList', 'PlaceSwimList draw']))
  })
})

describe('three.html, when its renderer is disposed of', () => {
  it('leaves the synced buffers alive', async () => {
    await open('three.html?frames=3')
    await page.reached('stopped')
    await page.page.evaluate(() => globalThis.example!.letGo!())
    expect((await compareWithColumns()).differ).toBe(0)
    expect(page.problems).toEqual([])
  })
})

describe('three-instances.html', () => {
  it('names the entity that is clicked, and paints it', async () => {
    await open('three-instances.html')
    await page.reached('running')
    const figures = page.page.locator('#figures')
    // Crates hop: one is hit after a few clicks.
    for (let i = 0; i < 40; i++) {
      await page.page.mouse.click(120 + ((i * 37) % 400), 260 + ((i * 23) % 60))
      if (/entity \d+/.test((await figures.textContent()) ?? '')) break
    }
    await figures.filter({ hasText: /entity \d+/ }).waitFor()
    expect(page.problems).toEqual([])
  })
})

describe('fiber.html', () => {
  it('draws in StrictMode, hides, and shows the same world again', async () => {
    await open('fiber.html')
    await page.reached('running')
    const figures = page.page.locator('#figures')
    await figures.filter({ hasText: '600 crates' }).waitFor()
    const moves = async (): Promise<void> => {
      const first = await page.picture()
      await page.page.waitForTimeout(1000)
      const { lit, different } = await page.compare(first, await page.picture())
      expect(lit).toBeGreaterThan(3000)
      expect(different).toBeGreaterThan(2000)
    }
    await moves()
    await page.page.getByRole('button', { name: 'Drop 50' }).click()
    await figures.filter({ hasText: '650 crates' }).waitFor()
    for (let i = 0; i < 3; i++) {
      await page.page.getByRole('button', { name: 'Hide' }).click()
      await figures.waitFor({ state: 'detached' })
      await page.page.getByRole('button', { name: 'Show' }).click()
      await figures.filter({ hasText: '650 crates' }).waitFor()
    }
    await moves()
    // react-three-fiber 9 makes a Clock, of which three 0.183 and later say that it is deprecated.
    expect(page.problems.filter((problem) => !problem.startsWith('THREE.Clock:'))).toEqual([])
  })
})

describe('typegpu.html', () => {
  it('adds a body on a click, with a row that TypeGPU reads', async () => {
    await open('typegpu.html')
    await page.reached('running')
    await page.page.mouse.click(320, 300)
    await page.page
      .locator('#figures')
      .filter({ hasText: /^15 entities/ })
      .waitFor()
    expect(
      await page.page.evaluate(
        () => globalThis.example!.app.mk.buffer(globalThis.example!.components[0]).rows,
      ),
    ).toBe(15)
    expect(page.problems).toEqual([])
  })
})
