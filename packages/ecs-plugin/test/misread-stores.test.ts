import { runInNewContext } from 'node:vm'
import { addComponent, addEntity, aos, createWorld, deleteWorld, removeEntity, soa } from 'bitecs'
import {
  array as arrayTag,
  f32 as f32Tag,
  f64 as f64Tag,
  i16 as i16Tag,
  i32 as i32Tag,
  i8 as i8Tag,
  ref as refTag,
  str as strTag,
  u16 as u16Tag,
  u32 as u32Tag,
  u8 as u8Tag,
} from 'bitecs/serialization'
import { f16, f32, i32, MkError, struct, u32, vec2f, vec3f, type Schema } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe, expect, it, vi } from 'vitest'
import { attachMk, GpuSynced } from '../src/index.ts'
import type { Changes, GpuSyncedOptions, RowKind, SyncDirection } from '../src/index.ts'

// Stores whose numbers were read, or written, as something that they are not. What every shape of store looks like on the device:
// tests/stores.everywhere.test.ts.

const floats = (length: number): Float32Array<ArrayBuffer> => new Float32Array(length)

/** A world with the component on `count` entities, ids 1 … count. */
async function attached<C extends object>(component: C, options: GpuSyncedOptions = {}, count = 3) {
  const Thing = GpuSynced(component as object, { label: 'Thing', capacity: 8, ...options }) as C & object
  const world = createWorld()
  const gpu: MkGpu = new MkGpu(new DummyBackend())
  const mk = await attachMk(world, { gpu })
  const warnings: string[] = []
  mk.on('warning', ({ code }) => warnings.push(code))
  const spawn = (): number => {
    const entity = addEntity(world)
    addComponent(world, entity, Thing)
    return entity
  }
  for (let i = 0; i < count; i++) spawn()
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const buffer = mk.buffer(Thing as never)
  const read = async (Kind: typeof Float32Array | typeof Uint32Array = Float32Array): Promise<number[]> => [
    ...new Kind(await buffer.read()),
  ]
  /** What a shader would write: the queue runs it after this frame's upload. */
  const deviceSets = (entity: number, ...values: number[]): void =>
    gpu.write(buffer.buffer, entity * buffer.stride, new Float32Array(values).buffer, 0, values.length * 4)
  /** Frames until what is on its way has come back. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      frame()
      await mk.coordinator.idle()
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
  }
  return { mk, gpu, Thing, world, warnings, spawn, frame, read, deviceSets, settle, buffer }
}

/** What a frame throws. */
function thrownBy(act: () => unknown): MkError | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof MkError) return error
    throw error
  }
}

