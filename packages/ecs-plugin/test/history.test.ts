import { addComponent, addEntity, createWorld, removeComponent, type World } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { historyPrograms } from './history-program.ts'
import {
  attachMk,
  createApp,
  createHeap,
  f32,
  GpuSynced,
  InvalidOption,
  mat4x4f,
  MkPlugin,
  NoOpenFrame,
  Schedule,
  struct,
  u32,
  vec4f,
  type MkSync,
  type Synced,
} from '@memkit/ecs-plugin'
import { thrownBy } from '@memkit/testing/thrown-by'

type History = 'frame' | 'step'

const DUMMY = { open: () => Promise.resolve(new MkGpu(new DummyBackend())) }

const column = (): Float32Array => new Float32Array(64)

async function world(history: History): Promise<{
  mk: MkSync
  world: World
  Place: { x: Float32Array } & Synced
  entity: number
  rows: () => Promise<[now: number, before: number]>
}> {
  const Place = GpuSynced({ x: column() }, { label: 'Place', history })
  const made = createWorld()
  const entity = addEntity(made)
  addComponent(made, entity, Place)
  const mk = await attachMk(made, { gpu: new MkGpu(new DummyBackend()), components: [Place] })
  const at = async (buffer: { read(): Promise<ArrayBuffer> }): Promise<number> =>
    new Float32Array(await buffer.read())[entity]
  const rows = async (): Promise<[number, number]> => [
    await at(mk.buffer(Place)),
    await at(mk.buffer(Place).previous),
  ]
  return { mk, world: made, Place, entity, rows }
}

describe("history: 'frame'", () => {
  it('has the rows of the frame before in the previous buffer', async () => {
    const { mk, Place, entity, rows } = await world('frame')
    for (const x of [3, 5, 9]) {
      mk.beginFrame()
      Place.x[entity] = x
      mk.endFrame()
    }
    expect(await rows()).toEqual([9, 5])
    mk.beginFrame()
    mk.endFrame()
    expect(await rows()).toEqual([9, 9])
    mk.dispose()
  })

  it('keeps an entity that enters from flying in from the origin', async () => {
    const { mk, world: made, Place, rows, entity } = await world('frame')
    mk.beginFrame()
    Place.x[entity] = 4
    mk.endFrame()
    expect(await rows()).toEqual([4, 4])
    mk.beginFrame()
    removeComponent(made, entity, Place)
    addComponent(made, entity, Place)
    Place.x[entity] = 7
    mk.endFrame()
    expect(await rows()).toEqual([7, 7])
    mk.dispose()
  })

  it('takes the current row for the previous one of an entity that jumped', async () => {
    const { mk, Place, rows, entity } = await world('frame')
    mk.beginFrame()
    mk.endFrame()
    mk.beginFrame()
    Place.x[entity] = 40
    mk.resetHistory(Place, entity)
    mk.endFrame()
    expect(await rows()).toEqual([40, 40])
    mk.dispose()
  })
})

describe("history: 'step'", () => {
  it('keeps the previous rows in a frame without a step', async () => {
    const { mk, Place, rows, entity } = await world('step')
    const frame = (steps: number, x: number): void => {
      mk.beginFrame()
      for (let left = steps; left > 0; left--) {
        mk.beginStep(left)
        Place.x[entity] += 1
      }
      if (steps === 0) Place.x[entity] = x
      mk.endFrame()
    }
    frame(1, 0)
    frame(1, 0)
    expect(await rows()).toEqual([2, 1])
    frame(0, 2)
    expect(await rows()).toEqual([2, 1])
    frame(0, 5)
    expect(await rows()).toEqual([5, 1])
    frame(3, 0)
    expect(await rows()).toEqual([8, 7])
    mk.dispose()
  })

  it('uploads twice in a frame of three steps, and counts both', async () => {
    const { mk, Place, entity } = await world('step')
    const frame = (steps: number, change: number): typeof mk.report => {
      mk.beginFrame()
      for (let left = steps; left > 0; left--) {
        mk.beginStep(left)
        Place.x[entity] += change
      }
      return mk.endFrame()
    }
    frame(1, 1)
    const once = Object.assign({}, frame(1, 1))
    expect(once).toMatchObject({ writes: 1, copies: 1, submits: 1 })
    const three = Object.assign({}, frame(3, 1))
    expect(three.bytesUploaded).toBe(once.bytesUploaded * 2)
    expect(three.rowsChanged).toBe(2)
    // Previous catches up.
    expect(frame(1, 0)).toMatchObject({ writes: 0, copies: 1, submits: 1, apiCalls: 2 })
    expect(frame(1, 0).apiCalls).toBe(0)
    expect(frame(0, 0).apiCalls).toBe(0)
    mk.dispose()
  })

  it('is told of steps by MkPlugin', async () => {
    const Place = GpuSynced({ x: column() }, { label: 'Place', history: 'step' })
    const made = createWorld()
    const entity = addEntity(made)
    addComponent(made, entity, Place)
    const app = createApp(made, { fixedDelta: 1 })
      .addPlugin(new MkPlugin({ gpu: new MkGpu(new DummyBackend()), components: [Place] }))
      .addSystem(Schedule.FixedUpdate, () => void (Place.x[entity] += 1))
    await app.ready()
    app.tick(0)
    for (let i = 0; i < 3; i++) app.tick(0.25)
    app.tick(0.25)
    const previous = app.mk.buffer(Place).previous
    expect(new Float32Array(await previous.read())[entity]).toBe(0)
    for (let i = 0; i < 8; i++) app.tick(0.25)
    expect(new Float32Array(await previous.read())[entity]).toBe(2)
    expect(new Float32Array(await app.mk.buffer(Place).read())[entity]).toBe(3)
    app.dispose()
  })

  it('warns once of 600 frames with changes and without a step', async () => {
    const { mk, Place, entity } = await world('step')
    const codes: string[] = []
    mk.on('warning', ({ code }) => codes.push(code))
    for (let i = 0; i < 1300; i++) {
      mk.beginFrame()
      Place.x[entity] = i + 1
      mk.endFrame()
    }
    expect(codes).toEqual(['NoStep'])
    mk.dispose()
  })

  it('throws outside a frame, and for anything but a number of steps', async () => {
    const { mk } = await world('step')
    thrownBy(NoOpenFrame, () => mk.beginStep())
    mk.beginFrame()
    for (const left of [0, -1, 1.5, NaN]) thrownBy(InvalidOption, () => mk.beginStep(left))
    mk.endFrame()
    mk.dispose()
  })
})

