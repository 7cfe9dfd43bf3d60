import type { Schema } from '@memkit/ecs-plugin'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DemoPage, DemoServer, launchChromium } from './suites/demo-page.ts'

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
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.log(demo.problems.join('\n'))
  await demo.close()
})

async function open(query: string, options?: BrowserContextOptions, before?: () => void): Promise<void> {
  demo = await DemoPage.open(browser, `${server.url}${query}`, options, before)
}

describe('the demo', () => {
  it('draws entities that move', async () => {
    await open('')
    await demo.reached('running')
    await demo.shows('fps', /[1-9]/)
    const first = await demo.picture()
    await demo.page.waitForTimeout(1000)
    const { lit, different } = await demo.compare(first, await demo.picture())
    // 20 000 sparks of a pixel and more, many on top of each other: a tenth of them is far beyond noise.
    expect(lit).toBeGreaterThan(2000)
    expect(different).toBeGreaterThan(2000)
    expect(demo.problems).toEqual([])
  })

  it('reports what went up: 20,000 rows of 8 bytes for each of two components, none of the third', async () => {
    await open('')
    await demo.showsComponent(/^Position (runs|full) 20,000 160 kB$/)
    await demo.showsComponent(/^Velocity (runs|full) 20,000 160 kB$/)
    await demo.showsComponent(/^Look none 0 0 B$/)
    await demo.shows('rowsChanged', /^40,000$/)
    await demo.shows('bytesUploaded', /^320 kB$/)
    await demo.shows('apiCalls', /^2$/)
    await demo.shows('submits', /^0$/)
    await demo.shows('stageMs', /^\d+\.\d\d ms$/)
    await demo.shows('flushMs', /^\d+\.\d\d ms$/)
    await demo.shows('adapter', /./)
  })

  it('leaves the device with the bytes that the columns hold', async () => {
    await open('?entities=3000&frames=20')
    await demo.reached('stopped')
    const wrong = await demo.page.evaluate(async () => {
      const { app, Position, Velocity, Look } = globalThis.demo!
      let differ = 0
      for (const component of [Position, Velocity, Look]) {
        const buffer = app.mk.buffer<Schema>(component)
        const device = new Uint32Array(await buffer.read())
        const columns = Object.values(component).map((column: Float32Array) => new Uint32Array(column.buffer))
        for (let row = 1; row <= 3000; row++)
          columns.forEach((column, i) => (differ += +(column[row] !== device[row * columns.length + i])))
      }
      return differ
    })
    expect(wrong).toBe(0)
    expect(demo.problems).toEqual([])
  })

  it('comes to the same swarm from the same seed, and to another one from another', async () => {
    const drawn: string[] = []
    for (const seed of [3, 3, 4]) {
      if (drawn.length > 0) await demo.close()
      // Paused, for time differs from run to run.
      await open(`?entities=500&frames=3&paused&seed=${seed}`)
      await demo.reached('stopped')
      drawn.push(await demo.picture())
    }
    expect(drawn[0] === drawn[1]).toBe(true)
    expect(drawn[0] === drawn[2]).toBe(false)
  })
})

