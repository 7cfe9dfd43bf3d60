import { addComponent, addEntity, addPrefab, createRelation, createWorld, IsA, pipe } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { attachMk, f32, GpuSynced, MkBufferUsage, struct } from '../src/index.ts'
import type { MkOptions, MkSync, Schema } from '../src/index.ts'

const open: MkSync<object>[] = []
afterEach(() => {
  for (const mk of open.splice(0)) mk.dispose()
  vi.restoreAllMocks()
})

function dummy(options: ConstructorParameters<typeof DummyBackend>[0] = {}): MkGpu {
  return new MkGpu(new DummyBackend(options))
}

async function attach<W extends object>(world: W, options: MkOptions = {}): Promise<MkSync<W>> {
  const mk = await attachMk(world, { gpu: dummy(), ...options })
  open.push(mk)
  return mk
}

function spawn(world: object, ...components: object[]): number {
  const entity = addEntity(world)
  for (const component of components) addComponent(world, entity, component)
  return entity
}

async function floats(mk: MkSync<object>, component: Parameters<typeof mk.buffer>[0]): Promise<number[]> {
  return [...new Float32Array(await mk.buffer(component).read())]
}

describe('a frame', () => {
  it('stages in endFrame unless staged before, and uploads later writes with the next frame', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const mk = await attach(world)
    const entity = spawn(world, Thing)
    mk.beginFrame()
    Thing.x[entity] = 1
    mk.endFrame()
    expect(await floats(mk, Thing)).toEqual([0, 1])
    mk.beginFrame()
    Thing.x[entity] = 2
    mk.stage()
    Thing.x[entity] = 3
    mk.endFrame()
    expect(await floats(mk, Thing)).toEqual([0, 2])
    mk.beginFrame()
    mk.endFrame()
    expect(await floats(mk, Thing)).toEqual([0, 3])
  })

  it('runs as systems in a pipe, each of which passes the world on', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld({ moved: 0 })
    const mk = await attach(world)
    const entity = spawn(world, Thing)
    const move = (w: typeof world) => {
      Thing.x[entity] += 1
      w.moved++
      return w
    }
    const update = pipe(mk.systems.frameBegin, move, mk.systems.stage, mk.systems.frameEnd)
    expect(update(world)).toBe(world)
    update(world)
    expect([world.moved, ...(await floats(mk, Thing))]).toEqual([2, 0, 2])
  })

  it('reports what it did, and measures the stage', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) }, { label: 'Thing' })
    const world = createWorld()
    const mk = await attach(world)
    spawn(world, Thing)
    const entity = spawn(world, Thing)
    Thing.x[entity] = 7
    mk.beginFrame()
    const report = mk.endFrame()
    expect(report).toBe(mk.report)
    // Entity 1 is all zeros, as is its row: only entity 2 differs.
    expect(report).toMatchObject({ frame: 1, rowsChanged: 1, bytesChanged: 4, abandoned: 0 })
    expect(report.mirrors).toMatchObject([{ label: 'Thing', rows: 1 }])
    expect(report.stageMs).toBeGreaterThanOrEqual(0)
  })
})

describe('which components are synced', () => {
  it('finds flagged components that are registered later, and ignores unflagged ones', async () => {
    const world = createWorld()
    const mk = await attach(world)
    const Late = GpuSynced({ x: new Float32Array(4) }, { label: 'Late' })
    const Plain = { x: new Float32Array(4) }
    mk.beginFrame()
    const entity = spawn(world, Late, Plain)
    Late.x[entity] = 5
    mk.endFrame()
    expect(mk.report.mirrors.map(({ label }) => label)).toEqual(['Late'])
    expect(await floats(mk, Late)).toEqual([0, 5])
  })

  it('includes only those in `components`, registered or not', async () => {
    const [A, B] = [
      GpuSynced({ x: new Float32Array(4) }, { label: 'A' }),
      GpuSynced({ x: new Float32Array(4) }),
    ]
    const world = createWorld()
    spawn(world, B)
    const mk = await attach(world, { components: [A] })
    mk.beginFrame()
    expect(mk.endFrame().mirrors.map(({ label }) => label)).toEqual(['A'])
  })

  it('registers a component when its buffer is requested', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const mk = await attach(world)
    expect(mk.buffer(Thing)).toBe(mk.buffer(Thing))
    expect(mk.buffer(Thing)).toMatchObject({ rows: 0, capacity: 1024, stride: 4 })
  })
})

