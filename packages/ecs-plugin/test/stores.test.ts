import { addComponent, addEntity, createWorld } from 'bitecs'
import { array as arrayOf, str, u32 as u32Array } from 'bitecs/serialization'
import { array, createHeap, f16, f32, i32, mat4x4f, struct, u32, vec2f, vec3f, vec4f } from '@memkit/core'
import type { Schema } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { attachMk, GpuSynced, type GpuSyncedOptions, type MkSync } from '../src/index.ts'

// What every shape of store looks like on the device, in every mode: tests/stores.everywhere.test.ts. Here: its edges, and what is refused.

afterEach(() => void vi.restoreAllMocks())

const floats = (length: number): Float32Array => new Float32Array(length)

function spawn(world: object, ...components: object[]): number {
  const entity = addEntity(world)
  for (const component of components) addComponent(world, entity, component)
  return entity
}

/** A world with the component on `count` entities, ids 1 … count, and the warnings so far. */
async function attached(component: object, options: GpuSyncedOptions = {}, count = 3) {
  const Thing = GpuSynced(component, { label: 'Thing', ...options })
  const world = createWorld()
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  const warnings: { code: string; message: string }[] = []
  mk.on('warning', ({ code, message }) => warnings.push({ code, message }))
  for (let i = 0; i < count; i++) spawn(world, Thing)
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const read = async (Kind: typeof Float32Array | typeof Uint32Array = Float32Array): Promise<number[]> => {
    frame()
    return [...new Kind(await mk.buffer(Thing).read())]
  }
  return { mk, Thing, world, warnings, frame, read }
}

describe('stores of the heap', () => {
  it('are compared in place: the sync lives in their heap', async () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const Rows = GpuSynced(heap.rows(struct({ at: vec2f, id: u32 }), 3), { label: 'Rows' })
    const world = createWorld()
    const entity = spawn(world, Rows)
    const mk: MkSync<object> = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
    Rows.at(entity).set([1, 2])
    Rows.id.set(entity, 7)
    mk.beginFrame()
    mk.endFrame()
    // No scratch memory for columns from outside.
    expect(heap.leaks().map(({ label }) => label)).not.toContain('column packer: chunk')
    expect([...new Uint32Array(await mk.buffer(Rows).read())].slice(4)).toEqual([
      0x3f800000, 0x40000000, 7, 0,
    ])
    expect(mk.buffer(Rows).wgsl(0, 0)).toContain('struct Rows {\n  at: vec2f,\n  id: u32,\n}')
    mk.dispose()
  })

  it('can be read from another heap', async () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const store = heap.columns({ pos: vec3f, half: f16 }, 2)
    const Thing = GpuSynced(store, { label: 'Thing' })
    const world = createWorld()
    const entity = spawn(world, Thing)
    const mk = await attachMk(world, {
      gpu: new MkGpu(new DummyBackend()),
      heap: createHeap({ bytes: 1 << 20 }),
    })
    store.pos.set([1, 2, 3], entity * 3)
    store.half[entity] = 1
    mk.beginFrame()
    mk.endFrame()
    const bytes = await mk.buffer(Thing).read()
    expect([...new Float32Array(bytes, 16, 3)]).toEqual([1, 2, 3])
    expect(new Uint16Array(bytes, 28, 1)[0]).toBe(0x3c00)
    mk.dispose()
  })

  it('have the struct they were created with', () => {
    const rows = createHeap({ bytes: 1 << 16 }).rows(struct({ at: vec2f }), 3)
    expect(() => GpuSynced(rows as object, { schema: struct({ at: vec2f, more: f32 }) })).toThrowError(
      expect.objectContaining({
        code: 'SchemaMismatch',
        message: expect.stringContaining('Leave the schema out'),
      }),
    )
    expect(() => GpuSynced(rows as object, { schema: struct({ at: vec2f }) })).not.toThrow()
  })
})