describe('changes far apart', () => {
  it.each([3, 8, 9, 12])('are in the previous rows a frame later: %d pieces', async (pieces) => {
    const store = createHeap({ bytes: 4 << 20 }).rows(struct({ m: mat4x4f }), 14_000)
    const Far = GpuSynced(store, { label: 'Far', history: 'frame' })
    const made = createWorld()
    for (let e = 1; e <= 14_000; e++) addComponent(made, addEntity(made), Far)
    const mk = await attachMk(made, { gpu: new MkGpu(new DummyBackend()), components: [Far] })
    const frame = (): number => {
      mk.beginFrame()
      return mk.endFrame().copies
    }
    frame()
    frame()
    const rows = Array.from({ length: pieces }, (_, i) => 1 + i * 1100)
    for (const row of rows) store.f32[row * 16] = row
    frame()
    // One call each, up to eight: then one for everything from the first to the last.
    expect(frame()).toBe(pieces <= 8 ? pieces : 1)
    const before = new Float32Array(await mk.buffer(Far).previous.read())
    expect(rows.map((row) => before[row * 16])).toEqual(rows)
    mk.dispose()
  })
})

describe('another device', () => {
  it('takes the rows of now for those of before on another device', async () => {
    const { mk, Place, entity, rows } = await world('frame')
    expect(mk.buffer(Place).previous.buffer).not.toBe(mk.buffer(Place).buffer)
    const codes: string[] = []
    mk.on('warning', ({ code }) => codes.push(code))
    const backend = mk.gpu.backend as DummyBackend
    await mk.restore(new MkGpu(new DummyBackend()))
    expect(backend).not.toBe(mk.gpu.backend)
    mk.beginFrame()
    Place.x[entity] = 6
    mk.endFrame()
    expect(await rows()).toEqual([6, 6])
    expect(codes).toEqual([])
    mk.dispose()
  })
})

describe('options', () => {
  const flag = (options: object): unknown =>
    thrownBy(InvalidOption, () => GpuSynced({ x: column(), a: column(), id: new Uint32Array(64) }, options))
  it.each([
    { history: 'tick' },
    { history: 'step', layout: 'columns' },
    { history: 'step', direction: 'both' },
    { interpolation: { a: 'angle' } },
    { history: 'step', interpolation: { b: 'angle' } },
    { history: 'step', interpolation: { a: 'nlerp' } },
    { history: 'step', interpolation: { id: 'lerp' } },
    { history: 'step', interpolation: { a: 'slerp' } },
    { history: 'step', interpolation: 'lerp' },
  ])('refuses %o', (options) => {
    expect(flag(options)).toHaveProperty(
      'option',
      Object.keys(options).includes('interpolation') ? expect.stringContaining('interpolation') : 'history',
    )
  })

  it('has no previous rows without history', async () => {
    const Plain = GpuSynced({ x: column() }, { label: 'Plain' })
    const mk = await attachMk(createWorld(), { gpu: new MkGpu(new DummyBackend()), components: [Plain] })
    thrownBy(InvalidOption, () => mk.buffer(Plain).previous)
    thrownBy(InvalidOption, () => mk.resetHistory(Plain, 1))
    thrownBy(InvalidOption, () => mk.buffer(Plain).wgsl(0, 0, { history: true }))
    mk.dispose()
  })
})

describe('wgsl', () => {
  it('declares both buffers, and functions that blend', async () => {
    const store = { x: column(), angle: column(), id: new Uint32Array(64), q: new Float32Array(256) }
    const schema = struct({ x: f32, angle: f32, id: u32, q: vec4f })
    const Place = GpuSynced(store, {
      label: 'Place',
      schema,
      history: 'step',
      interpolation: { angle: 'angle', q: 'nlerp' },
    })
    const mk = await attachMk(createWorld(), { gpu: new MkGpu(new DummyBackend()), components: [Place] })
    const code = mk.buffer(Place).wgsl(0, 3, { history: true })
    expect(code).toContain('@group(0) @binding(3) var<storage, read> place: array<Place>;')
    expect(code).toContain('@group(0) @binding(4) var<storage, read> placePrevious: array<Place>;')
    expect(code).toContain('result.x = a.x * (1 - t) + b.x * t;')
    expect(code).toContain('fn placeAt(row: u32, t: f32) -> Place {')
    expect(code).not.toContain('result.id')
    mk.dispose()
  })
})

describe('random programs', () => {
  for (const history of ['frame', 'step'] as const)
    for (const rows of ['entity', 'packed'] as const)
      for (const changes of ['detect', 'marked', 'all'] as const)
        it(`agree with the reference: ${history}, ${rows}, ${changes}`, async () => {
          const apart = await historyPrograms({ history, rows, changes }, DUMMY)
          expect(apart).toBeGreaterThan(1000)
        })
})