describe('a synced buffer', () => {
  it('declares itself in WGSL, as the struct and a storage binding', async () => {
    const Position = GpuSynced({ x: new Float32Array(4), id: new Uint32Array(4) }, { label: 'Position' })
    const mk = await attach(createWorld())
    expect(mk.buffer(Position).wgsl(0, 1)).toBe(
      'struct Position {\n  x: f32,\n  id: u32,\n}\n@group(0) @binding(1) var<storage, read> position: array<Position>;\n' +
        'fn positionRow(row: u32) -> Position {\n  return position[row];\n}\n',
    )
    expect(mk.buffer(Position).wgsl(2, 3, { name: 'places' })).toContain(
      '@group(2) @binding(3) var<storage, read> places:',
    )
  })

  it('declares an array of scalars when the component is one column', async () => {
    const Heat = GpuSynced(new Float32Array(4), { label: 'Heat' })
    const mk = await attach(createWorld())
    expect(mk.buffer(Heat).wgsl(0, 0)).toBe(
      '@group(0) @binding(0) var<storage, read> heat: array<f32>;\nfn heatRow(row: u32) -> f32 {\n  return heat[row];\n}\n',
    )
  })

  it('is an instance vertex layout', async () => {
    const Position = GpuSynced({ x: new Float32Array(4), id: new Uint32Array(4) })
    const mk = await attach(createWorld())
    expect(mk.buffer(Position).vertexLayout(3)).toEqual({
      arrayStride: 8,
      stepMode: 'instance',
      attributes: [
        { format: 'float32', offset: 0, shaderLocation: 3 },
        { format: 'uint32', offset: 4, shaderLocation: 4 },
      ],
    })
  })

  it("has no GPUBuffer when the backend isn't WebGPU", async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const mk = await attach(createWorld())
    expect(() => mk.buffer(Thing).gpuBuffer).toThrowError(expect.objectContaining({ code: 'WrongBackend' }))
    expect(mk.buffer(Thing).buffer.native).toBeDefined()
    expect(mk.device).toBeUndefined()
  })

  it('reports when it was replaced', async () => {
    const Thing = GpuSynced({ x: new Float32Array(100) }, { capacity: 4 })
    const world = createWorld()
    const mk = await attach(world)
    const seen: number[] = []
    const stop = mk.on('reallocated', ({ generation }) => seen.push(generation))
    const { generation } = mk.buffer(Thing)
    for (let i = 0; i < 20; i++) spawn(world, Thing)
    mk.beginFrame()
    mk.endFrame()
    expect(mk.buffer(Thing).capacity).toBeGreaterThanOrEqual(21)
    expect(mk.buffer(Thing).generation).toBeGreaterThan(generation)
    expect(seen.at(-1)).toBe(mk.buffer(Thing).generation)
    stop()
  })
})

