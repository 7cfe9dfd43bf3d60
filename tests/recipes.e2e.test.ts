// Programs of the documentation as a reader runs them: each TypeScript block is a file of a page that Vite serves.
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { createServer, defaultClientConditions, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from './demo/page.ts'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** The first TypeScript block of a page that has these words in it. */
async function block(page: string, words: string): Promise<string> {
  const text = await readFile(join(repository, page), 'utf8')
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map((match) => match[1])
  const found = blocks.find((code) => code.includes(words))
  if (found === undefined) throw new Error(`${page} has no block with ${words}`)
  return found
}

/** What a reader of any recipe has: a page with a canvas, a device, something that draws. */
const start = `
const device = await (await navigator.gpu.requestAdapter()).requestDevice()
device.addEventListener('uncapturederror', ({ error }) => console.error(error.message))
Object.assign(globalThis, { device, draw: () => {} })
globalThis.program = await import('./main.ts')
globalThis.started = true
`

let browser: Browser
let server: ViteDevServer | undefined
let folder: string
let problems: string[]

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())
afterEach(async () => {
  await server?.close()
  await rm(folder, { recursive: true })
})

/** Serves the files and opens the page, which has run `main.ts` then. */
async function open(files: Record<string, string>): Promise<Page> {
  folder = await mkdtemp(join(tmpdir(), 'memkit-recipe-'))
  await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
  const all = {
    'index.html':
      '<link rel="icon" href="data:,"><canvas width="64"height="64"></canvas><script type="module" src="./start.js"></script>',
    'start.js': start,
    ...files,
  }
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, name), text)
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  }
  server = await createServer({
    root: folder,
    configFile: false,
    cacheDir: join(folder, '.vite'),
    logLevel: 'error',
    resolve: { conditions: ['@memkit/source', ...defaultClientConditions] },
    server: {
      port: 0,
      headers,
      fs: { allow: [repository, folder] },
      watch: { ignored: (path) => !path.startsWith(folder) },
    },
    optimizeDeps: { include: ['bitecs'] },
  })
  await server.listen()
  const page = await browser.newPage()
  problems = []
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error)))
  await page.goto(server.resolvedUrls!.local[0])
  await page
    .waitForFunction('globalThis.started === true', undefined, { timeout: 20_000 })
    .catch((error: unknown) => {
      throw new Error(`${String(error)}\n${problems.join('\n')}`)
    })
  return page
}

/** Columns of the canvas in which there is a white pixel. */
const whiteColumns = `(() => {
  const flat = new OffscreenCanvas(64, 64).getContext('2d')
  flat.drawImage(document.querySelector('canvas'), 0, 0)
  const { data } = flat.getImageData(0, 0, 64, 64)
  const columns = new Set()
  for (let i = 0; i < 64 * 64; i++) if (data[4 * i] > 127) columns.add(i % 64)
  return [...columns].sort((a, b) => a - b)
})()`

describe('recipes run as they are written', () => {
  it('fixed-step.md: draws between two steps, by alpha', async () => {
    const page = await open({ 'main.ts': await block('docs/recipes/fixed-step.md', 'fixedDelta: 1 / 60') })
    // One entity from the left: a step takes it from −0.74 to 0.26, half a step later it is drawn at −0.24.
    const drawn = (ticks: string): Promise<unknown> =>
      page.evaluate(`(async () => {
        const { app, Place, Velocity, world } = globalThis.program
        const { addComponent, addEntity } = await import('/@id/bitecs')
        if (!globalThis.entity) {
          globalThis.entity = addEntity(world)
          for (const component of [Place, Velocity]) addComponent(world, globalThis.entity, component)
          Place.x[globalThis.entity] = -0.74
          Velocity.x[globalThis.entity] = 60
          app.tick(0)
        }
        ${ticks}
        return ${whiteColumns}
      })()`)
    // x of −0.24 is 24.3 of 64 pixels, x of 0.01 32.3.
    expect(await drawn('app.tick(1.5 / 60)')).toEqual([24])
    expect(await drawn('app.tick(0.25 / 60)')).toEqual([32])
    expect(await drawn('app.tick(0)')).toEqual([32])
    expect(problems).toEqual([])
  })

  it('workers.md: uploads what a thread writes and marks', async () => {
    const page = await open({
      'main.ts': await block('docs/recipes/workers.md', './physics.ts'),
      'physics.ts': await block('docs/recipes/workers.md', 'SharedMarker.from'),
    })
    const moved = `(async () => {
      const { frame, mk, Position } = globalThis.program
      frame()
      const rows = new Float32Array(await mk.buffer(Position).read())
      return [rows[2], rows[4], rows[2 * 9991], rows[2 * 9991 + 1] === Math.fround(Math.sin(0.5))]
    })()`
    // Every tenth entity from 1 on.
    await expect.poll(() => page.evaluate(moved), { timeout: 20_000 }).toEqual([0.5, 0, 0.5, true])
    expect(problems).toEqual([])
  })

  it('workers.md: draws into the canvas of the page from a worker that owns the game', async () => {
    const page = await open({
      'main.ts': await block('docs/recipes/workers.md', 'transferControlToOffscreen'),
      'game.ts': await block('docs/recipes/workers.md', 'openDevice'),
    })
    await expect
      .poll(async () => (await page.evaluate<number[]>(whiteColumns)).length, { timeout: 20_000 })
      .toBeGreaterThan(10)
    expect(problems).toEqual([])
  })

  it('app.md: keeps the world with each edit, under the new code', async () => {
    const code = await block('docs/app.md', 'import.meta.hot')
    const seen = 'globalThis.seen = { world, Position, app }\n'
    const page = await open({ 'main.ts': `${code}${seen}` })
    const x = (): Promise<number> => page.evaluate('globalThis.seen.Position.x[1000]')
    await expect.poll(x, { timeout: 20_000 }).toBeGreaterThan(5)
    await page.evaluate('globalThis.first = globalThis.seen')
    for (const step of [-1000, -2000]) {
      const edited = code.replace('Position.x[e] += 1 ', `Position.x[e] += ${step} `)
      expect(edited).not.toBe(code)
      await writeFile(join(folder, 'main.ts'), `${edited}${seen}`)
      await expect.poll(x, { timeout: 20_000 }).toBeLessThan(step)
    }
    const same = `({ world, Position, app } = globalThis.first, now = globalThis.seen) => [
      world === now.world, Position === now.Position, app === now.app, app.isDisposed, now.app.isRunning]`
    // The server may hand out an edit twice, where it saw the file half-written: then an App ends, and the next begins, meanwhile.
    await expect
      .poll(() => page.evaluate(`(${same})()`), { timeout: 20_000 })
      .toEqual([true, true, false, true, true])
    // The device has the rows of the world that lived on.
    const equal = `(({ app, Position } = globalThis.seen) => {
      app.stop()
      return app.mk.buffer(Position).read().then((bytes) => new Float32Array(bytes)[1000] === Position.x[1000])
    })()`
    await expect.poll(() => page.evaluate(equal).catch(() => false), { timeout: 20_000 }).toBe(true)
    expect(problems).toEqual([])
  })
})
