import { createHeap, f32, i32, mat4x4f, struct, u32, vec2f, vec3f, vec4f, type Schema } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, removeEntity, set } from 'bitecs'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { attachMk, GpuSynced, loadColumns } from '../src/index.ts'
import type { Changes, ColumnsBuffer, MkSync } from '../src/index.ts'

// Some are flagged when their world is attached already.
beforeAll(loadColumns)

const open: MkSync<object>[] = []
afterEach(() => {
  vi.restoreAllMocks()
  for (const mk of open.splice(0)) mk.dispose()
})

const floats = (length: number): Float32Array => new Float32Array(length)

async function attach(world: object, options: object = {}): Promise<MkSync<object>> {
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), ...options })
  open.push(mk)
  return mk
}

function spawn(world: object, component: object): number {
  const entity = addEntity(world)
  addComponent(world, entity, component)
  return entity
}

function frame(mk: MkSync<object>, work = (): void => {}): void {
  mk.beginFrame()
  work()
  mk.endFrame()
}

/** What the device holds of a column. */
async function sectionBytes(mk: MkSync<object>, buffer: ColumnsBuffer, name: string): Promise<ArrayBuffer> {
  const { offset, size } = buffer.sections.find((section) => section.name === name)!
  return mk.coordinator.download(buffer.buffer, offset, size)
}

const modes: readonly Changes[] = ['detect', 'marked', 'all']