describe('entities with a row', () => {
  it('exclude prefabs, but not their instances', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const mk = await attach(world)
    const prefab = addPrefab(world)
    addComponent(world, prefab, Thing)
    const entity = spawn(world, Thing)
    addComponent(world, entity, IsA(prefab))
    Thing.x.fill(7)
    mk.beginFrame()
    mk.endFrame()
    expect([mk.buffer(Thing).rowOf(prefab), mk.buffer(Thing).rowOf(entity)]).toEqual([-1, entity])
    expect((await floats(mk, Thing))[entity]).toBe(7)
  })

  it('starts with no rows and nothing to read', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const mk = await attach(createWorld())
    expect(mk.buffer(Thing).rows).toBe(0)
    expect((await mk.buffer(Thing).read()).byteLength).toBe(0)
  })

  it('syncs the stores of a relation when they are listed', async () => {
    const Distance = createRelation({ store: () => ({ metres: new Float32Array(4) }) })
    const world = createWorld()
    const [from, to] = [spawn(world), spawn(world)]
    const pair = GpuSynced(Distance(to), { schema: struct({ metres: f32 }) as Schema })
    addComponent(world, from, pair)
    const store = Distance(to) as { metres: Float32Array }
    store.metres[from] = 3
    const unlisted = await attach(world)
    unlisted.beginFrame()
    expect(unlisted.endFrame().mirrors).toHaveLength(0)
    unlisted.dispose()
    const mk = await attach(world, { components: [pair] })
    mk.beginFrame()
    mk.endFrame()
    expect((await floats(mk, pair))[from]).toBe(3)
  })
})

describe('attaching', () => {
  it('runs on the Dummy backend when no gpu is given, and warns once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const first = await attachMk(createWorld())
    const second = await attachMk(createWorld())
    expect(first.gpu.capabilities.backend).toBe('dummy')
    expect(
      warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('No `gpu`')),
    ).toHaveLength(1)
    first.dispose()
    second.dispose()
  })

  it('never destroys an MkGpu that was passed in', async () => {
    const gpu = dummy()
    const mk = await attachMk(createWorld(), { gpu })
    mk.dispose()
    expect(gpu.createDeviceBuffer(16, 0x80).size).toBe(16)
    gpu.destroy()
  })

  it('is aborted by its signal, and frees the world at once', async () => {
    const world = createWorld()
    const abort = new AbortController()
    const never = attachMk(world, { gpu: () => new Promise(() => undefined), signal: abort.signal })
    await expect(attachMk(world, { gpu: dummy() })).rejects.toMatchObject({ code: 'WorldAlreadyAttached' })
    abort.abort()
    await expect(never).rejects.toMatchObject({ name: 'AbortError' })
    const mk = await attach(world)
    expect(mk.report.frame).toBe(0)
  })
})

