import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'
import { build, defaultClientConditions, preview } from 'vite'
import { chromiumArgs, findChromium } from '../scripts/chromium.mjs'
import type { Progress, Outcome } from './outcome.ts'
import './page/globals.ts'

const page = fileURLToPath(new URL('page', import.meta.url))

/** A page in headless Chromium that holds the programs, built for production as a game would be. */
export class BenchPage {
  /** Of Chromium. */
  readonly version: string
  readonly page: Page
  readonly #browser: Browser
  readonly #folder: string
  readonly #server: { close(): Promise<void> }
  #progress: Progress = () => {}

  private constructor(browser: Browser, page: Page, folder: string, server: { close(): Promise<void> }) {
    this.version = browser.version()
    this.page = page
    this.#browser = browser
    this.#folder = folder
    this.#server = server
  }

  static async open(): Promise<BenchPage> {
    const folder = await mkdtemp(join(tmpdir(), 'memkit-bench-'))
    const conditions = ['@memkit/source', ...defaultClientConditions]
    await build({
      root: page,
      configFile: false,
      logLevel: 'error',
      resolve: { conditions },
      build: { outDir: folder, emptyOutDir: true, target: 'esnext', chunkSizeWarningLimit: 10_000 },
    })
    const server = await preview({
      root: page,
      configFile: false,
      logLevel: 'error',
      build: { outDir: folder },
      preview: {
        port: 0,
        // Isolated pages have a clock of 5 µs, others one of 100.
        headers: {
          'Cross-Origin-Opener-Policy': 'same-origin',
          'Cross-Origin-Embedder-Policy': 'require-corp',
        },
      },
    })
    const browser = await chromium.launch({
      executablePath: findChromium(),
      args: [...chromiumArgs, '--js-flags=--expose-gc --min-semi-space-size=64'],
    })
    const tab = await browser.newPage()
    const opened = new BenchPage(browser, tab, folder, server)
    tab.on('pageerror', (error) => console.error(String(error)))
    tab.on('console', (message) => {
      if (message.type() === 'error') console.error(message.text())
    })
    await tab.exposeFunction('benchProgress', (done: number, what: string) => opened.#progress(done, what))
    await tab.goto(server.resolvedUrls!.local[0])
    await tab.waitForFunction(() => document.title === 'ready')
    return opened
  }

  async run(name: string, quick: boolean, progress: Progress, variant?: string): Promise<Outcome> {
    this.#progress = progress
    return (await this.page.evaluate(([name, quick, variant]) => globalThis.bench(name, quick, variant), [
      name,
      quick,
      variant,
    ] as const)) as Outcome
  }

  /** Reloads the page, with nothing in it. */
  async reload(): Promise<void> {
    await this.page.reload()
    await this.page.waitForFunction(() => document.title === 'ready')
  }

  /** What DevTools know. */
  session(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page)
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await this.#server.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