describe('missing values', () => {
  it('read as 0 in holes and non-numbers of a plain array, with one warning that names the component', async () => {
    const hp: unknown[] = []
    const { read, warnings } = await attached({ hp })
    hp[1] = 5
    hp[3] = 'much'
    expect(await read()).toEqual([0, 5, 0, 0])
    // Entity 2 and entity 3; row 0 is free, as no entity has id 0.
    expect(warnings).toEqual([
      { code: 'ColumnHoles', message: expect.stringMatching(/^Thing: 2 of the values/) },
    ])
    hp[2] = 6
    hp[3] = 7
    expect(await read()).toEqual([0, 5, 6, 7])
    hp[2] = undefined
    expect(await read()).toEqual([0, 5, 0, 7])
    expect(warnings).toHaveLength(1)
  })

  it("don't warn past the end of a plain array", async () => {
    const hp: number[] = []
    const { read, warnings } = await attached({ hp })
    expect(await read()).toEqual([0, 0, 0, 0])
    expect(warnings).toEqual([])
  })

  it('read as 0 in objects and small arrays, with one warning', async () => {
    const store: unknown[] = []
    const { read, warnings } = await attached(store, {
      schema: struct({ at: vec2f.from('pos.x', 'pos.y'), tags: vec2f }),
    })
    store[1] = { pos: { x: 1, y: 2 }, tags: [3, 4] }
    store[2] = { pos: null, tags: [5] }
    store[3] = { pos: { x: 'no' } }
    expect(await read()).toEqual([0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 5, 0, 0, 0, 0, 0])
    // Entity 2: x, y and the second tag; entity 3: all four.
    expect(warnings).toEqual([{ code: 'ColumnHoles', message: expect.stringContaining('Thing: 7 ') }])
  })

  it('warn on the console without a listener, once per component', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const [A, B] = [{ a: [] as number[] }, { b: [] as number[] }].map((store, i) =>
      GpuSynced(store as object, { label: `Holey${i}` }),
    )
    const world = createWorld()
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
    spawn(world, A, B)
    for (const store of [A, B] as unknown as Record<string, number[]>[])
      for (const name of Object.keys(store)) store[name].length = 10
    for (let i = 0; i < 3; i++) {
      mk.beginFrame()
      mk.endFrame()
    }
    expect(warn.mock.calls.map(([text]) => /Holey./.exec(String(text))?.[0])).toEqual(['Holey0', 'Holey1'])
    mk.dispose()
  })
})

describe('kinds of numbers', () => {
  it('are converted by value like typed arrays do when a field differs from its column', async () => {
    const store = { a: floats(4), b: new Uint32Array(4), c: new Float64Array(4), d: new Int32Array(4) }
    const { mk, Thing, frame } = await attached(store, {
      schema: struct({ a: u32, b: f32, c: i32, d: u32 }) as Schema,
    })
    store.a.set([0, 2.9, -1, Number.NaN])
    store.b.set([0, 2 ** 32 - 1, 5, 0])
    store.c.set([0, -2.9, 2 ** 31, 2 ** 32 + 3])
    store.d.set([0, -1, 1, -2])
    frame()
    const view = new DataView(await mk.buffer(Thing).read())
    const rows = [1, 2, 3].map((e) => [
      view.getUint32(e * 16, true),
      view.getFloat32(e * 16 + 4, true),
      view.getInt32(e * 16 + 8, true),
      view.getUint32(e * 16 + 12, true),
    ])
    expect(rows).toEqual([
      [2, 2 ** 32, -2, 2 ** 32 - 1], // f32 has no 2³² − 1: its neighbour
      [2 ** 32 - 1, 5, -(2 ** 31), 1],
      [0, 0, 3, 2 ** 32 - 2],
    ])
  })
})

describe('fields that bitECS reads as its own', () => {
  it.each(['component', 'data'])('warn once when the component is flagged: %s', (name) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const store = { [name]: floats(2), x: floats(2) }
    GpuSynced(store, { label: 'Named' })
    GpuSynced(store, { label: 'Named' })
    expect(warn.mock.calls).toEqual([[expect.stringContaining(`Named has a field named \`${name}\``)]])
  })
})