describe('the controls', () => {
  it('pause with the space bar: nothing changes, nothing is called; and go on with it', async () => {
    await open('?entities=2000')
    await demo.showsComponent(/^Position runs/)
    await demo.page.keyboard.press('Space')
    await demo.shows('apiCalls', /^0$/)
    await demo.showsComponent(/^Position none 0 0 B$/)
    const still = await demo.picture()
    await demo.page.waitForTimeout(300)
    expect((await demo.compare(still, await demo.picture())).different).toBe(0)
    await demo.page.keyboard.press('Space')
    await demo.showsComponent(/^Position runs 2,000/)
  })

  it('let a share of the swarm rest, whose rows then stay at home', async () => {
    await open('?entities=2000')
    await demo.showsComponent(/^Position \w+ 2,000/)
    await demo.slide('moving', 25)
    await demo.shows('moving', /^25 %$/)
    // 500 rows of 8 bytes, once the others have glided to a stop.
    await demo.showsComponent(/^Position runs 500 4\.00 kB$/)
    await demo.slide('moving', 0)
    await demo.showsComponent(/^Position none 0 0 B$/)
  })

  it('grow the swarm beyond its buffers, and shrink it, while it is drawn', async () => {
    await open('?entities=1000')
    await demo.showsComponent(/^Position \w+ 1,000/)
    const before = await demo.page.evaluate(
      () => globalThis.demo!.app.mk.buffer(globalThis.demo!.Look).generation,
    )
    await demo.slide('entities', Math.log10(40_000))
    await demo.shows('entities', /^40,000$/)
    await demo.showsComponent(/^Position \w+ 40,000/)
    const after = await demo.page.evaluate(
      () => globalThis.demo!.app.mk.buffer(globalThis.demo!.Look).generation,
    )
    expect(after).toBeGreaterThan(before)
    const crowded = await demo.picture()
    await demo.slide('entities', 3)
    await demo.showsComponent(/^Position \w+ 1,000/)
    const sparse = await demo.picture()
    expect((await demo.compare(sparse, crowded)).lit).toBeLessThan(
      (await demo.compare(crowded, sparse)).lit / 2,
    )
    expect(demo.problems).toEqual([])
  })

  it('burst where the pointer clicks: sparks are repainted, once', async () => {
    await open('?entities=5000')
    await demo.showsComponent(/^Look none/)
    // Where an entity is now, in pixels of the page; world units count from the middle, upwards.
    const { x, y } = await demo.page.evaluate(() => {
      const { Position } = globalThis.demo!
      const scale = Math.sqrt((innerWidth * innerHeight) / (1_600 * 1_000))
      return { x: innerWidth / 2 + Position.x[1] * scale, y: innerHeight / 2 - Position.y[1] * scale }
    })
    await demo.page.locator('#hud').evaluate((hud) => (hud.style.visibility = 'hidden'))
    await demo.page.mouse.click(x, y)
    await demo.showsComponent(/^Look (runs|scatter|full) [1-9]/)
    await demo.showsComponent(/^Look none 0 0 B$/)
  })

  it('can all be reached with the keyboard', async () => {
    await open('?entities=1000')
    await demo.reached('running')
    const reached: string[] = []
    for (let i = 0; i < 6; i++) {
      await demo.page.keyboard.press('Tab')
      reached.push(
        await demo.page.evaluate(() => document.activeElement!.id || document.activeElement!.localName),
      )
    }
    expect(reached).toEqual(['stage', 'summary', 'entities', 'moving', 'pause', 'burst'])
    await demo.page.locator('#moving').focus()
    await demo.page.keyboard.press('Home')
    await demo.shows('moving', /^0 %$/)
    await demo.page.locator('#pause').focus()
    await demo.page.keyboard.press('Space')
    await demo.shows('apiCalls', /^0$/)
    expect(await demo.page.locator('#pause').textContent()).toBe('Play')
    await demo.page.locator('#stage').focus()
    await demo.page.keyboard.press('Enter')
    await demo.showsComponent(/^Look \w+ [1-9]/)
  })
})

describe('the page', () => {
  it('starts paused for those who asked for less motion, and says why', async () => {
    await open('?entities=1000', { reducedMotion: 'reduce' })
    await demo.reached('running')
    await demo.shows('apiCalls', /^0$/)
    expect(await demo.page.locator('#status').textContent()).toMatch(/asks for less motion.*Space/)
    await demo.page.locator('#pause').click()
    await demo.showsComponent(/^Position runs 1,000/)
  })

  it.each([
    ['a desktop', { width: 1280, height: 800 }, 1],
    ['a phone', { width: 360, height: 640 }, 3],
    ['a phone on its side', { width: 740, height: 360 }, 2],
  ])('fits %s, as sharp as its screen', async (_, viewport, deviceScaleFactor) => {
    await open('?entities=500&paused', { viewport, deviceScaleFactor })
    await demo.shows('apiCalls', /^0$/)
    const canvas = await demo.page.locator('#stage').evaluate((stage) => {
      const { width, height } = stage as HTMLCanvasElement
      return { width, height }
    })
    expect(canvas).toEqual({
      width: viewport.width * deviceScaleFactor,
      height: viewport.height * deviceScaleFactor,
    })
    const boxes = await Promise.all(
      ['.title', '#report', '#panel'].map(async (place) => (await demo.page.locator(place).boundingBox())!),
    )
    for (const [i, box] of boxes.entries()) {
      expect(box.x).toBeGreaterThanOrEqual(0)
      expect(box.x + box.width).toBeLessThanOrEqual(viewport.width)
      expect(box.y + box.height).toBeLessThanOrEqual(viewport.height)
      for (const other of boxes.slice(i + 1)) expect(overlap(box, other)).toBe(false)
    }
  })

  it('follows the window', async () => {
    await open('?entities=500&paused')
    await demo.reached('running')
    await demo.page.setViewportSize({ width: 700, height: 500 })
    await demo.page.waitForFunction(() => document.querySelector('canvas')!.width === 700)
    expect(demo.problems).toEqual([])
  })
})

