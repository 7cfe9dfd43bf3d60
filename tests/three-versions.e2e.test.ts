// Every way to draw in @memkit/three, on the oldest, a middle and the newest version of three, on each of its renderers.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { createServer, defaultClientConditions, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from './demo/page.ts'
import type { Way } from './three/ways.ts'

const versions = [
  { name: 'three-0.180', revision: '180' },
  { name: 'three-0.184', revision: '184' },
  { name: 'three', revision: '187' },
]
const kinds = ['WebGLRenderer', 'WebGPURenderer', 'WebGPURenderer on WebGL'] as const

/** All steps of a game, none of which may differ in a pixel. */
const SAME = {
  nothing: 0,
  '100 more': 0,
  '300 more': 0,
  '600 more': 0,
  moved: 0,
  hidden: 0,
  killed: 0,
  'not drawn for 20 frames': 0,
  disposed: 0,
}

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

describe.each(versions)('$name', ({ name, revision }) => {
  let cache: string
  let server: ViteDevServer
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'memkit-three-'))
    server = await createServer({
      root: join(import.meta.dirname, 'three'),
      configFile: false,
      cacheDir: cache,
      logLevel: 'error',
      resolve: {
        conditions: ['@memkit/source', ...defaultClientConditions],
        alias: name === 'three' ? [] : [{ find: /^three(?=\/|$)/, replacement: name }],
      },
      optimizeDeps: { include: ['bitecs', name, `${name}/tsl`, `${name}/webgpu`] },
      server: { port: 0, hmr: false, watch: null },
    })
    await server.listen()
    page = await browser.newPage()
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(server.resolvedUrls!.local[0])
    await page.waitForFunction('globalThis.threeVersions !== undefined', undefined, { timeout: 30_000 })
  })
  afterAll(async () => {
    await page?.close()
    await server?.close()
    await rm(cache, { recursive: true })
  })

  const play = (way: Way, kind: (typeof kinds)[number]) =>
    page.evaluate(([a, b]) => globalThis.threeVersions.play(a, b), [way, kind] as const)

  it(`is revision ${revision}`, async () => {
    expect(await page.evaluate(() => globalThis.threeVersions.revision)).toBe(revision)
  })

  it.each(kinds)('SyncedMesh draws what the columns say on %s', async (kind) => {
    expect(await play('SyncedMesh', kind)).toEqual(SAME)
    expect(problems).toEqual([])
  })

  it.each(kinds)('SyncedMesh of columns draws what the columns say on %s', async (kind) => {
    expect(await play('SyncedMesh of columns', kind)).toEqual(SAME)
    expect(problems).toEqual([])
  })

  it.each(kinds)('SyncedInstances draws what the columns say on %s', async (kind) => {
    expect(await play('SyncedInstances', kind)).toEqual(SAME)
    expect(problems).toEqual([])
  })

  if (Number(revision) >= 183)
    it('StorageMesh draws what the columns say', async () => {
      expect(await play('StorageMesh', 'WebGPURenderer')).toEqual(SAME)
      expect(problems).toEqual([])
    })
  else
    it('StorageMesh is refused, because three would draw from destroyed buffers', async () => {
      await expect(play('StorageMesh', 'WebGPURenderer')).rejects.toThrow('draws from destroyed buffers')
    })

  it('draws a game that came from InstancedMesh as before, at frames 1, 30 and 300', async () => {
    await page.goto(`${server.resolvedUrls!.local[0]}third-party/index.html`)
    await page.waitForFunction('globalThis.thirdParty !== undefined', undefined, { timeout: 30_000 })
    const seen = await page.evaluate(() => globalThis.thirdParty.compare([1, 30, 300]))
    for (const frame of [1, 30, 300]) {
      expect(seen[frame]).toMatchObject({ differ: 0 })
      expect(seen[frame].lit).toBeGreaterThan(3000)
    }
    expect(problems).toEqual([])
  })
})

it('takes at most 20 changed lines to come from InstancedMesh', async () => {
  const lines = async (name: string): Promise<string[]> =>
    (await readFile(join(import.meta.dirname, 'three/third-party', name), 'utf8')).split('\n')
  const [before, after] = [await lines('before.ts'), await lines('after.ts')]
  // A line that is new or another one counts; one that goes doesn't.
  const added = after.filter((line) => !before.includes(line))
  expect(added.length).toBeLessThanOrEqual(20)
  expect(after.length).toBeLessThan(before.length)
})