describe.each(modes)('columns, %s', (changes) => {
  it('are on the device as they are, one after the other, the widest elements first', async () => {
    const world = createWorld()
    const store = { hp: new Uint8Array(10), x: floats(10), team: new Int16Array(10), y: floats(10) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes })
    const mk = await attach(world)
    const body = mk.buffer(Body)
    const [a, b] = [spawn(world, Body), spawn(world, Body)]
    frame(mk, () => {
      store.x.set([0.5, 1.5], a)
      store.y.set([-1, -2], a)
      store.hp.set([200, 7], a)
      store.team.set([-3, 300], a)
      mk.mark(Body, a)
      mk.mark(Body, b)
    })
    // 1 024 rows are reserved; the next number that is ≡ 64 (mod 1 024) is 1 088.
    expect(body.capacity).toBe(1088)
    expect(body.stride).toBe(4 + 4 + 2 + 1)
    expect(body.sections).toEqual([
      { name: 'hp', kind: 'u8', arity: 1, stride: 1, offset: 10 * 1088, size: 1088 },
      { name: 'x', kind: 'f32', arity: 1, stride: 4, offset: 0, size: 4 * 1088 },
      { name: 'team', kind: 'i16', arity: 1, stride: 2, offset: 8 * 1088, size: 2 * 1088 },
      { name: 'y', kind: 'f32', arity: 1, stride: 4, offset: 4 * 1088, size: 4 * 1088 },
    ])
    expect(body.buffer.size).toBe(11 * 1088)
    expect([...new Float32Array(await sectionBytes(mk, body, 'x')).slice(0, 4)]).toEqual([0, 0.5, 1.5, 0])
    expect([...new Uint8Array(await sectionBytes(mk, body, 'hp')).slice(0, 4)]).toEqual([0, 200, 7, 0])
    expect([...new Int16Array(await sectionBytes(mk, body, 'team')).slice(0, 3)]).toEqual([0, -3, 300])
    // Rows of the schema: u32, f32, i32, f32.
    const rows = await body.read()
    expect(body.rows).toBe(3)
    expect(rows.byteLength).toBe(3 * 16)
    const view = new DataView(rows, 16)
    expect([view.getUint32(0, true), view.getFloat32(4, true)]).toEqual([200, 0.5])
    expect([view.getInt32(8, true), view.getFloat32(12, true)]).toEqual([-3, -1])
    expect(body.readCpu()).toEqual(rows)
    expect(await body.read(1, 1)).toEqual(rows.slice(16, 32))
    expect(body.readCpu(2, 1)).toEqual(rows.slice(32))
  })

  it('follow entities that enter, leave and come back, and buffers that grow', async () => {
    const world = createWorld()
    const n = 3000
    const store = { x: floats(n + 1), kind: new Uint8Array(n + 1) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes, capacity: 10 })
    const mk = await attach(world)
    const body = mk.buffer(Body)
    const alive: number[] = []
    const generations = new Set<number>()
    for (let round = 0; round < 6; round++) {
      frame(mk, () => {
        for (let i = 0; i < n / 8; i++) {
          const entity = spawn(world, Body)
          store.x[entity] = entity + round / 8
          store.kind[entity] = entity * 7 + round
          alive.push(entity)
        }
        for (let i = 0; i < n / 30; i++) removeEntity(world, alive.splice((i * 37) % alive.length, 1)[0])
        for (let i = 0; i < alive.length; i += 11) {
          store.x[alive[i]] = -i
          mk.mark(Body, alive[i])
        }
      })
      generations.add(body.generation)
      const rows = new DataView(await body.read())
      for (const entity of alive) {
        expect(body.rowOf(entity)).toBe(entity)
        expect(rows.getFloat32(entity * 8, true)).toBe(store.x[entity])
        expect(rows.getUint32(entity * 8 + 4, true)).toBe(store.kind[entity])
      }
    }
    expect(generations.size).toBeGreaterThan(2)
    // 10 rows are rounded up to 64.
    expect(body.capacity % 64).toBe(0)
  })

  it('follow columns that are replaced by others, longer ones or of another memory', async () => {
    const world = createWorld()
    const store = { x: floats(8), y: floats(8) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes })
    const mk = await attach(world)
    const entities = [1, 2, 3, 4].map(() => spawn(world, Body))
    frame(mk)
    store.x = Float32Array.from({ length: 8 }, (_, i) => i / 2)
    frame(mk)
    const read = async (): Promise<number[]> => [...new Float32Array(await mk.buffer(Body).read())]
    expect(await read()).toEqual([0, 0, 0.5, 0, 1, 0, 1.5, 0, 2, 0])
    for (let i = 0; i < 6; i++) entities.push(spawn(world, Body))
    // Ids 8, 9 and 10 are beyond the columns: everything else is staged, and the error says which.
    expect(() => frame(mk)).toThrowError(
      expect.objectContaining({ code: 'EntityBeyondColumn', entity: 10, length: 8 }),
    )
    expect(mk.buffer(Body).rows).toBe(8)
    expect(mk.buffer(Body).rowOf(9)).toBe(-1)
    const shared = new SharedArrayBuffer(4 * 20)
    store.x = new Float32Array(shared)
    store.y = Float32Array.from({ length: 20 }, (_, i) => -i)
    new Float32Array(shared).set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    frame(mk)
    expect(mk.buffer(Body).rows).toBe(11)
    expect((await read()).slice(-4)).toEqual([9, -9, 10, -10])
  })

  it('refuse what a column may not become, and go on when it is mended', async () => {
    const world = createWorld()
    const store: { x: unknown; y: Float32Array } = { x: floats(4), y: floats(4) }
    const Body = GpuSynced<object, Schema, 'entity', undefined, 'columns'>(store, {
      label: 'Body',
      layout: 'columns',
      changes,
    })
    const mk = await attach(world)
    spawn(world, Body)
    frame(mk)
    for (const wrong of [new Uint32Array(4), new Float64Array(4), [0, 0, 0, 0], undefined]) {
      store.x = wrong
      expect(() => frame(mk)).toThrowError(expect.objectContaining({ code: 'SchemaMismatch', field: 'x' }))
    }
    store.x = floats(5)
    expect(() => frame(mk)).toThrowError(expect.objectContaining({ code: 'ColumnLengthMismatch' }))
    const gone = floats(4)
    structuredClone(gone, { transfer: [gone.buffer] })
    store.x = gone
    expect(() => frame(mk)).toThrowError(expect.objectContaining({ code: 'ColumnDetached', column: 'x' }))
    store.x = Float32Array.of(0, 7, 0, 0)
    frame(mk)
    expect([...new Float32Array(await mk.buffer(Body).read())]).toEqual([0, 0, 7, 0])
  })
})