describe('without WebGPU', () => {
  const notice = () => demo.page.locator('#notice')

  it('the page says which browsers have it', async () => {
    await open('', {}, () => Reflect.deleteProperty(Navigator.prototype, 'gpu'))
    await notice().waitFor()
    expect(await notice().innerText()).toMatch(/needs WebGPU[^]*has no WebGPU[^]*Chrome[^]*Firefox/)
    await expectQuiet()
  })

  it('the page says what to do where there is no adapter', async () => {
    await open('', {}, () => {
      GPU.prototype.requestAdapter = () => Promise.resolve(null)
    })
    await notice().waitFor()
    expect(await notice().innerText()).toMatch(/found no graphics adapter[^]*driver/)
    await expectQuiet()
  })

  it('the page asks for https where the connection is not secure', async () => {
    await open('', {}, () => {
      Object.defineProperty(globalThis, 'isSecureContext', { value: false })
      Reflect.deleteProperty(Navigator.prototype, 'gpu')
    })
    await notice().waitFor()
    expect(await notice().innerText()).toMatch(/secure connection[^]*https/)
    await expectQuiet()
  })

  /** No loop runs on, and the console is as quiet as it was. */
  async function expectQuiet(): Promise<void> {
    await demo.page.waitForTimeout(500)
    expect(demo.problems).toEqual([])
    expect(await demo.page.evaluate(() => globalThis.probe.frames)).toBe(0)
  }
})

describe('when the device is lost', () => {
  /** In the page: the first device goes after two seconds, without a word from the demo. */
  function loseFirstDevice(): void {
    // oxlint-disable-next-line typescript/unbound-method -- called with the adapter it belongs to
    const { requestDevice } = GPUAdapter.prototype
    let first = true
    GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, ...args) {
      const device = await requestDevice.apply(this, args)
      if (first) setTimeout(() => device.destroy(), 2000)
      first = false
      return device
    }
  }

  it('the swarm goes on, on another one', async () => {
    await open('?entities=1000', {}, loseFirstDevice)
    await demo.wentThrough('starting', 'running', 'lost', 'running')
    await demo.showsComponent(/^Position runs 1,000/)
    expect((await demo.compare(await demo.picture(), await demo.picture())).lit).toBeGreaterThan(200)
    expect(await demo.devices()).toBe(1)
    expect(await demo.loops()).toBe(1)
    expect(demo.problems).toEqual([])
  })

  it('and no other one comes, the page says so and offers to load again', async () => {
    await open('?entities=1000', {}, () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with the adapter it belongs to
      const { requestDevice } = GPUAdapter.prototype
      GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, ...args) {
        const device = await requestDevice.apply(this, args)
        setTimeout(() => device.destroy(), 2000)
        GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('none left'))
        return device
      }
    })
    await demo.reached('lost')
    await demo.page.locator('#notice').waitFor()
    expect(await demo.page.locator('#notice').innerText()).toMatch(/device was lost/)
    expect(demo.problems).toEqual([])
    await demo.page.getByRole('button', { name: 'Load again' }).click()
    await demo.reached('running')
  })
})

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}
