import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DemoPage, DemoServer, launchChromium } from './page.ts'
import { differences, gameState } from './state.ts'

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

/** What is on the console, but for what Chromium has to say of losing a context, and of this test's reading on WebGL2. */
function troubles(): string[] {
  return demo.problems.filter((problem) => !/CONTEXT_LOST|^performance warning: READ-usage/.test(problem))
}

/** The games that were played, to be held against each other: seed and backend → what it came to. */
const played = new Map<string, unknown>()

describe.each(['webgpu', 'webgl2'])('on %s', (backend) => {
  it('scores with an autopilot while the device holds what the columns hold, without errors', async () => {
    await open(`?backend=${backend}&autopilot&entities=1200&frames=120&seed=3`)
    await demo.reached('stopped')
    const state = await demo.page.evaluate(gameState)
    expect(state.backend).toBe(backend)
    expect(state.score).toBeGreaterThan(0)
    expect(state.kills).toBeGreaterThan(0)
    expect(state.drawn).toEqual({ drones: state.drones, bodies: state.bodies, embers: state.embers })
    expect(await demo.page.evaluate(differences)).toEqual({
      compared: state.drones + state.bodies,
      differ: 0,
    })
    const picture = await demo.picture()
    expect((await demo.compare(picture, picture)).lit).toBeGreaterThan(1000)
    expect(troubles()).toEqual([])
    played.set(`3 ${backend}`, state.digest)
  })

  it('continues the game where it was after a lost device is replaced', async () => {
    await open(`?backend=${backend}&entities=600`)
    await demo.reached('running')
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    await demo.page.waitForFunction(() => globalThis.demo!.game.match.time > 0.2)
    await demo.page.evaluate(() => {
      globalThis.demo!.game.match.score = 777
      globalThis.demo!.graphics.lose()
    })
    await demo.wentThrough('starting', 'running', 'lost', 'running')
    const before = await demo.page.evaluate(() => globalThis.demo!.game.match.time)
    await demo.page.waitForFunction((time) => globalThis.demo!.game.match.time > time, before)
    expect(await demo.page.evaluate(() => globalThis.demo!.game.match.score)).toBeGreaterThanOrEqual(777)
    await demo.page.keyboard.press('p')
    await demo.inPhase('paused')
    expect(await demo.page.evaluate(differences)).toMatchObject({ differ: 0 })
    expect((await demo.compare(await demo.picture(), await demo.picture())).lit).toBeGreaterThan(200)
    expect(await demo.loops()).toBe(1)
    expect(troubles()).toEqual([])
  })
})

describe('the same seed', () => {
  it('makes the same game on every backend, and another seed another game', async () => {
    expect(played.get('3 webgl2')).toEqual(played.get('3 webgpu'))
    await open('?backend=webgpu&autopilot&entities=1200&frames=120&seed=4')
    await demo.reached('stopped')
    expect((await demo.page.evaluate(gameState)).digest).not.toEqual(played.get('3 webgpu'))
  })
})

describe('embers', () => {
  it('are moved by the GPU, and those that burn out are removed from the ECS', async () => {
    await open('?backend=webgpu&autopilot&entities=1200&seed=3')
    // The CPU writes only lives above 0; only a shader makes them smaller.
    await demo.page.waitForFunction(() => globalThis.demo?.Ember.life.some((life) => life < 0))
    await demo.reports(/^Ember /)
    expect(demo.problems).toEqual([])
  })
})