describe.each(modes)('a frame with columns, %s', (changes) => {
  it('makes no call where nothing changed, or nothing lives', async () => {
    const world = createWorld()
    const store = { x: floats(40), y: floats(40) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes })
    const mk = await attach(world)
    frame(mk)
    frame(mk)
    expect(mk.report.apiCalls).toBe(0)
    const entity = spawn(world, Body)
    frame(mk)
    store.x[entity] = 1
    mk.mark(Body, entity)
    frame(mk)
    // Rows are counted, not words: that of entity 1, and where all go up also row 0.
    const [{ label, rows }] = mk.report.mirrors
    expect([label, rows]).toEqual(['Body', changes === 'all' ? 2 : 1])
    frame(mk)
    frame(mk)
    expect(mk.report.apiCalls > 0).toBe(changes === 'all')
    removeEntity(world, entity)
    frame(mk)
    frame(mk)
    expect(mk.report.apiCalls).toBe(0)
  })

  it('sends what is written after the stage, unless it compares', async () => {
    const world = createWorld()
    const store = { x: floats(8) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes })
    const mk = await attach(world)
    const entity = spawn(world, Body)
    frame(mk)
    mk.beginFrame()
    store.x[entity] = 1
    mk.mark(Body, entity)
    mk.stage()
    store.x[entity] = 2
    mk.endFrame()
    const [x] = new Float32Array(await mk.buffer(Body).read(entity, 1))
    expect(x).toBe(changes === 'detect' ? 1 : 2)
  })

  it('brings everything to another device, and to the buffers of two worlds', async () => {
    const store = { x: floats(8), hp: new Uint8Array(8) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes })
    const worlds = [createWorld(), createWorld()]
    const first = new MkGpu(new DummyBackend())
    const both = await Promise.all(worlds.map((world) => attach(world, { gpu: first })))
    for (const world of worlds) for (let i = 0; i < 3; i++) spawn(world, Body)
    store.x.set([0, 1, 2, 3])
    store.hp.set([0, 10, 20, 30])
    for (const mk of both) frame(mk)
    first.destroy()
    await Promise.resolve()
    store.x[2] = 7
    for (const mk of both) {
      mk.mark(Body, 2)
      frame(mk)
      expect(mk.report).toMatchObject({ lost: true, apiCalls: 0 })
      await mk.restore(new MkGpu(new DummyBackend()))
      const { generation } = mk.buffer(Body)
      frame(mk)
      const rows = await mk.buffer(Body).read()
      expect([...new Float32Array(rows)].filter((_, i) => i % 2 === 0)).toEqual([0, 1, 7, 3])
      expect([...new Uint32Array(rows)].filter((_, i) => i % 2 === 1)).toEqual([0, 10, 20, 30])
      expect(mk.buffer(Body).generation).toBe(generation)
    }
  })
})

