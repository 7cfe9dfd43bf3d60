import { addComponent, addEntity, createWorld, type World } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import {
  array,
  attachMk,
  createApp,
  Disposed,
  f32,
  GpuSynced,
  hasCode,
  InvalidOption,
  mat4x4f,
  MkPlugin,
  Schedule,
  struct,
  type GlobalFields,
  type MkSync,
} from '@memkit/ecs-plugin'
import { readValue } from '@memkit/core'
import { thrownBy } from '@memkit/testing/thrown-by'

const frame = (mk: MkSync): typeof mk.report => {
  mk.beginFrame()
  return mk.endFrame()
}

async function attached(): Promise<{ world: World; mk: MkSync; backend: DummyBackend }> {
  const world = createWorld()
  const backend = new DummyBackend()
  const mk = await attachMk(world, { gpu: new MkGpu(backend) })
  return { world, mk, backend }
}

async function valueOf(mk: MkSync): Promise<object> {
  const bytes = await mk.gpu.read(mk.globals.buffer)
  return readValue(mk.globals.schema, new DataView(bytes))
}

describe('globals', () => {
  it('cost nothing until they are asked for, and one write a frame then', async () => {
    const { mk } = await attached()
    expect(frame(mk).apiCalls).toBe(0)
    const { globals } = mk
    expect(mk.globals).toBe(globals)
    for (let i = 0; i < 3; i++) expect(frame(mk)).toMatchObject({ writes: 1, apiCalls: 1, bytesUploaded: 16 })
    mk.dispose()
  })

  it('have what an own loop sets, and number its frames as the report does', async () => {
    const { mk } = await attached()
    mk.globals.set({ alpha: 0.25, delta: 0.5 })
    frame(mk)
    expect(await valueOf(mk)).toEqual({ alpha: 0.25, delta: 0.5, elapsed: 0, frame: 1 })
    mk.globals.set({ elapsed: 3 })
    const { frame: number } = frame(mk)
    expect(await valueOf(mk)).toEqual({ alpha: 0.25, delta: 0.5, elapsed: 3, frame: number })
    mk.dispose()
  })

  it('have the clock of an App, and fields of one’s own', async () => {
    const world = createWorld()
    const backend = new DummyBackend()
    const app = createApp(world, { fixedDelta: 0.5, maxDelta: 10 }).addPlugin(
      new MkPlugin({ gpu: new MkGpu(backend) }),
    )
    await app.ready()
    const globals = app.mk.globalsWith({ exposure: f32, view: mat4x4f })
    const view = Array.from({ length: 16 }, (_, i) => i)
    app.addSystem(Schedule.Update, () => globals.set({ exposure: app.time.frame, view, alpha: 77 }))
    app.tick(0.625)
    app.tick(0.25)
    const bytes = new DataView(await app.mk.gpu.read(globals.buffer))
    expect(readValue(globals.schema, bytes)).toEqual({
      alpha: 0.75,
      delta: 0.25,
      elapsed: 0.875,
      frame: 2,
      exposure: 2,
      view,
    })
    expect(app.mk.globals).toBe(globals)
    app.dispose()
  })

  it('move to another device, and end with the sync', async () => {
    const { mk, backend } = await attached()
    const { globals } = mk
    globals.set({ alpha: 0.5 })
    frame(mk)
    const { generation } = globals
    backend.lose()
    await mk.gpu.lost
    await mk.restore(new MkGpu(new DummyBackend()))
    expect(globals.generation).toBeGreaterThan(generation)
    frame(mk)
    expect(await valueOf(mk)).toMatchObject({ alpha: 0.5 })
    mk.dispose()
    for (const use of [
      () => globals.buffer,
      () => globals.generation,
      () => globals.set({ alpha: 1 }),
      () => globals.wgsl(0, 0),
      () => mk.globals,
    ])
      thrownBy(Disposed, use)
  })

  it('declare themselves', async () => {
    const { mk } = await attached()
    expect(mk.globals.wgsl(0, 1)).toBe(
      [
        'struct Globals {',
        '  alpha: f32,',
        '  delta: f32,',
        '  elapsed: f32,',
        '  frame: u32,',
        '}',
        '@group(0) @binding(1) var<uniform> globals: Globals;',
        '',
      ].join('\n'),
    )
    expect(mk.globals.wgsl(2, 0, { name: 'time', struct: 'Time' })).toContain(
      '@group(2) @binding(0) var<uniform> time: Time;',
    )
    mk.dispose()
  })

  it('refuse what they cannot hold, and keep what they have', async () => {
    const { mk } = await attached()
    thrownBy(InvalidOption, () => mk.globalsWith({ alpha: f32 }))
    const spaced: GlobalFields[] = [{ list: array(f32, 3) }, { inner: struct({ list: array(f32, 2) }) }]
    for (const bad of spaced) {
      let code: string | undefined
      try {
        mk.globalsWith(bad)
      } catch (error) {
        code = hasCode(error, 'InvalidLayout') ? error.code : String(error)
      }
      expect(code).toBe('InvalidLayout')
    }
    expect(frame(mk).apiCalls).toBe(0) // none of them made any
    const globals = mk.globalsWith({ exposure: f32 })
    globals.set({ exposure: 2 })
    thrownBy(InvalidOption, () => mk.globalsWith({ exposure: mat4x4f }))
    thrownBy(InvalidOption, () => mk.globalsWith({ later: f32 }))
    expect(mk.globalsWith({ exposure: f32 })).toBe(globals)
    expect(() => globals.set({ exposure: 'bright' as never })).toThrow('exposure')
    frame(mk)
    expect(await valueOf(mk)).toMatchObject({ exposure: 2 })
    thrownBy(InvalidOption, () => globals.wgsl(-1, 0))
    thrownBy(InvalidOption, () => globals.wgsl(0, 0, { name: 'same', struct: 'same' }))
    mk.dispose()
  })
})

it('counts the fixed steps that are left in a tick', async () => {
  const world = createWorld()
  const Thing = GpuSynced({ x: new Float32Array(4) })
  addComponent(world, addEntity(world), Thing)
  const app = createApp(world, { fixedDelta: 1, maxDelta: 10 })
  const left: number[] = []
  app.addSystem(Schedule.FixedUpdate, () => void left.push(app.time.fixedStepsLeft))
  app.addSystem(Schedule.Update, () => void left.push(app.time.fixedStepsLeft))
  await app.ready()
  app.tick(3)
  app.tick(0.5)
  app.tick(0.5)
  expect(left).toEqual([3, 2, 1, 0, 0, 1, 0])
  let throws = true
  app.addSystem(Schedule.FixedUpdate, () => {
    if (throws) throw new Error('a step')
  })
  expect(() => app.tick(2)).toThrow('a step')
  throws = false
  left.length = 0
  app.tick(0)
  expect(left).toEqual([0])
})