describe("type tags of bitECS's aos()", () => {
  it('are the default schema, and values are read off the entries', async () => {
    const store = aos({ x: f32Tag(), y: f32Tag() }) as { x: number; y: number }[] & object
    const { frame, read, buffer, warnings } = await attached(store)
    store[1] = { x: 1, y: 2 }
    store[2] = { x: 3, y: 4 }
    store[3] = { x: 5, y: 6 }
    frame()
    expect(await read()).toEqual([0, 0, 1, 2, 3, 4, 5, 6])
    expect(buffer.wgsl(0, 0)).toContain('struct Thing {\n  x: f32,\n  y: f32,\n}')
    expect(warnings).toEqual([])
  })

  it('values arrive with a schema that names their fields', async () => {
    const store = aos({ x: f32Tag(), y: f32Tag() }) as { x: number; y: number }[] & object
    const { frame, read } = await attached(store, { schema: struct({ pos: vec2f.from('y', 'x') }) })
    store[1] = { x: 1, y: 2 }
    frame()
    expect((await read()).slice(0, 4)).toEqual([0, 0, 2, 1])
  })

  const kinds = {
    u8: [u8Tag, 'u32'],
    u16: [u16Tag, 'u32'],
    u32: [u32Tag, 'u32'],
    ref: [refTag, 'u32'],
    i8: [i8Tag, 'i32'],
    i16: [i16Tag, 'i32'],
    i32: [i32Tag, 'i32'],
    f32: [f32Tag, 'f32'],
    f64: [f64Tag, 'f32'],
  } as const
  it.each(Object.entries(kinds))(
    '%s, in aos() and soa(), a field and the whole store',
    async (_tag, [make, type]) => {
      const value = type === 'i32' ? -5 : 7
      const bits = type === 'f32' ? new Uint32Array(new Float32Array([value]).buffer)[0] : value >>> 0
      const objects = aos({ v: make() }) as { v: number }[] & object
      const columns = soa({ v: make() })
      const numbers = make()
      for (const store of [objects, columns, numbers]) {
        const { frame, read, buffer } = await attached(store, {}, 1)
        objects[1] = { v: value }
        columns.v[1] = value
        numbers[1] = value
        frame()
        expect(await read(Uint32Array)).toEqual([0, bits])
        expect(buffer.wgsl(0, 0)).toContain(store === numbers ? `array<${type}>` : `v: ${type}`)
      }
    },
  )

  it('can be named like methods of an array', async () => {
    const store = aos({ find: f32Tag(), keys: i32Tag(), at: u8Tag() }) as Record<string, number>[] & object
    const { frame, read } = await attached(store, {}, 1)
    store[1] = { find: 1, keys: -2, at: 3 }
    frame()
    const row = new DataView(new Uint32Array(await read(Uint32Array)).buffer)
    expect([row.getFloat32(12, true), row.getInt32(16, true), row.getUint32(20, true)]).toEqual([1, -2, 3])
  })

  it('are followed into nested objects and small arrays', async () => {
    const store = aos({ pos: { x: f32Tag(), y: f32Tag() }, dir: arrayTag(f32Tag) }) as {
      pos: { x: number; y: number }
      dir: number[]
    }[] &
      object
    const schema = struct({ pos: vec2f.from('pos.x', 'pos.y'), dir: vec2f })
    const { frame, read } = await attached(store, { schema: schema as Schema }, 1)
    store[1] = { pos: { x: 1, y: 2 }, dir: [3, 4] }
    frame()
    expect((await read()).slice(4)).toEqual([1, 2, 3, 4])
  })

  it("are not confused with a game's own extra properties", async () => {
    const store = Object.assign([] as { x: number }[], { free: [3, 4], meta: { name: 'bodies' } })
    Object.assign(store.meta, { self: store.meta })
    const { frame, read } = await attached(store, { schema: struct({ x: f32 }) }, 1)
    store[1] = { x: 5 }
    frame()
    expect(await read()).toEqual([0, 5])
  })

  it('can also be in a column', async () => {
    const store = { at: aos({ x: f32Tag() }) as { x: number }[] }
    const { frame, read } = await attached(store, { schema: struct({ x: f32.from('at.x') }) }, 1)
    store.at[1] = { x: 5 }
    frame()
    expect(await read()).toEqual([0, 5])
  })

  const refused: [what: string, code: string, words: string, store: object, options?: GpuSyncedOptions][] = [
    [
      'nested tags without a path',
      'UnsupportedColumn',
      "vec2f.from('pos.x', 'pos.y')",
      aos({ pos: { x: f32Tag(), y: f32Tag() } }),
    ],
    [
      'a tag of strings',
      'UnsupportedColumn',
      'leave the column out with a schema',
      aos({ x: f32Tag(), name: strTag() }),
    ],
    [
      'a tag of strings that a schema names',
      'UnsupportedColumn',
      'leave the column out with a schema',
      aos({ name: strTag() }),
      { schema: struct({ name: f32 }) },
    ],
    ['a tag of arrays', 'UnsupportedColumn', 'how many numbers', aos({ list: arrayTag(u8Tag) })],
    [
      'arrays of strings that a schema names',
      'UnsupportedColumn',
      'Strings',
      aos({ list: arrayTag(strTag) }),
      { schema: struct({ list: vec2f }) },
    ],
    [
      'arrays of arrays of strings in a column',
      'UnsupportedColumn',
      'Strings',
      { list: arrayTag(arrayTag(strTag)) },
      { schema: struct({ list: vec2f }) },
    ],
    [
      'a field without a tag',
      'SchemaMismatch',
      "f32.from('x')",
      aos({ x: f32Tag(), y: f32Tag() }),
      { schema: struct({ z: f32 }) },
    ],
    ['numbers in a tag', 'UnsupportedColumn', 'Leave the tag empty', aos({ x: f32Tag([0, 1, 2]) })],
    [
      'columns on an array',
      'UnsupportedColumn',
      'object of columns',
      Object.assign([], { x: floats(4) }),
      { schema: struct({ x: f32 }) },
    ],
    ['tags of 64-bit integers', 'UnsupportedColumn', '64-bit', aos({ id: new BigInt64Array(0) })],
    [
      'tags in a column, without a schema',
      'UnsupportedColumn',
      'Give a schema',
      { at: aos({ x: f32Tag() }) },
    ],
    ['nothing in the spec', 'UnsupportedColumn', 'Give a schema', aos()],
    ...(['download', 'both'] as const).map(
      (direction): [string, string, string, object, GpuSyncedOptions] => [
        `direction ${direction}`,
        'InvalidOption',
        "isn't a column of numbers",
        aos({ x: f32Tag() }),
        { direction },
      ],
    ),
  ]
  it.each(refused)('%s: %s', (_what, code, words, store, options) => {
    expect(() => GpuSynced(store, { label: 'Bad', ...options })).toThrowError(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    )
  })
})