it.each(modes)(
  'columns take as many rows as the device allows, and say that there are no more, %s',
  async (changes) => {
    const world = createWorld()
    const n = 9000
    const store = { x: floats(n), hp: new Uint8Array(n) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes })
    const gpu = new MkGpu(new DummyBackend({ maxBufferSize: 30_000 }))
    const mk = await attach(world, { gpu })
    const entities = Array.from({ length: n - 1 }, () => spawn(world, Body))
    for (const entity of entities) {
      store.x[entity] = entity
      store.hp[entity] = entity * 3
    }
    expect(() => frame(mk)).toThrowError(expect.objectContaining({ code: 'MirrorTooLarge' }))
    const body = mk.buffer(Body)
    // 30 000 bytes are 6 000 rows of 5 bytes: sections have at most 5 952, a multiple of 64.
    expect([body.capacity % 64, body.capacity > 5800, body.rows]).toEqual([0, true, body.capacity])
    expect(body.rowOf(body.rows - 1)).toBe(body.rows - 1)
    expect(body.rowOf(body.rows)).toBe(-1)
    const rows = new DataView(await body.read())
    for (let e = 1; e < body.rows; e++)
      expect([rows.getFloat32(e * 8, true), rows.getUint32(e * 8 + 4, true)]).toEqual([
        store.x[e],
        store.hp[e],
      ])
    for (const entity of entities) if (entity >= body.rows) removeEntity(world, entity)
    frame(mk)
    expect(body.readCpu()).toEqual(await body.read())
  },
)

describe('columns of a store of the heap', () => {
  it('have its capacity', async () => {
    const heap = createHeap({ bytes: 1 << 20 })
    const Body = GpuSynced(heap.columns({ at: vec2f, turn: f32, team: i32 }, 5000), {
      label: 'Body',
      layout: 'columns',
      changes: 'all',
    })
    const world = createWorld()
    const entity = spawn(world, Body)
    const mk = await attach(world)
    const body = mk.buffer(Body)
    // 5 001 rows; the next number ≡ 64 (mod 1 024).
    expect(body.capacity).toBe(5184)
    frame(mk, () => Body.at.set([3, 4], entity * 2))
    expect([...new Float32Array(await body.read(entity, 1))]).toEqual([3, 4, 0, 0])
  })
})

