import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { createServer, type ViteDevServer } from 'vite'
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the demo, served as `npm start` serves it, that a test may edit. */
export class DemoServer {
  readonly folder: string
  readonly #server: ViteDevServer

  private constructor(folder: string, server: ViteDevServer) {
    this.folder = folder
    this.#server = server
  }

  static async start(): Promise<DemoServer> {
    const folder = await mkdtemp(join(tmpdir(), 'memkit-demo-'))
    const skip = join(repository, 'demo/node_modules')
    // Without its tsconfig, which extends one that is not copied.
    const wanted = (path: string): boolean => !path.startsWith(skip) && !path.endsWith('tsconfig.json')
    await cp(join(repository, 'demo'), folder, { recursive: true, filter: wanted })
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'))
    const server = await createServer({
      root: folder,
      cacheDir: join(folder, '.vite'),
      logLevel: 'error',
      server: {
        port: 0,
        fs: { allow: [repository, folder] },
        // Watch only the edits of the test.
        watch: { ignored: (path) => !path.startsWith(folder) },
      },
    })
    await server.listen()
    return new DemoServer(folder, server)
  }

  get url(): string {
    return this.#server.resolvedUrls!.local[0]
  }

  async stop(): Promise<void> {
    await this.#server.close()
    await rm(this.folder, { recursive: true })
  }
}

export function launchChromium(args: readonly string[] = chromiumArgs): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: [...args] })
}

/** What `watchPage` counts inside the page. */
interface Probe {
  /** States the page went through. */
  states: string[]
  /** Devices handed out that are not lost or destroyed. */
  devices: number
  /** Animation frames, and callbacks of the last one and of the one with the most. */
  frames: number
  lastFrame: number
  callbacks: number
  mostCallbacks: number
}

declare global {
  var probe: Probe
}

/** Runs in the page before the demo does. */
function watchPage(): void {
  const probe: Probe = { states: [], devices: 0, frames: 0, lastFrame: 0, callbacks: 0, mostCallbacks: 0 }
  globalThis.probe = probe
  new MutationObserver(() => probe.states.push(document.documentElement.dataset['state'] ?? '')).observe(
    document,
    {
      subtree: true,
      attributeFilter: ['data-state'],
    },
  )
  const request = requestAnimationFrame
  globalThis.requestAnimationFrame = (callback) =>
    request((now) => {
      if (now !== probe.lastFrame) {
        probe.frames++
        probe.lastFrame = now
        probe.callbacks = 0
      }
      probe.mostCallbacks = Math.max(probe.mostCallbacks, ++probe.callbacks)
      callback(now)
    })
  const adapter = (globalThis as { GPUAdapter?: typeof GPUAdapter }).GPUAdapter?.prototype
  if (adapter === undefined) return
  // oxlint-disable-next-line typescript/unbound-method -- called with the adapter it belongs to
  const { requestDevice } = adapter
  adapter.requestDevice = async function (this: GPUAdapter, ...args) {
    const device = await requestDevice.apply(this, args)
    probe.devices++
    void device.lost.then(() => probe.devices--)
    return device
  }
}

/** The demo in a browser tab. */
export class DemoPage {
  readonly page: Page
  /** Errors and warnings on the console, uncaught errors, requests that failed. */
  readonly problems: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.problems.push(message.text())
    })
    page.on('pageerror', (error) => this.problems.push(String(error)))
    page.on('requestfailed', (request) => this.problems.push(`${request.url()} failed`))
  }

  /** @param before runs in the page before anything else does */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    before: () => void = () => {},
  ): Promise<DemoPage> {
    const page = await browser.newPage({ viewport: { width: 640, height: 400 }, ...options })
    await page.addInitScript(watchPage)
    await page.addInitScript(before)
    page.setDefaultTimeout(60_000)
    const demo = new DemoPage(page)
    await page.goto(url)
    return demo
  }

  close(): Promise<void> {
    return this.page.close()
  }

  /** Waits until the page says that it is starting, running, stopped, lost or failed. */
  async reached(state: string): Promise<void> {
    await this.page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached' })
  }

  /** Waits until the game is in a phase: title, playing, paused or over. */
  async inPhase(phase: string): Promise<void> {
    await this.page.locator(`html[data-phase="${phase}"]`).waitFor({ state: 'attached' })
  }

  /** Waits until the report of a frame says something of a component: its label, strategy and rows, one space between them. */
  async reports(pattern: RegExp): Promise<void> {
    await this.page.waitForFunction((source) => {
      const app = globalThis.demo?.app
      // Between two sessions, the last one's is disposed of.
      if (app?.isReady !== true) return false
      return app.mk.report.mirrors.some(({ label, strategy, rows }) =>
        new RegExp(source).test(`${label} ${strategy} ${rows}`),
      )
    }, pattern.source)
  }

  /** Most animation frame callbacks in any of the next ten frames: how many loops run. */
  async loops(): Promise<number> {
    await this.page.evaluate(() => (globalThis.probe.mostCallbacks = globalThis.probe.frames = 0))
    // Not with `waitForFunction`, which asks in every animation frame, and would be counted.
    while ((await this.page.evaluate(() => globalThis.probe.frames)) <= 10) await setTimeout(50)
    return this.page.evaluate(() => globalThis.probe.mostCallbacks)
  }

  /** Waits until the page has gone through these states, one after the other, and no other. */
  async wentThrough(...states: string[]): Promise<void> {
    await this.page.waitForFunction((wanted) => globalThis.probe.states.join() === wanted, states.join())
  }

  devices(): Promise<number> {
    return this.page.evaluate(() => globalThis.probe.devices)
  }

  /** A picture of what the canvas shows, without what lies over it. */
  async picture(): Promise<string> {
    const png = await this.page.screenshot({ style: '#hud, .screen { visibility: hidden !important }' })
    return png.toString('base64')
  }

  /** The first picture that is the same as the one before it: what was drawn earlier may come out late. */
  async atRest(): Promise<string> {
    let before = await this.picture()
    for (;;) {
      await this.page.waitForTimeout(100)
      const now = await this.picture()
      if ((await this.compare(before, now)).different === 0) return now
      before = now
    }
  }

  /** Compares two pictures. @returns pixels of the first that aren't night sky, and pixels that differ */
  compare(first: string, second: string): Promise<{ lit: number; different: number }> {
    return this.page.evaluate(
      async (pictures) => {
        const [a, b] = await Promise.all(
          pictures.map(async (base64) => {
            const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
            const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
            const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!
            context.drawImage(bitmap, 0, 0)
            return context.getImageData(0, 0, bitmap.width, bitmap.height).data
          }),
        )
        let lit = 0
        let different = 0
        for (let i = 0; i < a.length; i += 4) {
          if (Math.max(a[i], a[i + 1], a[i + 2]) > 60) lit++
          if (a[i] !== b[i] || a[i + 1] !== b[i + 1] || a[i + 2] !== b[i + 2]) different++
        }
        return { lit, different }
      },
      [first, second],
    )
  }
}