describe('columns without numbers', () => {
  const values: [what: string, first: unknown, kind: string, advice: string][] = [
    ['strings', 'Anna', 'strings', 'leave the column out with a schema'],
    ['booleans', true, 'booleans', 'Uint8Array'],
    ['64-bit integers', 1n, 'bigints', 'leave the column out with a schema'],
  ]
  it.each(values)('throw when the component is flagged: %s', (_what, value, kind, advice) => {
    for (const options of [{}, { schema: struct({ name: f32, hp: f32 }) }])
      expect(() =>
        GpuSynced<object>({ name: [undefined, value], hp: [] }, { label: 'Bad', ...(options as object) }),
      ).toThrowError(
        expect.objectContaining({
          code: 'UnsupportedColumn',
          column: 'name',
          kind: expect.stringContaining(kind),
          message: expect.stringContaining(advice),
        }),
      )
  })

  it.each([...values, ['objects', { x: 1 }, 'objects', 'leave the column out with a schema'] as const])(
    'throw one error when they come later, and all other columns are uploaded: %s',
    async (_what, value, kind, advice) => {
      const store = { name: [] as unknown[], hp: [] as number[] }
      const { mk, read, warnings } = await attached(store, {}, 1)
      store.name[1] = value
      store.hp[1] = 5
      for (let i = 0; i < 2; i++) {
        mk.beginFrame()
        expect(thrownBy(() => mk.endFrame())).toMatchObject({
          code: 'UnsupportedColumn',
          component: 'Thing',
          column: 'name',
          kind: expect.stringContaining(kind),
          message: expect.stringContaining(advice),
        })
        store.hp[1]++
      }
      expect(await read()).toEqual([0, 0, 0, 6])
      expect(warnings).toEqual([])
      // Numbers, and all is well.
      store.name[1] = 9
      mk.beginFrame()
      mk.endFrame()
      expect(await read()).toEqual([0, 0, 9, 7])
    },
  )

  it('throw one error when objects by entity hold strings', async () => {
    const store: { name: string; hp: number }[] = []
    const { mk, read } = await attached(store, { schema: struct({ name: f32, hp: f32 }) }, 1)
    store[1] = { name: 'Anna', hp: 5 }
    mk.beginFrame()
    expect(thrownBy(() => mk.endFrame())).toMatchObject({ code: 'UnsupportedColumn', column: 'name' })
    expect(await read()).toEqual([0, 0, 0, 5])
  })

  it('read as 0 with a warning when one string is among numbers', async () => {
    const store = { hp: [] as unknown[] }
    const { frame, read, warnings } = await attached(store, {}, 2)
    store.hp[1] = 'much'
    store.hp[2] = 5
    frame()
    expect(await read()).toEqual([0, 0, 5])
    expect(warnings).toEqual(['ColumnHoles'])
  })
})

describe('a column that is replaced', () => {
  /** A store of every kind that can be replaced: how it is made, and how a value is written. */
  const stores: [
    kind: string,
    schema: Schema | undefined,
    make: () => Record<string, unknown>,
    saved: (value: number) => Record<string, unknown>,
  ][] = [
    ['typed', undefined, () => ({ x: floats(8) }), (value) => ({ x: floats(8).fill(value) })],
    [
      'Float64Array',
      undefined,
      () => ({ x: new Float64Array(8) }),
      (value) => ({ x: new Float64Array(8).fill(value) }),
    ],
    ['plain', undefined, () => ({ x: new Array(8).fill(0) }), (value) => ({ x: new Array(8).fill(value) })],
    [
      'shared',
      undefined,
      () => ({ x: new Float32Array(new SharedArrayBuffer(32)) }),
      (value) => ({ x: new Float32Array(new SharedArrayBuffer(32)).fill(value) }),
    ],
    [
      'typed that becomes plain',
      undefined,
      () => ({ x: floats(8) }),
      (value) => ({ x: new Array(8).fill(value) }),
    ],
    [
      'nested',
      struct({ x: f32.from('at.x') }),
      () => ({ at: { x: floats(8) } }),
      (value) => ({ at: { x: floats(8).fill(value) } }),
    ],
    [
      'objects in a column',
      struct({ x: f32.from('at.x') }),
      () => ({ at: Array.from({ length: 8 }, () => ({ x: 0 })) }),
      (value) => ({ at: Array.from({ length: 8 }, () => ({ x: value })) }),
    ],
    [
      'small arrays in a column',
      struct({ m: vec2f }),
      () => ({ m: Array.from({ length: 8 }, () => [0, 0]) }),
      (value) => ({ m: Array.from({ length: 8 }, () => [value, value]) }),
    ],
    [
      'one of two',
      undefined,
      () => ({ x: floats(8), y: floats(8) }),
      (value) => ({ x: floats(8).fill(value) }),
    ],
  ]
  const modes: [Changes, RowKind][] = (['detect', 'marked', 'all'] as const).flatMap((mode) => [
    [mode, 'entity'],
    [mode, 'packed'],
  ])
  describe.each(modes)('%s, %s rows', (changes, rows) => {
    it.each(stores)('uploads all of its rows (%s)', async (_kind, schema, make, saved) => {
      const store = make()
      const { frame, read, buffer } = await attached(store, { changes, rows, ...(schema && { schema }) })
      frame()
      expect(new Set(await read())).toEqual(new Set([0]))
      Object.assign(store, saved(5))
      frame()
      for (const entity of [1, 2, 3])
        expect((await read())[(buffer.rowOf(entity) * buffer.stride) / 4], `entity ${entity}`).toBe(5)
    })
  })

  it('uploads earlier unmarked writes, and not later ones (marked)', async () => {
    const store = { x: floats(8) }
    const { mk, frame, read } = await attached(store, { changes: 'marked' })
    frame()
    store.x = floats(8).fill(5)
    frame()
    expect(await read()).toEqual([0, 5, 5, 5])
    store.x.fill(6)
    frame()
    expect(await read()).toEqual([0, 5, 5, 5])
    // The mark is used up: an idle frame makes no call.
    expect(mk.report.apiCalls).toBe(0)
  })

  it('is noticed by every world that syncs the store, each at its own time (marked)', async () => {
    const store = { x: floats(8) }
    const a = await attached(store, { changes: 'marked' })
    const world = createWorld()
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
    addComponent(world, addEntity(world), a.Thing)
    const frameOfB = (): void => {
      mk.beginFrame()
      mk.endFrame()
    }
    a.frame()
    frameOfB()
    store.x = floats(8).fill(5)
    a.frame()
    a.frame()
    frameOfB()
    expect(await a.read()).toEqual([0, 5, 5, 5])
    expect([...new Float32Array(await mk.buffer(a.Thing as never).read())]).toEqual([0, 5])
  })

  it('is remembered while columns disagree in length or the buffer grows (marked)', async () => {
    const store = { x: floats(8), y: floats(8) }
    const { mk, frame, read, spawn } = await attached(store, { changes: 'marked' })
    frame()
    store.x = floats(64).fill(5)
    for (let i = 0; i < 20; i++) spawn()
    mk.beginFrame()
    expect(thrownBy(() => mk.endFrame())?.code).toBe('ColumnLengthMismatch')
    store.y = floats(64).fill(6)
    frame()
    expect((await read()).slice(2)).toEqual(Array.from({ length: 23 }, () => [5, 6]).flat())
  })

  it('is still noticed when tools read rows in between (marked)', async () => {
    const store = { x: floats(8) }
    const { frame, read, buffer } = await attached(store, { changes: 'marked' })
    frame()
    store.x = floats(8).fill(5)
    buffer.readCpu(0, 4)
    frame()
    expect(await read()).toEqual([0, 5, 5, 5])
  })

  it('is not assumed when a getter returns another view of the same memory (marked)', async () => {
    const memory = floats(8)
    const store = {
      get x(): Float32Array {
        return memory.subarray(0)
      },
    }
    const { mk, frame } = await attached(store, { changes: 'marked' })
    frame()
    frame()
    expect(mk.report.rowsChanged).toBe(0)
  })

  it.each<SyncDirection>(['download', 'both'])(
    'wins over rows on their way back, as with a loaded game (direction %s)',
    async (direction) => {
      const store = { x: floats(8) }
      const { mk, frame, read, deviceSets, settle } = await attached(store, { direction })
      await settle()
      deviceSets(1, 40)
      deviceSets(2, 50)
      frame()
      await mk.coordinator.idle()
      await new Promise((resolve) => setTimeout(resolve, 0))
      store.x = floats(8).fill(7)
      await settle()
      expect([...store.x.subarray(0, 4)]).toEqual([7, 7, 7, 7])
      expect((await read()).slice(1)).toEqual([7, 7, 7])
    },
  )

  it.each<SyncDirection>(['download', 'both'])(
    'leaves the rows to the device when a store grows (direction %s)',
    async (direction) => {
      const store = { x: floats(8) }
      const { mk, frame, read, deviceSets, settle } = await attached(store, { direction })
      await settle()
      deviceSets(1, 40)
      frame()
      await mk.coordinator.idle()
      await new Promise((resolve) => setTimeout(resolve, 0))
      // The 40 has come back, but no frame has taken it yet: the copy has the 0.
      const longer = floats(64)
      longer.set(store.x)
      store.x = longer
      await settle()
      expect(store.x[1]).toBe(40)
      expect((await read())[1]).toBe(40)
    },
  )
})