describe("columns with changes: 'marked'", () => {
  it('take marks of set(), and count those that were forgotten', async () => {
    const store = { x: floats(8) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns', changes: 'marked' })
    const world = createWorld()
    const mk = await attach(world, { debug: true })
    const warnings: string[] = []
    mk.on('warning', ({ code }) => warnings.push(code))
    const [a, b] = [spawn(world, Body), spawn(world, Body)]
    frame(mk)
    expect(mk.forgottenMarks(Body)).toBe(0)
    frame(mk, () => {
      store.x[a] = 1
      store.x[b] = 2
      mk.mark(Body, a)
    })
    expect(mk.forgottenMarks(Body)).toBe(1)
    expect(warnings).toEqual(['ForgottenMarks'])
    frame(mk, () => mk.mark(Body, b))
    expect(mk.forgottenMarks(Body)).toBe(1)
    expect([...new Float32Array(await mk.buffer(Body).read())]).toEqual([0, 1, 2])
    frame(mk, () => addComponent(world, a, set(Body, { x: floats(1) })))
    const marker = mk.marker(Body)
    store.x[b] = 9
    marker.mark(b)
    frame(mk)
    expect([...new Float32Array(await mk.buffer(Body).read())]).toEqual([0, 1, 9])
  })
})

describe('the WGSL of columns', () => {
  it('reads each field out of its section', async () => {
    const mk = await attach(createWorld())
    const store = { x: floats(4), y: floats(4) }
    const Body = GpuSynced(store, { label: 'Body', layout: 'columns' })
    expect(mk.buffer(Body).wgsl(0, 1)).toBe(
      [
        'struct Body {',
        '  x: f32,',
        '  y: f32,',
        '}',
        '@group(0) @binding(1) var<storage, read> bodyWords: array<f32>;',
        'fn body_x(row: u32) -> f32 {',
        '  return bodyWords[row];',
        '}',
        'fn body_y(row: u32) -> f32 {',
        '  return bodyWords[arrayLength(&bodyWords) / 8u * 4u + row];',
        '}',
        'fn bodyRow(row: u32) -> Body {',
        '  return Body(body_x(row), body_y(row));',
        '}',
        'fn bodyCapacity() -> u32 {',
        '  return arrayLength(&bodyWords) / 8u * 4u;',
        '}',
        '',
      ].join('\n'),
    )
  })

  it('takes small numbers out of their words, and vectors of several columns together', async () => {
    const mk = await attach(createWorld())
    const store = { hp: new Uint8Array(4), x: floats(4), z: floats(4), team: new Int16Array(8) }
    const schema = struct({ at: vec2f.from('x', 'z'), hp: u32, team: struct({ a: i32, b: i32 }) })
    const code = mk
      .buffer(GpuSynced<object, Schema, 'entity', undefined, 'columns'>(store, { schema, layout: 'columns' }))
      .wgsl(1, 2, { name: 'thing' })
    expect(code).toContain('struct Thing {')
    expect(code).toContain('@group(1) @binding(2) var<storage, read> thingWords: array<u32>;')
    // 4 + 4 + 2 × 2 + 1 = 13 bytes per row: x from 0, z from 4, team from 8, hp from 12.
    const unit = 'arrayLength(&thingWords) / 13u'
    expect(code).toContain(
      `return vec2f(bitcast<f32>(thingWords[row]), bitcast<f32>(thingWords[${unit} * 4u + row]));`,
    )
    expect(code).toContain(`return extractBits(thingWords[${unit} * 12u + row / 4u], row % 4u * 8u, 8u);`)
    expect(code).toContain(
      `ThingTeam(extractBits(bitcast<i32>(thingWords[${unit} * 8u + (row * 2u) / 2u]), (row * 2u) % 2u * 16u, 16u), `,
    )
  })

  it('has a row of one number or vector where there is no struct', async () => {
    const mk = await attach(createWorld())
    const Heat = GpuSynced(floats(4), { label: 'Heat', layout: 'columns' })
    expect(mk.buffer(Heat).wgsl(0, 0)).toContain('fn heatRow(row: u32) -> f32 {\n  return heatWords[row];')
    expect(mk.buffer(Heat).sections[0]).toMatchObject({ name: '', offset: 0, stride: 4 })
    expect(() => mk.buffer(Heat).column('')).toThrowError(expect.objectContaining({ code: 'WrongBackend' }))
  })

  it('asks for another name where one is taken by another component or query, or by WGSL', async () => {
    const mk = await attach(createWorld())
    const columns = (label: string, names: string[]): ColumnsBuffer =>
      mk.buffer(
        GpuSynced<object, Schema, 'entity', undefined, 'columns'>(
          Object.fromEntries(names.map((name) => [name, floats(2)])),
          { label, layout: 'columns' },
        ),
      )
    const asks = (words: string): object =>
      expect.objectContaining({
        code: 'InvalidOption',
        option: 'name',
        message: expect.stringContaining(words),
      })
    columns('Body', ['x', 'y'])
    const row = mk.buffer(GpuSynced({ a: floats(2) }, { label: 'BodyRow' }))
    expect(() => row.wgsl(0, 0)).toThrowError(asks('declares bodyRow too'))
    expect(row.wgsl(0, 0, { name: 'other' })).toContain('struct Other {')
    expect(() => columns('body_x', ['z']).wgsl(0, 0)).toThrowError(asks('declares body_x too'))
    const query = mk.query([{}], { label: 'BodyWords' })
    expect(() => query.indices.wgsl(0, 0)).toThrowError(asks('declares bodyWords too'))
    const texture = columns('Texture', ['depth_2d', 'words'])
    expect(() => texture.wgsl(0, 0)).toThrowError(
      expect.objectContaining({ code: 'InvalidIdentifier', identifier: 'texture_depth_2d' }),
    )
    expect(texture.wgsl(0, 0, { name: 'image' })).toContain('fn image_words(')
    // `target` is a word of WGSL's, but no name of these.
    expect(columns('Target', ['x']).wgsl(0, 0)).toContain('targetWords')
    expect(() => columns('Nested', ['x']).wgsl(0, 0, { struct: 'nestedRow' })).toThrowError(asks('nestedRow'))
  })

  it('is the same for rows, as far as a row is read with a function', async () => {
    const mk = await attach(createWorld())
    const rows = mk.buffer(GpuSynced({ x: floats(2) }, { label: 'Body' }))
    expect(rows.wgsl(0, 0)).toContain('fn bodyRow(row: u32) -> Body {\n  return body[row];\n}\n')
    expect(rows.vertexLayouts(2)).toEqual([rows.vertexLayout(2)])
  })
})

describe('the vertex layouts of columns', () => {
  const store = { x: floats(4), color: new Uint8Array(16), turn: floats(64), hp: new Uint8Array(4) }
  const schema = struct({ x: f32, color: struct({ r: u32, g: u32, b: u32, a: u32 }), turn: mat4x4f, hp: u32 })

  it('are one for each column, and a matrix has an attribute for each of its columns', async () => {
    const mk = await attach(createWorld())
    const body = mk.buffer(
      GpuSynced<object, Schema, 'entity', undefined, 'columns'>(store, {
        label: 'Body',
        schema,
        layout: 'columns',
      }),
    )
    expect(body.vertexLayouts(1, ['x', 'color', 'turn'])).toEqual([
      {
        arrayStride: 4,
        stepMode: 'instance',
        attributes: [{ format: 'float32', offset: 0, shaderLocation: 1 }],
      },
      {
        arrayStride: 4,
        stepMode: 'instance',
        attributes: [{ format: 'uint8x4', offset: 0, shaderLocation: 2 }],
      },
      {
        arrayStride: 64,
        stepMode: 'instance',
        attributes: [3, 4, 5, 6].map((shaderLocation, i) => ({
          format: 'float32x4',
          offset: i * 16,
          shaderLocation,
        })),
      },
    ])
    expect(() => body.vertexLayouts()).toThrowError(
      expect.objectContaining({
        code: 'NoVertexFormat',
        field: 'hp',
        message: expect.stringContaining('1 byte a row'),
      }),
    )
    expect(() => body.vertexLayouts(0, ['y'])).toThrowError(
      expect.objectContaining({
        code: 'InvalidOption',
        option: 'column',
        message: expect.stringContaining("'color'"),
      }),
    )
    expect(() => body.column('hp')).toThrowError(
      expect.objectContaining({ code: 'InvalidOption', option: 'name' }),
    )
    expect(() => (body as { vertexLayout(): unknown }).vertexLayout()).toThrowError(
      expect.objectContaining({ code: 'InvalidOption', message: expect.stringContaining('vertexLayouts()') }),
    )
  })

  it('are refused beyond the vertex buffers that a device has', async () => {
    const mk = await attach(createWorld())
    const names = Array.from({ length: 9 }, (_, i) => `c${i}`)
    const Many = GpuSynced<object, Schema, 'entity', undefined, 'columns'>(
      Object.fromEntries(names.map((name) => [name, floats(2)])),
      { label: 'Many', layout: 'columns' },
    )
    expect(() => mk.buffer(Many).vertexLayouts()).toThrowError(
      expect.objectContaining({
        code: 'VertexLimitExceeded',
        limit: 'maxVertexBuffers',
        requested: 9,
        max: 8,
      }),
    )
    expect(mk.buffer(Many).vertexLayouts(0, names.slice(0, 8))).toHaveLength(8)
  })
})

it('tells tools what is synced in columns', async () => {
  const world = createWorld()
  const Body = GpuSynced(
    { x: floats(4), at: floats(12) },
    { label: 'Body', layout: 'columns', schema: struct({ x: f32, at: vec3f }) },
  )
  const mk = await attach(world)
  spawn(world, Body)
  frame(mk)
  const [info] = mk.synced()
  expect(info).toMatchObject({
    component: Body,
    layout: 'columns',
    changes: 'detect',
    entities: 1,
    rowKind: 'entity',
  })
  expect(info.buffer).toBe(mk.buffer(Body))
  expect(vec4f.type).toBe('vec4f')
})