describe('a game', () => {
  it('starts with a key, makes no calls while paused, and resumes', async () => {
    await open('?entities=1000')
    await demo.reached('running')
    await demo.inPhase('title')
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    await demo.reports(/^Position \w+ 1\d\d\d$/)
    await demo.page.keyboard.press('p')
    await demo.inPhase('paused')
    await demo.page.waitForFunction(() => globalThis.demo!.app.mk.report.apiCalls === 0)
    // Pictures that were under way still come out, and the words of the pause fade in.
    const still = await demo.atRest()
    await demo.page.waitForTimeout(300)
    expect((await demo.compare(still, await demo.picture())).different).toBe(0)
    expect(await demo.page.evaluate(() => globalThis.demo!.app.mk.report.apiCalls)).toBe(0)
    await demo.page.keyboard.press('Escape')
    await demo.inPhase('playing')
    await demo.reports(/^Position \w+ 1\d\d\d$/)
    expect(demo.problems).toEqual([])
  })

  it('ends when the hull breaks, keeps the best score, and starts over', async () => {
    await open('?entities=800')
    await demo.reached('running')
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    await demo.page.evaluate(() => {
      const { match } = globalThis.demo!.game
      match.bonus(4321)
      match.safe = 0
      match.hurt(1e6)
    })
    await demo.inPhase('over')
    await demo.page.waitForFunction(() => !globalThis.demo!.game.ship.exists)
    const final = await demo.page.locator('[data-value="finalScore"]').textContent()
    expect(final).toMatch(/^4,\d\d\d$/)
    expect(await demo.page.locator('[data-value="verdict"]').textContent()).toBe('Your best so far')
    // The end is shown for a while before a key starts a new game.
    await demo.page.waitForTimeout(1000)
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    await demo.page.waitForFunction(() => globalThis.demo!.game.ship.exists)
    const { score, health } = await demo.page.evaluate(() => ({ ...globalThis.demo!.game.match }))
    expect([health, score < 1000]).toEqual([100, true])
    await demo.page.reload()
    await demo.reached('running')
    await demo.page.waitForFunction(
      (best) => document.querySelector('[data-value="best"]')!.textContent === best,
      final,
    )
    expect(demo.problems).toEqual([])
  })

  it('can be played with keys and mouse', async () => {
    await open('?entities=400')
    await demo.reached('running')
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    await demo.page.keyboard.down('d')
    await demo.page.waitForFunction(() => globalThis.demo!.game.ship.x > 60)
    await demo.page.keyboard.up('d')
    // Up is where the mouse is, and where the shots go.
    await demo.page.mouse.move(320, 5)
    await demo.page.mouse.down()
    await demo.page.waitForFunction(() => Math.sin(globalThis.demo!.game.ship.heading) > 0.6)
    await demo.page.waitForFunction(() => globalThis.demo!.game.controls.fire)
    await demo.page.mouse.up()
    await demo.page.waitForFunction(() => !globalThis.demo!.game.controls.fire)
  })

  it('can be played with a finger, and shoots by itself then', async () => {
    await open('?entities=400', { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true })
    await demo.reached('running')
    await demo.page.getByRole('button', { name: 'Play' }).tap()
    await demo.inPhase('playing')
    const stick = () => demo.page.locator('#stick').evaluate((stick) => !(stick as HTMLElement).hidden)
    const session = await demo.page.context().newCDPSession(demo.page)
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number, y: number) =>
      session.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] })
    await touch('touchStart', 100, 450)
    await touch('touchMove', 40, 450)
    await demo.page.waitForFunction(() => globalThis.demo!.game.ship.x < -40)
    expect(await stick()).toBe(true)
    expect(await demo.page.evaluate(() => globalThis.demo!.game.controls.fire)).toBe(true)
    await touch('touchEnd', 40, 450)
    await demo.page.waitForFunction(() => !globalThis.demo!.game.controls.fire)
    expect(await stick()).toBe(false)
  })
})