describe('bad input throws one clear error and leaves the sync working', () => {
  /** A world of one entity whose x is on the device, and a check that this still works. */
  async function running(options: MkOptions = {}) {
    const Thing = GpuSynced({ x: new Float32Array(4) }, { label: 'Thing' })
    const world = createWorld()
    const mk = await attach(world, options)
    const entity = spawn(world, Thing)
    let value = 0
    return {
      mk,
      world,
      Thing,
      stillWorks: async (): Promise<void> => {
        Thing.x[entity] = ++value
        mk.beginFrame()
        mk.endFrame()
        expect((await floats(mk, Thing))[entity]).toBe(value)
      },
    }
  }

  it('endFrame without beginFrame, or called twice', async () => {
    const { mk, stillWorks } = await running()
    expect(() => mk.endFrame()).toThrowError(expect.objectContaining({ code: 'NoOpenFrame' }))
    await stillWorks()
    expect(() => mk.endFrame()).toThrowError(
      expect.objectContaining({ code: 'NoOpenFrame', message: expect.stringContaining('beginFrame') }),
    )
    await stillWorks()
  })

  it('beginFrame in an open frame abandons it, keeps dirty rows, and is counted in the report', async () => {
    const { mk, Thing, stillWorks } = await running()
    await stillWorks()
    mk.on('warning', () => undefined)
    mk.beginFrame()
    Thing.x[1] = 50
    mk.stage()
    mk.beginFrame()
    expect(mk.endFrame()).toMatchObject({ abandoned: 1, rowsChanged: 1 })
    expect(await floats(mk, Thing)).toEqual([0, 50])
    await stillWorks()
  })

  it('an unflagged component in buffer, mark and components', async () => {
    const { mk, stillWorks } = await running()
    const Plain = { a: new Float32Array(4), b: new Float32Array(4) }
    for (const call of [() => mk.buffer(Plain as never), () => mk.mark(Plain as never, 1)])
      expect(call).toThrowError(
        expect.objectContaining({ code: 'NotGpuSynced', message: expect.stringContaining('{ a, b }') }),
      )
    await expect(attachMk(createWorld(), { gpu: dummy(), components: [Plain] })).rejects.toMatchObject({
      code: 'NotGpuSynced',
    })
    await stillWorks()
  })

  it('an entity beyond a typed column: the error names the capacity to ask for, and every other row is uploaded', async () => {
    const { mk, world, Thing, stillWorks } = await running()
    await stillWorks()
    const others = [spawn(world, Thing), spawn(world, Thing)]
    const beyond = spawn(world, Thing)
    Thing.x[others[0]] = 20
    Thing.x[beyond] = 40
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrowError(
      expect.objectContaining({
        code: 'EntityBeyondColumn',
        component: 'Thing',
        column: 'x',
        entity: 4,
        length: 4,
        message: expect.stringContaining('at least 5 slots'),
      }),
    )
    expect((await floats(mk, Thing)).slice(0, 4)).toEqual([0, 1, 20, 0])
    const longer = new Float32Array(8)
    longer.set(Thing.x)
    Thing.x = longer
    Thing.x[beyond] = 40
    mk.beginFrame()
    mk.endFrame()
    expect(await floats(mk, Thing)).toEqual([0, 1, 20, 0, 40])
    await stillWorks()
  })

  it('columns of different lengths: nothing of the component is staged, and the rest is uploaded', async () => {
    const Pair = GpuSynced({ a: new Float32Array(4), b: new Float32Array(4) }, { label: 'Pair' })
    const { mk, world, Thing, stillWorks } = await running()
    await stillWorks()
    const entity = spawn(world, Pair, Thing)
    Pair.a = new Float32Array(8).fill(3)
    Thing.x[entity] = 9
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrowError(
      expect.objectContaining({ code: 'ColumnLengthMismatch', component: 'Pair' }),
    )
    expect((await floats(mk, Thing))[entity]).toBe(9)
    Pair.b = new Float32Array(8).fill(4)
    mk.beginFrame()
    mk.endFrame()
    expect((await floats(mk, Pair)).slice(entity * 2)).toEqual([3, 4])
    await stillWorks()
  })

  it('read_write when the CPU owns the rows, an invalid access, an invalid group', async () => {
    const { mk, Thing, stillWorks } = await running()
    const buffer = mk.buffer(Thing)
    for (const [option, call] of [
      ['access', () => buffer.wgsl(0, 0, { access: 'read_write' })],
      ['access', () => buffer.wgsl(0, 0, { access: 'write' as never })],
      ['group', () => buffer.wgsl(-1, 0)],
      ['binding', () => buffer.wgsl(0, 0.5)],
    ] as const)
      expect(call).toThrowError(expect.objectContaining({ code: 'InvalidOption', option }))
    expect(() => buffer.wgsl(0, 0, { access: 'read_write' })).toThrowError(/the CPU owns the rows of Thing/)
    await stillWorks()
  })

  it("staging into a component's buffer", async () => {
    const { mk, Thing, stillWorks } = await running()
    const { buffer } = mk.buffer(Thing)
    mk.beginFrame()
    const view = mk.coordinator.frameAlloc(Float32Array, 4)
    expect(() => mk.coordinator.stageForUpload(view, { buffer, offset: 0 })).toThrowError(
      expect.objectContaining({ code: 'MirrorOwnsBuffer' }),
    )
    mk.endFrame()
    await stillWorks()
  })

  it('a usage that the backend lacks: buffer() throws, and the rest works', async () => {
    const Args = GpuSynced({ x: new Float32Array(4) }, { label: 'Args', usage: MkBufferUsage.INDIRECT })
    const { usages } = new DummyBackend().capabilities
    const { mk, stillWorks } = await running({
      gpu: dummy({ capabilities: { indirect: false, usages: usages & ~MkBufferUsage.INDIRECT } }),
    })
    const before = mk.gpu.leaks().length
    expect(() => mk.buffer(Args)).toThrowError(
      expect.objectContaining({ code: 'UsageUnsupported', message: expect.stringContaining('INDIRECT') }),
    )
    expect(mk.gpu.leaks()).toHaveLength(before)
    await stillWorks()
  })

  it('a buffer above the limit of the device: rows that fit are synced', async () => {
    const Big = GpuSynced({ x: new Float32Array(64) }, { label: 'Big', capacity: 8 })
    // 65 536 bytes: 16 384 rows of 4 bytes.
    const { mk, world, stillWorks } = await running({ gpu: dummy({ maxBufferSize: 65_536 }) })
    await stillWorks()
    Big.x = new Float32Array(20_002)
    const entities = Array.from({ length: 20_000 }, () => spawn(world, Big))
    Big.x[entities[0]] = 1
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrowError(
      expect.objectContaining({
        code: 'MirrorTooLarge',
        label: 'Big',
        max: 65_536,
        message: expect.stringContaining('Big'),
      }),
    )
    expect((await floats(mk, Big))[entities[0]]).toBe(1)
  })

  it("more rows reserved than the device allows: buffer() throws, and later frames don't", async () => {
    const Huge = GpuSynced({ x: new Float32Array(4) }, { label: 'Huge', capacity: 100_000 })
    const { mk, stillWorks } = await running({ gpu: dummy({ maxBufferSize: 65_536 }) })
    expect(() => mk.buffer(Huge)).toThrowError(
      expect.objectContaining({ code: 'MirrorTooLarge', label: 'Huge', requested: 400_000, max: 65_536 }),
    )
    await stillWorks()
  })

  it.each<[name: string, options: object, code: string]>([
    ['misspelt', { stratgey: 'full' }, 'InvalidOption'],
    ['no strategy', { strategy: 'fast' }, 'InvalidConfig'],
    ['no buffering', { buffering: 7 }, 'InvalidConfig'],
    ['no cost', { costs: { callThread: -3 } }, 'InvalidConfig'],
    ['no size', { heapBytes: 1.5 }, 'InvalidConfig'],
    ['no list of components', { components: {} }, 'InvalidOption'],
  ])('an option that is %s: the world stays free', async (_name, options, code) => {
    const world = createWorld()
    await expect(attachMk(world, { gpu: dummy(), ...options })).rejects.toMatchObject({ code })
    await attach(world)
  })

  it('a non-world, a non-gpu, an attached world, use after dispose', async () => {
    await expect(attachMk({}, { gpu: dummy() })).rejects.toMatchObject({ code: 'NotAWorld' })
    await expect(attachMk(createWorld(), { gpu: { limits: {} } as never })).rejects.toMatchObject({
      code: 'NotAGpu',
    })
    const { mk, world, Thing, stillWorks } = await running()
    await expect(attachMk(world, { gpu: dummy() })).rejects.toMatchObject({ code: 'WorldAlreadyAttached' })
    await stillWorks()
    mk.dispose()
    for (const call of [() => mk.beginFrame(), () => mk.endFrame(), () => mk.stage(), () => mk.buffer(Thing)])
      expect(call).toThrowError(expect.objectContaining({ code: 'Disposed' }))
  })

  it('a factory that fails: attachMk rejects with its error, and the world is free', async () => {
    const world = createWorld()
    const refused = new Error('no adapter')
    await expect(attachMk(world, { gpu: () => Promise.reject(refused) })).rejects.toBe(refused)
    expect((await attach(world)).report.frame).toBe(0)
  })
})