describe('a column that follows the length of its buffer', () => {
  // Node 20 has both; TypeScript's library of this project has not.
  const resizable = (bytes: number, most: number): ArrayBuffer & { resize(bytes: number): void } =>
    new (ArrayBuffer as never as new (bytes: number, options: object) => never)(bytes, {
      maxByteLength: most,
    })
  const growable = (bytes: number, most: number): SharedArrayBuffer & { grow(bytes: number): void } =>
    new (SharedArrayBuffer as never as new (bytes: number, options: object) => never)(bytes, {
      maxByteLength: most,
    })
  const kinds = {
    'growable shared': (): [Float32Array, (length: number) => void] => {
      const memory = growable(16, 4096)
      return [new Float32Array(memory), (length) => memory.grow(length * 4)]
    },
    resizable: (): [Float32Array, (length: number) => void] => {
      const memory = resizable(16, 4096)
      return [new Float32Array(memory), (length) => memory.resize(length * 4)]
    },
    'resizable, of doubles': (): [Float64Array, (length: number) => void] => {
      const memory = resizable(32, 8192)
      return [new Float64Array(memory), (length) => memory.resize(length * 8)]
    },
  }
  describe.each(Object.entries(kinds))('%s', (kind, make) => {
    it.each<SyncDirection>(['upload', 'download', 'both'])('can grow (direction %s)', async (direction) => {
      const [x, grow] = make()
      const { frame, read, spawn, deviceSets, settle } = await attached({ x }, { direction })
      x.set([0, 1, 2, 3])
      frame()
      await settle()
      grow(8)
      const entity = [spawn(), spawn(), spawn()][2]
      expect(entity).toBe(6)
      x[entity] = 6
      await settle()
      expect((await read())[entity]).toBe(6)
      if (direction === 'upload') return
      deviceSets(entity, 60)
      await settle()
      expect(x[entity]).toBe(60)
      expect((await read())[entity]).toBe(60)
    })

    if (kind !== 'growable shared')
      it.each<SyncDirection>(['upload', 'download', 'both'])(
        'can shrink and grow again (direction %s)',
        async (direction) => {
          const [x, grow] = make()
          grow(8)
          const { mk, world, frame, read, deviceSets, settle } = await attached({ x }, { direction }, 6)
          x.set([0, 1, 2, 3, 4, 5, 6])
          await settle()
          grow(4)
          mk.beginFrame()
          expect(thrownBy(() => mk.endFrame())).toMatchObject({
            code: 'EntityBeyondColumn',
            entity: 6,
            length: 4,
          })
          for (const entity of [4, 5, 6]) removeEntity(world, entity)
          frame()
          grow(8)
          if (direction === 'upload') x[1] = 10
          else deviceSets(1, 10)
          await settle()
          expect(x[1]).toBe(10)
          expect((await read()).slice(1, 4)).toEqual([10, 2, 3])
        },
      )
  })
})