describe('the panel', () => {
  it('switches the strategy, and the report follows', async () => {
    await open('?entities=900&autopilot')
    await demo.reached('running')
    await demo.page.locator('#panelButton').click()
    const way = demo.page.locator('#panel select').first()
    await way.selectOption({ label: 'full buffers' })
    await demo.reports(/^Position full \d+$/)
    await way.selectOption({ label: 'scatter on the GPU' })
    await demo.reports(/^Position scatter \d+$/)
    await way.selectOption({ label: 'runs of rows' })
    await demo.reports(/^Position runs \d+$/)
    await way.selectOption({ label: 'one write per entity' })
    // A position and a velocity of each of the drones that are left.
    await demo.page.waitForFunction(
      () => globalThis.demo!.app.mk.report.apiCalls > 2 * globalThis.demo!.game.drones.count,
    )
    await way.selectOption({ label: 'auto' })
    await demo.page.waitForFunction(() => globalThis.demo!.app.mk.report.apiCalls < 100)
    await demo.page.keyboard.press('Escape')
    expect(demo.problems).toEqual([])
  })

  it('lets a share of the swarm rest, whose rows are not uploaded, and grows the swarm beyond its buffers', async () => {
    await open('?entities=800&moving=25')
    await demo.reached('running')
    // A quarter of 800, give or take by chance, and what is drawn one by one.
    await demo.reports(/^Position \w+ (1[6-9]|2[0-4])\d$/)
    const generation = () => globalThis.demo!.app.mk.buffer(globalThis.demo!.Position).generation
    const before = await demo.page.evaluate(generation)
    await demo.page.evaluate(() => (globalThis.demo!.settings.entities = 70_000))
    await demo.page.waitForFunction(() => globalThis.demo!.scene.drones.count > 66_000)
    expect(await demo.page.evaluate(generation)).toBeGreaterThan(before)
    expect(demo.problems).toEqual([])
  })

  it('opens with a key, like the inspector, which shows the rows of each component', async () => {
    await open('?entities=500&backend=webgl2')
    await demo.reached('running')
    await demo.page.locator('#stage').focus()
    await demo.page.keyboard.press('i')
    await demo.page.getByRole('tab', { name: 'Components' }).click()
    const row = demo.page.getByRole('row', { name: /Velocity/ })
    await row.waitFor()
    // Embers come first, 4 096 ids, then the asteroids and the ship, then 500 drones; shots come and go.
    expect(await row.textContent()).toMatch(/4\s[67]\d\d/)
    expect(demo.problems).toEqual([])
  })
})

describe('the page', () => {
  it('is calm with reduced motion', async () => {
    await open('?entities=300', { reducedMotion: 'reduce' })
    await demo.reached('running')
    expect(await demo.page.evaluate(() => globalThis.demo!.settings.calm)).toBe(true)
    // The title soon stands still.
    await demo.page.waitForFunction(() => globalThis.demo!.app.mk.report.apiCalls === 0)
    await demo.page.keyboard.press('Enter')
    await demo.reports(/^Position \w+ [23]\d\d$/)
  })

  it('can be played with only the keyboard', async () => {
    await open('?entities=300')
    await demo.reached('running')
    await demo.page.waitForFunction(() => document.activeElement?.textContent === 'Play')
    await demo.page.keyboard.press('Space')
    await demo.inPhase('playing')
    await demo.page.keyboard.press('h')
    await demo.page.getByRole('heading', { name: 'How to play' }).waitFor()
    await demo.inPhase('paused')
    await demo.page.keyboard.press('Escape')
    await demo.page.waitForFunction(() => document.activeElement?.textContent === 'Continue')
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    expect(await demo.page.evaluate(() => document.activeElement!.id)).toBe('stage')
  })

  it.each([
    ['a desktop', { width: 1280, height: 800 }, 1],
    ['a phone', { width: 360, height: 640 }, 2],
    ['a phone on its side', { width: 740, height: 360 }, 1],
  ])('fits %s at the resolution of its screen', async (_, viewport, deviceScaleFactor) => {
    await open('?entities=300', { viewport, deviceScaleFactor })
    await demo.reached('running')
    await expectInside(['#title h1', '#title .lead', '#title .primary', '.buttons'], viewport)
    await demo.page.keyboard.press('Enter')
    await demo.inPhase('playing')
    await expectInside(['.points', '.wave', '.buttons', '.health', '.sync'], viewport)
    const canvas = await demo.page.locator('#stage').evaluate((stage) => {
      const { width, height } = stage as HTMLCanvasElement
      return { width, height }
    })
    expect(canvas).toEqual({
      width: viewport.width * deviceScaleFactor,
      height: viewport.height * deviceScaleFactor,
    })
  })

  it('follows the size of the window', async () => {
    await open('?entities=300')
    await demo.reached('running')
    await demo.page.setViewportSize({ width: 500, height: 420 })
    await demo.page.waitForFunction(() => document.querySelector('canvas')!.width === 500)
    expect(demo.problems).toEqual([])
  })
})

