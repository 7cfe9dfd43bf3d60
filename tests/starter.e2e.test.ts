import { cp, mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumArgs, findChromium } from '../scripts/chromium.mjs'
import { installTarballs, packAll } from '../scripts/pack.mjs'
import { capture } from '../scripts/run.mjs'

// The starters as users copy them: outside of the repository, with the published packages, built without configuration.

const root = join(import.meta.dirname, '..')
const tools = ['vite', 'typescript']
let place: string
let browser: Browser
let tarballs: Record<string, string>

beforeAll(async () => {
  place = await realpath(await mkdtemp(join(tmpdir(), 'memkit-starter-')))
  const build = await run('tsc', ['-b'], root)
  expect(build.output).toBe('')
  tarballs = await packAll(join(place, 'tarballs'))
  browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArgs })
}, 300_000) // in a fresh clone, the packages are built first
afterAll(async () => {
  await browser?.close()
  await rm(place, { recursive: true })
})

function run(tool: string, args: string[], folder: string) {
  return capture(join(root, 'node_modules/.bin', tool), args, { cwd: folder })
}

describe.each(['starter', 'starter-three'])('%s', (starter) => {
  let project: string

  beforeAll(async () => {
    project = join(place, starter)
    await cp(join(root, 'examples', starter), project, { recursive: true })
    const ofOthers = ['@memkit/inspector', 'uplot', '@memkit/react', 'react']
    const needed = Object.entries(tarballs).filter(([name]) => !ofOthers.includes(name))
    await installTarballs(project, Object.fromEntries(needed))
    // Tools are those of this repository: a test asks no registry.
    const linked = starter === 'starter' ? tools : [...tools, '@types/three']
    await mkdir(join(project, 'node_modules/@types'), { recursive: true })
    for (const tool of linked)
      await symlink(join(root, 'node_modules', tool), join(project, 'node_modules', tool))
  }, 120_000)

  it('requires the packages and tools of this repository', async () => {
    const asked = JSON.parse(await readFile(join(root, `examples/${starter}/package.json`), 'utf8'))
    const ranges = { ...asked.dependencies, ...asked.devDependencies } as Record<string, string>
    for (const [name, range] of Object.entries(ranges)) {
      const { version } = JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'))
      expect(satisfiesCaret(version, range), `${name} ${version} is in ${range}`).toBe(true)
    }
  })

  it('compiles and builds', async () => {
    const types = await run('tsc', [], project)
    expect(types.output).toBe('')
    const built = await run('vite', ['build'], project)
    expect(built, built.output).toMatchObject({ code: 0 })
    // three has more than the 500 kB that Vite warns at.
    const output = built.output.replace(
      /\[plugin builtin:vite-reporter\]\s*\(!\) Some chunks are larger[^]*/,
      '',
    )
    expect(output).not.toMatch(/\(!\)|\bwarn(?:ing)?\b/i)
  })

  it('draws and responds to a click under a strict content security policy', async () => {
    expect(await play(project, "script-src 'self' 'wasm-unsafe-eval'")).toEqual([])
  })

  it('does the same when WebAssembly is refused, and warns once', async () => {
    const problems = await play(project, "script-src 'self'")
    // Chromium reports the violation itself. Whatever else it says: it is about WebAssembly.
    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) expect(problem).toMatch(/WebAssembly/)
    expect(problems.filter((problem) => problem.startsWith('memkit:'))).toHaveLength(1)
  })
})

/** Opens what was built, and looks. @returns errors and warnings of the page */
async function play(project: string, scripts: string): Promise<string[]> {
  const policy = `default-src 'none'; ${scripts}; style-src 'self'; img-src data:`
  const server = await preview({
    root: project,
    configFile: false,
    logLevel: 'error',
    preview: { port: 0, headers: { 'Content-Security-Policy': policy } },
  })
  const page = await browser.newPage({ viewport: { width: 640, height: 480 } })
  try {
    const problems: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.goto(server.resolvedUrls!.local[0])
    await frames(page, 10)
    const first = (await page.screenshot()).toString('base64')
    await page.mouse.click(320, 60)
    await frames(page, 5)
    const second = (await page.screenshot()).toString('base64')
    // 2 000 dots of 480 × (0.004 … 0.016) pixels across: hundreds of lit pixels at the least, and all of them move.
    const { lit, different } = await compare(first, second)
    expect(lit).toBeGreaterThan(300)
    expect(different).toBeGreaterThan(300)
    return problems
  } finally {
    await page.close()
    await server.close()
  }
}

/** Waits for animation frames. */
function frames(page: Page, count: number): Promise<void> {
  return page.evaluate(async (left) => {
    for (; left > 0; left--) await new Promise(requestAnimationFrame)
  }, count)
}

/** Pixels of the first picture that are brighter than its ground, and pixels in which the second differs from it. */
async function compare(...pictures: string[]): Promise<{ lit: number; different: number }> {
  // On a page of its own, which no policy forbids to decode a picture.
  const page = await browser.newPage()
  const counts = await page.evaluate(async (encoded) => {
    const [a, b] = await Promise.all(
      encoded.map(async (base64) => {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
        const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!
        context.drawImage(bitmap, 0, 0)
        // The sentence at the bottom is none of the canvas.
        return context.getImageData(0, 0, bitmap.width, bitmap.height - 60).data
      }),
    )
    let [lit, different] = [0, 0]
    for (let i = 0; i < a.length; i += 4) {
      if (Math.max(a[i], a[i + 1], a[i + 2]) > 60) lit++
      if (a[i] !== b[i] || a[i + 1] !== b[i + 1] || a[i + 2] !== b[i + 2]) different++
    }
    return { lit, different }
  }, pictures)
  await page.close()
  return counts
}

/** Whether a version lies in a caret range: first number that is not zero equal, the rest not lower. */
function satisfiesCaret(version: string, range: string): boolean {
  expect(range).toMatch(/^\^\d+\.\d+\.\d+$/)
  const [has, asked] = [version, range.slice(1)].map((text) => text.split('.').map(Number))
  const fixed = asked.findIndex((number) => number > 0)
  const differs = asked.findIndex((number, i) => has[i] !== number)
  return differs === -1 || (differs > fixed && has[differs] > asked[differs])
}