describe('a column named by several fields', () => {
  it('is read for each of them', async () => {
    const store = { x: floats(4), y: floats(4) }
    const schema = struct({ a: f32.from('x'), b: f32.from('x'), c: vec2f.from('y', 'x'), x: f32 })
    const { frame, read } = await attached(store, { schema: schema as Schema }, 2)
    store.x.set([0, 1, 2])
    store.y.set([0, 10, 20])
    frame()
    // a 0, b 4, c 8, x 16; 24 bytes a row.
    expect((await read()).slice(6)).toEqual([1, 1, 10, 1, 1, 0, 2, 2, 20, 2, 2, 0])
  })

  it.each<Changes>(['detect', 'marked', 'all'])(
    'is read in nested structs, of objects and in %s',
    async (changes) => {
      const store: { x: number }[] = []
      const schema = struct({ in: struct({ a: f32.from('x') }), b: f32.from('x') })
      const { mk, Thing, frame, read } = await attached(store, { schema: schema as Schema, changes }, 1)
      store[1] = { x: 1 }
      frame()
      store[1].x = 5
      mk.mark(Thing as never, 1)
      frame()
      expect((await read()).slice(2)).toEqual([5, 5])
    },
  )

  it('is an error when one field takes several numbers of it and from() takes one', () => {
    expect(() =>
      GpuSynced({ x: floats(8) }, { schema: struct({ x: vec2f, b: f32.from('x') }), label: 'Bad' }),
    ).toThrowError(expect.objectContaining({ code: 'SchemaMismatch', field: 'x' }))
  })

  it.each<SyncDirection>(['download', 'both'])('is an error (direction %s)', (direction) => {
    expect(() =>
      GpuSynced(
        { x: floats(8) },
        {
          schema: struct({ a: f32.from('x'), b: f32.from('x') }),
          direction,
        },
      ),
    ).toThrowError(
      expect.objectContaining({
        code: 'InvalidOption',
        value: direction,
        message: expect.stringContaining('several fields are read from "x"'),
      }),
    )
  })
})

