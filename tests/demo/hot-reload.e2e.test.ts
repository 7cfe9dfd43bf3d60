import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DemoPage, DemoServer, launchChromium } from './page.ts'

let server: DemoServer
let browser: Browser
let demo: DemoPage

beforeAll(async () => {
  server = await DemoServer.start()
  browser = await launchChromium()
  demo = await DemoPage.open(browser, `${server.url}?entities=1000`)
})
afterAll(async () => {
  await browser.close()
  await server.stop()
})

async function edit(file: string, from: string, to: string): Promise<void> {
  const path = join(server.folder, 'src', file)
  const text = await readFile(path, 'utf8')
  expect(text).toContain(from)
  await writeFile(path, text.replaceAll(from, to))
}

describe('editing a file while the demo runs', () => {
  it('starts it once, with one device', async () => {
    await demo.reached('running')
    expect(await demo.loops()).toBe(1)
    expect(await demo.devices()).toBe(1)
  })

  it('continues in the same page with the new code, one loop and one device, after every edit', async () => {
    await demo.page.evaluate(() => (document.body.dataset['mark'] = 'same page'))
    for (let i = 1; i <= 4; i++) {
      const before = i === 1 ? "setState('running')" : `setState('edit ${i - 1}')`
      await edit('page/loop.ts', before, `setState('edit ${i}')`)
      await demo.reached(`edit ${i}`)
    }
    expect(await demo.page.locator('body').getAttribute('data-mark')).toBe('same page')
    expect(await demo.loops()).toBe(1)
    await demo.page.waitForFunction(() => globalThis.probe.devices === 1)
  })

  it('handles each key once', async () => {
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    // Heard twice, it would be playing again.
    await demo.page.keyboard.press('p')
    await demo.inPhase('paused')
    await demo.page.keyboard.press('p')
    await demo.inPhase('playing')
  })

  it('works for components and the shader', async () => {
    await edit('components.ts', "label: 'Position'", "label: 'Place'")
    await edit('draw/shaders.wgsl.ts', 'position_', 'place_')
    await edit('draw/ember-motion.wgsl.ts', 'position_', 'place_')
    await demo.reports(/^Place \w+ 1\d\d\d$/)
    expect(await demo.loops()).toBe(1)
    await demo.page.waitForFunction(() => globalThis.probe.devices === 1)
  })

  it('works in the middle of a start', async () => {
    // The second edit ends a session that still waits for its device. Which of the two Vite evaluates last is up to the network.
    await demo.page.evaluate(() => (globalThis.probe.states.length = 0))
    await edit('page/loop.ts', "'edit 4'", "'edit 5'")
    // By the record of states: the state itself may be over between two looks.
    await demo.page.waitForFunction(() => globalThis.probe.states.includes('starting'))
    await edit('page/loop.ts', "'edit 5'", "'edit 6'")
    await demo.page.locator('html[data-state^="edit"]').waitFor({ state: 'attached' })
    await demo.page.waitForTimeout(1000)
    expect(await demo.loops()).toBe(1)
    await demo.page.waitForFunction(() => globalThis.probe.devices === 1)
  })

  it('keeps the old code after a mistake, and takes the new code after a fix', async () => {
    await edit('rules/flocks.ts', 'export const flocks', "throw new Error('a mistake')\nexport const flocks")
    await expect.poll(() => demo.problems.some((problem) => problem.includes('a mistake'))).toBe(true)
    expect(await demo.loops()).toBe(1)
    await demo.page.evaluate(() => (globalThis.probe.states.length = 0))
    await edit('rules/flocks.ts', "throw new Error('a mistake')\n", '')
    await demo.page.waitForFunction(() => /^starting,edit \d$/.test(globalThis.probe.states.join()))
    expect(await demo.loops()).toBe(1)
    await demo.page.waitForFunction(() => globalThis.probe.devices === 1)
  })
})