describe('stores that change shape', () => {
  it('throw an error that names a missing column, and recover once it is back', async () => {
    const store: { x?: Float32Array } = { x: floats(4).fill(1) }
    const { mk, read, frame } = await attached(store)
    expect(await read()).toEqual([0, 1, 1, 1])
    const { x } = store
    delete store.x
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrowError(
      expect.objectContaining({ code: 'SchemaMismatch', component: 'Thing', field: 'x' }),
    )
    store.x = x
    x!.fill(2)
    frame()
    expect(await read()).toEqual([0, 2, 2, 2])
  })

  it('follow a replaced column that is nested or in an array of columns', async () => {
    const store = { at: { x: floats(4) }, m: [floats(4), floats(4)] }
    const { world, Thing, read } = await attached(store, {
      schema: struct({ x: f32.from('at.x'), m: vec2f.from('m.0', 'm.1') }) as Schema,
    })
    await read()
    store.at = { x: floats(8) }
    store.m[0] = floats(8)
    store.m[1] = floats(8)
    const entity = [0, 1, 2].map(() => spawn(world, Thing))[2]
    store.at.x[entity] = 1
    store.m[1][entity] = 2
    // f32 at 0, vec2f at 8: 16 bytes a row.
    expect((await read()).slice(entity * 4)).toEqual([1, 0, 0, 2])
  })

  it('let a plain array become a typed one, and vice versa', async () => {
    const store: { hp: ArrayLike<number> } = { hp: [0, 1, 2, 3] }
    const { read } = await attached(store)
    expect(await read()).toEqual([0, 1, 2, 3])
    store.hp = new Float32Array([9, 8, 7, 6])
    expect(await read()).toEqual([0, 8, 7, 6])
    store.hp = [0, 4, 5, 6]
    expect(await read()).toEqual([0, 4, 5, 6])
  })
})

describe('bad input', () => {
  const legacyMatrix = { m: [floats(100), floats(100), floats(100), floats(100)] }
  const cases: [what: string, code: string, names: string, store: object, schema?: Schema][] = [
    ['an empty array', 'UnsupportedColumn', 'Give a schema that names its fields', []],
    ['an array of objects', 'UnsupportedColumn', 'Give a schema', [undefined, { x: 1 }]],
    ['an array of small arrays', 'UnsupportedColumn', 'struct({ m: vec3f })', { m: [[1, 2, 3]] }],
    [
      'columns in an array, without a schema',
      'UnsupportedColumn',
      "vec4f.from('m.0', 'm.1', 'm.2', 'm.3')",
      legacyMatrix,
    ],
    [
      'columns in an array, with a schema that takes them for entities',
      'SchemaMismatch',
      "vec4f.from('m.0', 'm.1', 'm.2', 'm.3')",
      legacyMatrix,
      struct({ m: vec4f }),
    ],
    [
      'sixteen columns in an array',
      'SchemaMismatch',
      "'m.0', 'm.1', …",
      { m: Array.from({ length: 16 }, () => floats(100)) },
      struct({ m: mat4x4f }),
    ],
    [
      'nested columns',
      'UnsupportedColumn',
      "vec2f.from('pos.x', 'pos.y')",
      { pos: { x: floats(2), y: floats(2) } },
    ],
    ['nested twice', 'UnsupportedColumn', "f32.from('a.b.c')", { a: { b: { c: floats(2) } } }],
    ['strings', 'UnsupportedColumn', 'Strings', { name: str([]) }, struct({ name: f32 })],
    ['arrays of any length', 'UnsupportedColumn', 'how many numbers', { m: arrayOf(u32Array) }],
    [
      '64-bit integers under a path',
      'UnsupportedColumn',
      '64-bit',
      { a: { id: new BigUint64Array(2) } },
      struct({ id: u32.from('a.id') }),
    ],
    [
      'a path to nothing',
      'SchemaMismatch',
      'no such column',
      { a: { x: floats(2) } },
      struct({ y: f32.from('a.y') }),
    ],
    ['a path through a number', 'SchemaMismatch', 'no such column', { a: 1 }, struct({ y: f32.from('a.y') })],
    [
      'a row without a fixed size',
      'SchemaMismatch',
      'fixed size',
      { a: floats(2) },
      struct({ a: array(f32) }),
    ],
    ['rows of two bytes', 'SchemaMismatch', 'rows of 2 bytes', floats(2), f16],
    [
      'one column as two kinds',
      'SchemaMismatch',
      'f32 and u32 at once',
      { a: floats(2) },
      struct({ x: f32.from('a'), y: u32.from('a') }),
    ],
  ]
  it.each(cases)('%s: %s', (_what, code, names, store, schema) => {
    expect(() => GpuSynced(store, { schema, label: 'Bad' })).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(names) }),
    )
  })

  it('accepts a schema of fixed size for an array that bitECS brands as arrays', async () => {
    const store = { m: arrayOf(u32Array) as unknown as number[][] }
    const { read } = await attached(store, { schema: struct({ m: vec2f }) as Schema })
    store.m[2] = [1, 2]
    expect(await read()).toEqual([0, 0, 0, 0, 1, 2, 0, 0])
  })
})