describe('fallbacks', () => {
  const notice = () => demo.page.locator('#notice')

  it('draws with WebGL2 without WebGPU', async () => {
    await open('?entities=300', {}, () => Reflect.deleteProperty(Navigator.prototype, 'gpu'))
    await demo.reached('running')
    expect(await demo.page.evaluate(() => globalThis.demo!.graphics.kind)).toBe('webgl2')
    expect(demo.problems).toEqual([])
  })

  it('draws with a compatibility-mode device when there is no other', async () => {
    await open('?entities=300', {}, () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with the object it belongs to
      const { requestAdapter } = GPU.prototype
      GPU.prototype.requestAdapter = function (this: GPU, options) {
        return options?.featureLevel === 'core' ? Promise.resolve(null) : requestAdapter.call(this, options)
      }
    })
    await demo.reached('running')
    expect(await demo.page.evaluate(() => globalThis.demo!.graphics.kind)).toBe('webgpu')
    expect(
      await demo.page.evaluate(() =>
        globalThis.demo!.app.mk.device!.features.has('core-features-and-limits'),
      ),
    ).toBe(false)
    expect(demo.problems).toEqual([])
  })

  it("draws with WebGL2 when vertex shaders can't read rows", async () => {
    await open('?entities=300', {}, () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with the object it belongs to
      const [{ requestAdapter }, { requestDevice }] = [GPU.prototype, GPUAdapter.prototype]
      GPU.prototype.requestAdapter = function (this: GPU, options) {
        return options?.featureLevel === 'core' ? Promise.resolve(null) : requestAdapter.call(this, options)
      }
      GPUAdapter.prototype.requestDevice = function (this: GPUAdapter, options) {
        return requestDevice.call(this, {
          ...options,
          requiredLimits: { ...options?.requiredLimits, maxStorageBuffersInVertexStage: 0 },
        })
      }
    })
    await demo.reached('running')
    expect(await demo.page.evaluate(() => globalThis.demo!.graphics.kind)).toBe('webgl2')
    expect(demo.problems).toEqual([])
  })

  it('draws with WebGL2 without an adapter', async () => {
    await open('?entities=300', {}, () => {
      GPU.prototype.requestAdapter = () => Promise.resolve(null)
    })
    await demo.reached('running')
    expect(await demo.page.evaluate(() => globalThis.demo!.graphics.kind)).toBe('webgl2')
  })

  it('says what to do when there is neither', async () => {
    await open('', {}, () => {
      Reflect.deleteProperty(Navigator.prototype, 'gpu')
      HTMLCanvasElement.prototype.getContext = () => null
    })
    await notice().waitFor()
    expect(await notice().innerText()).toMatch(
      /neither WebGPU nor WebGL2[^]*Chrome[^]*Firefox[^]*driver[^]*https/,
    )
    await demo.page.waitForTimeout(300)
    expect(demo.problems).toEqual([])
    expect(await demo.page.evaluate(() => globalThis.probe.frames)).toBe(0)
  })

  it("says when a lost device isn't replaced, and offers to reload", async () => {
    await open('?entities=300', {}, () => {
      // oxlint-disable-next-line typescript/unbound-method -- called with the adapter it belongs to
      const { requestDevice } = GPUAdapter.prototype
      GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, ...args) {
        const device = await requestDevice.apply(this, args)
        setTimeout(() => device.destroy(), 1000)
        GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('none left'))
        return device
      }
    })
    await demo.reached('lost')
    await notice().waitFor()
    expect(await notice().innerText()).toMatch(/device was lost/)
    // The console says why, for the developer.
    expect(demo.problems.every((problem) => /The device is lost.*none left/.test(problem))).toBe(true)
    await demo.page.getByRole('button', { name: 'Reload' }).click()
    await demo.reached('running')
  })
})

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** All of them are on the screen, and none lies over another. */
async function expectInside(
  places: readonly string[],
  screen: { width: number; height: number },
): Promise<void> {
  const boxes = await Promise.all(
    places.map(async (place) => (await demo.page.locator(place).boundingBox())!),
  )
  for (const [i, box] of boxes.entries()) {
    expect(box.x, places[i]).toBeGreaterThanOrEqual(0)
    expect(box.y, places[i]).toBeGreaterThanOrEqual(0)
    expect(box.x + box.width, places[i]).toBeLessThanOrEqual(screen.width)
    expect(box.y + box.height, places[i]).toBeLessThanOrEqual(screen.height)
    for (const [k, other] of boxes.entries())
      if (k > i) expect(overlap(box, other), `${places[i]} and ${places[k]}`).toBe(false)
  }
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}