describe('names of Object.prototype', () => {
  it('refuses a column named __proto__', () => {
    for (const store of [
      JSON.parse('{ "__proto__": [1], "x": [1] }') as object,
      { ['__proto__']: floats(4), x: floats(4) },
    ])
      expect(() => GpuSynced(store, { label: 'Bad' })).toThrowError(
        expect.objectContaining({ code: 'InvalidIdentifier', identifier: '__proto__' }),
      )
    expect(() => struct({ ['__proto__']: f32, x: f32 })).toThrowError(
      expect.objectContaining({ code: 'InvalidIdentifier' }),
    )
  })

  it('reads a column named __proto__ under another name, and names it when lengths disagree', async () => {
    const store = { ['__proto__']: floats(4), x: floats(4) }
    const schema = struct({ proto: f32.from('__proto__'), x: f32 })
    const { mk, frame, read } = await attached(store, { schema: schema as Schema }, 1)
    store['__proto__'][1] = 5
    frame()
    expect((await read()).slice(2)).toEqual([5, 0])
    store.x = floats(5)
    mk.beginFrame()
    expect(thrownBy(() => mk.endFrame())?.message).toContain('__proto__: 4')
  })

  it.each(['constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
    'accepts a column named %s',
    async (name) => {
      const store = { [name]: floats(4), x: floats(4) }
      const { frame, read, buffer } = await attached(store, {}, 1)
      store[name][1] = 5
      frame()
      expect((await read()).slice(2)).toEqual([5, 0])
      expect(buffer.wgsl(0, 0)).toContain(`${name}: f32`)
      const objects = aos({ [name]: f32Tag() }) as Record<string, number>[] & object
      const other = await attached(objects, {}, 1)
      objects[1] = { [name]: 6 }
      other.frame()
      expect(await other.read()).toEqual([0, 6])
      // One that is not there is no column, though every object has something of that name.
      expect(() => GpuSynced({ x: floats(4) }, { schema: struct({ [name]: f32 }) })).toThrowError(
        expect.objectContaining({ code: 'SchemaMismatch' }),
      )
    },
  )
})

describe('columns that throw', () => {
  const boom = new Error('boom')

  it.each<SyncDirection>(['upload', 'download', 'both'])(
    'throw a typed error from each frame, while all other components are synced and nothing is lost (direction %s)',
    async (direction) => {
      let throwing = false
      const x = floats(8)
      const store = {
        get x(): Float32Array {
          if (throwing) throw boom
          return x
        },
      }
      const { mk, world, Thing, frame, read, deviceSets, settle } = await attached(store, { direction }, 1)
      const Other = GpuSynced({ x: floats(8) }, { label: 'Other', direction })
      addComponent(world, 1, Other)
      const others = mk.buffer(Other)
      await settle()
      throwing = true
      if (direction !== 'upload') {
        deviceSets(1, 40)
        mk.gpu.write(others.buffer, 4, new Float32Array([50]).buffer, 0, 4)
      }
      for (let i = 0; i < 4; i++) {
        if (direction === 'upload') Other.x[1] = 50
        mk.beginFrame()
        expect(thrownBy(() => mk.endFrame())).toMatchObject({
          code: 'ColumnInaccessible',
          component: 'Thing',
          column: 'x',
          access: 'read',
          cause: boom,
        })
        await mk.coordinator.idle()
        await new Promise((resolve) => setTimeout(resolve, 0))
      }
      expect(new Float32Array(await others.read())[1]).toBe(50)
      expect(Other.x[1]).toBe(50)
      throwing = false
      if (direction === 'upload') x[1] = 40
      await settle()
      expect([x[1], (await read())[1]]).toEqual([40, 40])
      expect(mk.buffer(Thing as never).rows).toBe(2)
      frame()
    },
  )

  it('throw when the component is flagged, and in stage()', async () => {
    const store = {
      get x(): Float32Array {
        throw boom
      },
    }
    for (const schema of [undefined, struct({ x: f32 })])
      expect(() => GpuSynced(store as object, { label: 'Bad', schema })).toThrowError(
        expect.objectContaining({ code: 'ColumnInaccessible', access: 'read', cause: boom }),
      )
    let throwing = false
    const later = {
      get x(): Float32Array {
        if (throwing) throw boom
        return floats(4)
      },
    }
    const { mk } = await attached(later)
    throwing = true
    mk.beginFrame()
    expect(thrownBy(() => mk.stage())?.code).toBe('ColumnInaccessible')
    expect(() => mk.endFrame()).not.toThrow()
  })

  it.each<Changes>(['detect', 'marked', 'all'])(
    'throw as getters of an object by entity (%s)',
    async (changes) => {
      let throwing = true
      const store: { readonly x: number }[] = []
      const { mk, frame, read } = await attached(store, { schema: struct({ x: f32 }), changes }, 1)
      store[1] = {
        get x(): number {
          if (throwing) throw boom
          return 5
        },
      }
      mk.beginFrame()
      expect(thrownBy(() => mk.endFrame())).toMatchObject({
        code: 'ColumnInaccessible',
        column: 'x',
        cause: boom,
      })
      throwing = false
      frame()
      expect(await read()).toEqual([0, 5])
    },
  )

  it.each<SyncDirection>(['download', 'both'])(
    'throw a typed error when they vanish, and upload their rows when they return (direction %s)',
    async (direction) => {
      const store: { x?: Float32Array } = { x: floats(8) }
      const { mk, world, deviceSets, settle, read } = await attached(store, { direction }, 1)
      const Other = GpuSynced({ x: floats(8) }, { label: 'Other', direction })
      addComponent(world, 1, Other)
      const others = mk.buffer(Other)
      await settle()
      deviceSets(1, 40)
      mk.gpu.write(others.buffer, 4, new Float32Array([50]).buffer, 0, 4)
      const { x } = store
      delete store.x
      for (let i = 0; i < 4; i++) {
        expect(() => mk.beginFrame()).not.toThrow()
        expect(thrownBy(() => mk.endFrame())).toMatchObject({
          code: 'SchemaMismatch',
          component: 'Thing',
          field: 'x',
        })
        await mk.coordinator.idle()
        await new Promise((resolve) => setTimeout(resolve, 0))
      }
      expect(Other.x[1]).toBe(50)
      store.x = x
      await settle()
      expect([x![1], (await read())[1]]).toEqual([40, 40])
    },
  )

  const unwritable: [what: string, lock: (column: number[]) => number[] | undefined][] = [
    ['frozen', (column) => void Object.freeze(column)],
    [
      'an element that is read-only',
      (column) =>
        void Object.defineProperty(column, 1, { value: column[1], writable: false, configurable: true }),
    ],
    [
      'a setter that throws',
      (column) =>
        void Object.defineProperty(column, 1, {
          get: () => 0,
          set: () => {
            throw boom
          },
        }),
    ],
    ['a Proxy that refuses', (column) => new Proxy(column, { set: () => false })],
  ]
  describe.each<SyncDirection>(['download', 'both'])('direction %s', (direction) => {
    it.each(unwritable)(
      'throws a typed error for a read-only column (%s), while others are synced and nothing is lost',
      async (_what, lock) => {
        const store = { x: [0, 0], y: floats(2) }
        const { mk, world, deviceSets, settle, read } = await attached(store, { direction }, 1)
        const Other = GpuSynced({ x: floats(8) }, { label: 'Other', direction })
        addComponent(world, 1, Other)
        const others = mk.buffer(Other)
        await settle()
        store.x = lock(store.x) ?? store.x
        await settle()
        deviceSets(1, 40, 41)
        mk.gpu.write(others.buffer, 4, new Float32Array([50]).buffer, 0, 4)
        let codes: (string | undefined)[] = []
        for (let i = 0; i < 5; i++) {
          expect(() => mk.beginFrame()).not.toThrow()
          codes.push(thrownBy(() => mk.endFrame())?.code)
          await mk.coordinator.idle()
          await new Promise((resolve) => setTimeout(resolve, 0))
        }
        codes = codes.filter((code) => code !== undefined)
        expect(new Set(codes)).toEqual(new Set(['ColumnInaccessible']))
        expect(codes.length).toBeGreaterThan(1)
        expect([store.x[1], store.y[1], Other.x[1]]).toEqual([0, 41, 50])
        // What the device wrote is on the device still.
        expect((await read()).slice(2)).toEqual([40, 41])
      },
    )

    it('fills a column that becomes writable again with what came back meanwhile', async () => {
      let locked = false
      const x = [0, 0]
      const store = {
        x: new Proxy(x, {
          set: (target, key, value) => !locked && Reflect.set(target, key, value),
        }),
      }
      const { mk, deviceSets, settle, read } = await attached(store, { direction }, 1)
      await settle()
      locked = true
      deviceSets(1, 40)
      for (let i = 0; i < 4; i++) {
        mk.beginFrame()
        thrownBy(() => mk.endFrame())
        await mk.coordinator.idle()
        await new Promise((resolve) => setTimeout(resolve, 0))
      }
      expect(x[1]).toBe(0)
      locked = false
      await settle()
      expect([x[1], (await read())[1]]).toEqual([40, 40])
    })
  })
})

describe('detached memory', () => {
  const detach = (column: Float32Array): void =>
    void structuredClone(column.buffer, { transfer: [column.buffer as ArrayBuffer] })

  it.each<SyncDirection>(['upload', 'download', 'both'])(
    'throws a typed error for its column, whose rows are uploaded when it is replaced (direction %s)',
    async (direction) => {
      for (const columns of [1, 2]) {
        const store: Record<string, Float32Array> = { x: floats(8) }
        if (columns === 2) store.y = floats(8)
        const { mk, settle, read } = await attached(store, { direction, changes: 'marked' }, 1)
        await settle()
        detach(store.x)
        for (let i = 0; i < 2; i++) {
          mk.beginFrame()
          expect(thrownBy(() => mk.endFrame())).toMatchObject({
            code: 'ColumnDetached',
            component: 'Thing',
            column: 'x',
          })
          await mk.coordinator.idle()
        }
        store.x = floats(8).fill(5)
        await settle()
        expect((await read())[columns]).toBe(5)
        expect(store.x[1]).toBe(5)
      }
    },
  )

  it("can't be flagged", () => {
    const store = { x: floats(8) }
    detach(store.x)
    expect(() => GpuSynced(store, { label: 'Bad' })).toThrowError(
      expect.objectContaining({ code: 'ColumnDetached', column: 'x' }),
    )
  })

  it('is not confused with an empty column', async () => {
    const store = { x: floats(0) }
    const { mk } = await attached(store, {}, 1)
    mk.beginFrame()
    expect(thrownBy(() => mk.endFrame())?.code).toBe('EntityBeyondColumn')
  })
})

describe('arrays of another realm', () => {
  const foreign = (code: string): unknown => runInNewContext(code)

  it('are read as their kind, bit by bit', async () => {
    const nan = 0x7fa00001
    const store = {
      f: foreign('new Float32Array(4)') as Float32Array,
      d: foreign('new Float64Array(4)') as Float64Array,
      i: foreign('new Int32Array(4)') as Int32Array,
      u: foreign('new Uint32Array(4)') as Uint32Array,
      s: foreign('new Int8Array(4)') as Int8Array,
      p: foreign('[0, 0, 0, 0]') as number[],
    }
    const { frame, read } = await attached(store, {}, 1)
    new Uint32Array(store.f.buffer)[1] = nan
    store.d[1] = 1
    store.i[1] = -2
    store.u[1] = 2 ** 32 - 1
    store.s[1] = -3
    store.p[1] = 1
    frame()
    expect((await read(Uint32Array)).slice(6)).toEqual([
      nan,
      0x3f800000,
      -2 >>> 0,
      2 ** 32 - 1,
      -3 >>> 0,
      0x3f800000,
    ])
  })

  it('receive what the device wrote', async () => {
    const x = foreign('new Float32Array(4)') as Float32Array
    const { deviceSets, settle } = await attached({ x }, { direction: 'download' }, 1)
    await settle()
    deviceSets(1, 5)
    await settle()
    expect(x[1]).toBe(5)
  })

  it.each(['BigInt64Array', 'BigUint64Array', 'DataView'])(
    'throw a typed error, with a schema and without: %s',
    (kind) => {
      const id = foreign(
        kind === 'DataView' ? 'new DataView(new ArrayBuffer(16))' : `new ${kind}(4)`,
      ) as object
      const code = kind === 'DataView' ? /SchemaMismatch|NoColumns/ : /UnsupportedColumn/
      for (const schema of [struct({ id: u32 }), undefined])
        expect(
          thrownBy(() => GpuSynced<object>({ id }, { label: 'Bad', schema: schema as never }))?.code,
        ).toMatch(code)
    },
  )

  it('throw a typed error in the frame in which 64-bit integers replace a column', async () => {
    const store: { id: unknown } = { id: new Uint32Array(4) }
    const { mk } = await attached(store, {}, 1)
    for (const id of [new BigInt64Array(4), foreign('new BigInt64Array(4)') as object]) {
      store.id = id
      mk.beginFrame()
      expect(thrownBy(() => mk.endFrame())).toMatchObject({
        code: 'UnsupportedColumn',
        component: 'Thing',
        column: 'id',
      })
    }
  })

  it('are refused with their path when they are nested', () => {
    const at = foreign('({ deep: { x: new Float32Array(4) } })') as object
    expect(() => GpuSynced({ at }, { label: 'Bad' })).toThrowError(
      expect.objectContaining({ message: expect.stringContaining("f32.from('at.deep.x')") }),
    )
  })
})

describe('a deleted world', () => {
  it('makes every call throw a typed error, and the sync can be disposed', async () => {
    const store = { x: floats(4) }
    const { mk, Thing, world, frame } = await attached(store, { changes: 'marked' }, 1)
    frame()
    const Late = GpuSynced({ x: floats(4) }, { label: 'Late' })
    deleteWorld(world)
    const calls: (() => unknown)[] = [
      () => mk.beginFrame(),
      () => mk.stage(),
      () => mk.mark(Thing as never, 1),
      () => mk.buffer(Late),
      () => mk.buffer(Thing as never).rowOf(1),
      () => mk.query([Thing]),
      () => mk.systems.frameBegin(),
    ]
    for (const call of calls) expect(thrownBy(call)?.code).toBe('WorldDeleted')
    expect(() => mk.dispose()).not.toThrow()
    expect(mk.gpu.leaks()).toEqual([])
  })

  it('makes endFrame throw in the middle of a frame', async () => {
    const { mk, world } = await attached({ x: floats(4) }, {}, 1)
    mk.beginFrame()
    deleteWorld(world)
    expect(thrownBy(() => mk.endFrame())?.code).toBe('WorldDeleted')
    expect(() => mk.dispose()).not.toThrow()
  })
})

describe("numbers that the device doesn't change", () => {
  // What an f32, an integer and a half cannot hold, and what each has of it.
  const kinds: [
    kind: string,
    schema: Schema,
    make: () => { v: { [index: number]: number } },
    value: number,
  ][] = [
    ['Float64Array', struct({ v: f32 }), () => ({ v: new Float64Array(4) }), 0.1],
    ['Float64Array, a big number', struct({ v: f32 }), () => ({ v: new Float64Array(4) }), 16777217],
    ['plain array', struct({ v: f32 }), () => ({ v: [0, 0, 0, 0] }), 0.1],
    ['plain array, a big number', struct({ v: f32 }), () => ({ v: [0, 0, 0, 0] }), 16777217],
    ['plain array, as i32', struct({ v: i32 }), () => ({ v: [0, 0, 0, 0] }), -2.75],
    ['Float64Array, as u32', struct({ v: u32 }), () => ({ v: new Float64Array(4) }), 2 ** 32 + 3.5],
    [
      'Float32Array, as a half',
      struct({ v: f16, w: f16 }),
      () => ({ v: floats(4), w: floats(4) }),
      Math.fround(0.1),
    ],
    ['plain array, -0', struct({ v: f32 }), () => ({ v: [0, 0, 0, 0] }), -0],
    ['plain array, NaN', struct({ v: f32 }), () => ({ v: [0, 0, 0, 0] }), NaN],
  ]
  describe.each<SyncDirection>(['download', 'both'])('direction %s', (direction) => {
    it.each(kinds)('stay the same: %s', async (_kind, schema, make, value) => {
      const store = make()
      const { mk, Thing, settle } = await attached(store, { direction, schema }, 2)
      store.v[1] = value
      mk.mark(Thing as never, 1)
      await settle()
      await settle()
      expect(store.v[1]).toBe(value)
    })

    it('stay beside numbers of the same row that come back', async () => {
      const store = { x: new Float64Array(4), y: [0, 0, 0, 0] }
      const { read, deviceSets, settle } = await attached(store, { direction }, 1)
      store.x[1] = 0.1
      store.y[1] = 0.1
      await settle()
      // The device writes the same bits to x, and another number to y.
      deviceSets(1, 0.1, 0.2)
      await settle()
      expect([store.x[1], store.y[1]]).toEqual([0.1, Math.fround(0.2)])
      // Another NaN, and the other zero, are other bits.
      deviceSets(1, 0, 0)
      await settle()
      deviceSets(1, -0, NaN)
      await settle()
      expect([store.x[1], store.y[1]]).toEqual([-0, NaN])
      expect((await read()).slice(2)).toEqual([-0, NaN])
    })

    it("don't count as a CPU change when a column holds less than the device wrote", async () => {
      const store = { x: new Uint8Array(4), y: new Int16Array(4), z: [] as number[] }
      const schema = struct({ x: u32, y: i32, z: f32 })
      const { mk, buffer, frame, settle } = await attached(store, { direction, schema: schema as Schema }, 1)
      store.z[1] = 0
      frame()
      const wide = [300, 70_000, 0x7fa00001]
      mk.gpu.write(buffer.buffer, 12, new Uint32Array(wide).buffer, 0, 12)
      await settle()
      expect([store.x[1], store.y[1], store.z[1]]).toEqual([300 % 256, 70_000 - 65_536, NaN])
      expect([...new Uint32Array(await buffer.read())].slice(3)).toEqual(wide)
      // What the CPU changes goes up all the same.
      store.x[1] = 7
      mk.mark(mk.synced()[0].component, 1)
      await settle()
      expect([...new Uint32Array(await buffer.read())][3]).toBe(7)
    })

    it('become the number that came back in a hole of a plain array', async () => {
      const store = { x: [] as number[] }
      const { settle } = await attached(store, { direction }, 1)
      store.x.length = 4
      await settle()
      expect(store.x[1]).toBe(0)
    })
  })
})

it('are one column as a vec3f of one column', async () => {
  const store = { x: floats(4) }
  const { frame, read } = await attached(store, { schema: struct({ g: vec3f.from('x', 'x', 'x') }) }, 1)
  store.x[1] = 2
  frame()
  expect((await read()).slice(4)).toEqual([2, 2, 2, 0])
})

vi.setConfig({ testTimeout: 30_000 })
