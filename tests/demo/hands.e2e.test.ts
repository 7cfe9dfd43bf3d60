import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DemoPage, DemoServer, launchChromium } from './page.ts'

let server: DemoServer
let browser: Browser
let demo: DemoPage

beforeAll(async () => {
  server = await DemoServer.start()
  browser = await launchChromium()
})
afterAll(async () => {
  await browser.close()
  await server.stop()
})
afterEach(() => demo.close())

async function open(before?: () => void): Promise<void> {
  demo = await DemoPage.open(browser, `${server.url}?entities=300&backend=webgl2`, {}, before)
  await demo.reached('running')
}
async function play(): Promise<void> {
  await demo.page.keyboard.press('Enter')
  await demo.inPhase('playing')
}
/** Ends the game that is on. */
async function die(): Promise<void> {
  await demo.page.evaluate(() => {
    const { match } = globalThis.demo!.game
    match.safe = 0
    match.hurt(1e6)
  })
  await demo.inPhase('over')
}

/** A gamepad that a test holds: real polling, as no browser lets a script press a real one's buttons. */
function plugGamepad(): void {
  const buttons = Array.from({ length: 17 }, () => ({ pressed: false, touched: false, value: 0 }))
  const pad = { mapping: 'standard', axes: [0, 0, 0, 0], buttons }
  navigator.getGamepads = () => [pad as unknown as Gamepad]
  Object.assign(globalThis, { pad })
}
async function pad(button: number): Promise<void> {
  const set = (pressed: boolean) =>
    demo.page.evaluate(
      ([button, pressed]) => {
        const { pad } = globalThis as unknown as { pad: { buttons: { pressed: boolean }[] } }
        pad.buttons[button].pressed = pressed
      },
      [button, pressed] as const,
    )
  await set(true)
  await demo.page.waitForTimeout(250)
  await set(false)
  await demo.page.waitForTimeout(150)
}

describe('keys', () => {
  it('held or let go when a game ends start no new one before the score was seen', async () => {
    await open()
    await play()
    await demo.page.keyboard.down('Space')
    await die()
    await demo.page.keyboard.down('Space')
    await demo.page.keyboard.up('Space')
    await demo.page.keyboard.press('Enter')
    await demo.page.waitForTimeout(200)
    await demo.inPhase('over')
    await demo.page.waitForTimeout(1000)
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
  })

  it('go on to steer after a click on Sound', async () => {
    await open()
    await play()
    await demo.page.locator('#sound').click()
    expect(await demo.page.locator('#sound').getAttribute('aria-pressed')).toBe('true')
    await demo.page.keyboard.down('Space')
    await demo.page.waitForFunction(() => globalThis.demo!.game.controls.fire)
    await demo.page.keyboard.up('Space')
    expect(await demo.page.locator('#sound').getAttribute('aria-pressed')).toBe('true')
  })

  it('choose between waves', async () => {
    await open()
    await play()
    await demo.page.evaluate(() => globalThis.demo!.game.match.judge(0, 1))
    await demo.inPhase('choosing')
    const name = await demo.page.locator('[data-value="card1"]').textContent()
    await demo.page.keyboard.press('2')
    await demo.inPhase('playing')
    const { wave, chosen } = await demo.page.evaluate(() => ({ ...globalThis.demo!.game.match }))
    expect([wave, chosen]).toEqual([2, [name]])
  })

  it('start nothing under the help, which is a dialog', async () => {
    await open()
    await demo.page.keyboard.press('h')
    await demo.page.getByRole('dialog', { name: 'How to play' }).waitFor()
    await demo.page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await demo.page.keyboard.press('Enter')
    await demo.page.waitForTimeout(200)
    await demo.inPhase('title')
    await demo.page.keyboard.press('Escape')
    await demo.page.waitForFunction(() => document.activeElement?.textContent === 'Play')
  })
})

describe('a gamepad', () => {
  it('starts, pauses, resumes, and chooses', async () => {
    await open(plugGamepad)
    await pad(9)
    await demo.inPhase('playing')
    await pad(9)
    await demo.inPhase('paused')
    await pad(9)
    await demo.inPhase('playing')
    await demo.page.evaluate(() => globalThis.demo!.game.match.judge(0, 1))
    await demo.inPhase('choosing')
    await pad(15)
    await pad(0)
    await demo.inPhase('playing')
    expect(await demo.page.evaluate(() => globalThis.demo!.game.match.chosen.length)).toBe(1)
  })
})

describe('a click', () => {
  it('on Play before the game listens is not lost', async () => {
    demo = await DemoPage.open(browser, `${server.url}?entities=300&backend=webgl2`, {}, () => {
      addEventListener('DOMContentLoaded', () => {
        if (globalThis.demo === undefined) document.querySelector<HTMLElement>('#title .primary')!.click()
      })
    })
    await demo.inPhase('playing')
  })
})

describe('the two figures', () => {
  it('are the calls that the device gets: by hand one for each row, on one key', async () => {
    await open()
    await play()
    const calls = () => demo.page.evaluate(() => globalThis.demo!.app.mk.report.apiCalls)
    await demo.page.waitForFunction(() => globalThis.demo!.game.drones.count > 250)
    await demo.page.evaluate(() => {
      // Below memkit: what WebGL2 itself is asked to write.
      const probe = { now: 0, frame: 0 }
      Object.assign(globalThis, { below: probe })
      // oxlint-disable-next-line typescript/unbound-method -- called with the context it belongs to
      const { bufferSubData } = WebGL2RenderingContext.prototype
      WebGL2RenderingContext.prototype.bufferSubData = function (
        this: WebGL2RenderingContext,
        ...args: never[]
      ) {
        probe.now++
        return Reflect.apply(bufferSubData, this, args) as undefined
      }
      const frame = (): void => {
        probe.frame = probe.now
        probe.now = 0
        requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
    })
    const below = () =>
      demo.page.evaluate(() => (globalThis as unknown as { below: { frame: number } }).below.frame)
    expect(await calls()).toBeLessThan(40)
    await demo.page.keyboard.press('b')
    await demo.page.waitForFunction(
      () => globalThis.demo!.app.mk.report.apiCalls > 1.5 * globalThis.demo!.game.drones.count,
    )
    await demo.page.keyboard.press('p')
    await demo.page.keyboard.press('p')
    await expect.poll(below).toBeGreaterThan(300)
    await demo.page.keyboard.press('b')
    await demo.page.waitForFunction(() => globalThis.demo!.app.mk.report.apiCalls < 40)
    await expect.poll(below).toBeLessThan(60)
  })
})
