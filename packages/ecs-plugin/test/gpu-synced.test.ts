import { f32, mat4x4f, struct, vec2f, vec3f, type Schema } from '@memkit/core'
import { f32 as f32Array, str, u8 } from 'bitecs/serialization'
import { describe, expect, it } from 'vitest'
import { GpuSynced, isGpuSynced } from '../src/index.ts'
import { readLayout } from '../src/store/component-layout.ts'

/** The fields that a component gets: name, WGSL type, offset; and the stride. */
function layoutOf(component: object, schema?: Parameters<typeof readLayout>[2]) {
  const shape = readLayout('Test', component, schema)
  const fields =
    shape.schema.kind === 'struct'
      ? shape.schema.fields.map(({ name, type, offset }) => [name, type.type, offset])
      : [['', shape.schema.type, 0]]
  return { fields, stride: shape.stride }
}

describe('GpuSynced', () => {
  it('returns the component unchanged', () => {
    const store = { x: new Float32Array(4) }
    const flagged = GpuSynced(store)
    expect(flagged).toBe(store)
    expect(Reflect.ownKeys(flagged)).toEqual(['x'])
    expect(isGpuSynced(flagged)).toBe(true)
    expect(isGpuSynced({ x: new Float32Array(4) })).toBe(false)
  })

  it('may be called again with the same options, or with none', () => {
    const store = { x: new Float32Array(4) }
    GpuSynced(store, { label: 'Twice', changes: 'marked' })
    expect(GpuSynced(store, { label: 'Twice' })).toBe(store)
    expect(GpuSynced(store)).toBe(store)
  })

  it('is recognised by another copy of the module', async () => {
    const store = GpuSynced({ x: new Float32Array(4) })
    // The query makes it another module for the loader.
    const again = '../src/sync/gpu-synced.ts?copy'
    const copy = (await import(again)) as { isGpuSynced: typeof isGpuSynced }
    expect(copy.isGpuSynced).not.toBe(isGpuSynced)
    expect(copy.isGpuSynced(store)).toBe(true)
  })
})

describe('the row that a component makes', () => {
  it('has one field per column, by the kind of the column', () => {
    const component = {
      x: new Float32Array(2),
      exact: new Float64Array(2),
      signed: new Int8Array(2),
      big: new Int32Array(2),
      flags: new Uint8Array(2),
      id: new Uint32Array(2),
      plain: [] as number[],
    }
    expect(layoutOf(component)).toEqual({
      fields: [
        ['x', 'f32', 0],
        ['exact', 'f32', 4],
        ['signed', 'i32', 8],
        ['big', 'i32', 12],
        ['flags', 'u32', 16],
        ['id', 'u32', 20],
        ['plain', 'f32', 24],
      ],
      stride: 28,
    })
  })

  it('takes the kind of a plain array from its bitECS brand', () => {
    expect(layoutOf({ a: u8([]), b: f32Array([]) }).fields).toEqual([
      ['a', 'u32', 0],
      ['b', 'f32', 4],
    ])
  })

  it('is a scalar when the component is a bare typed array', () => {
    expect(layoutOf(new Uint16Array(4))).toEqual({ fields: [['', 'u32', 0]], stride: 4 })
  })

  it('follows the schema: several columns in a field, several numbers in a column, other names', () => {
    const component = {
      x: new Float32Array(2),
      y: new Float32Array(2),
      m: new Float32Array(32),
      s: new Float32Array(2),
    }
    const schema = struct({ pos: vec2f.from('x', 'y'), scale: f32.from('s'), m: mat4x4f })
    // vec2f at 0, f32 at 8, then the matrix at its alignment of 16: 16 + 64 = 80 bytes.
    expect(layoutOf(component, schema)).toEqual({
      fields: [
        ['pos', 'vec2f', 0],
        ['scale', 'f32', 8],
        ['m', 'mat4x4f', 16],
      ],
      stride: 80,
    })
    const { columns } = readLayout('Test', component, schema)
    expect(columns.map(({ path, layout }) => [path, layout.arity, layout.offsets[0]])).toEqual([
      ['x', 1, 0],
      ['y', 1, 4],
      ['s', 1, 8],
      ['m', 16, 16],
    ])
  })

  it('reaches nested columns by path', () => {
    const component = { pos: { x: new Float32Array(2), y: new Float32Array(2) } }
    expect(layoutOf(component, struct({ pos: vec2f.from('pos.x', 'pos.y') })).stride).toBe(8)
  })

  it('leaves out non-column properties', () => {
    expect(layoutOf({ name: 'Position', x: new Float32Array(2) }).fields).toEqual([['x', 'f32', 0]])
  })
})

describe('bad input', () => {
  const floats = (length: number): Float32Array => new Float32Array(length)
  const cases: [what: string, code: string, names: string, flag: () => unknown][] = [
    ['null', 'NotAComponent', 'null', () => GpuSynced(null as never)],
    ['a number', 'NotAComponent', 'number', () => GpuSynced(7 as never)],
    ['a string', 'NotAComponent', 'string', () => GpuSynced('Position' as never)],
    ['undefined', 'NotAComponent', 'undefined', () => GpuSynced(undefined as never)],
    ['a tag', 'NoColumns', 'tag', () => GpuSynced({})],
    ['64-bit integers', 'UnsupportedColumn', 'id', () => GpuSynced({ id: new BigInt64Array(4) })],
    ['a branded string column', 'UnsupportedColumn', 'name', () => GpuSynced<object>({ name: str([]) })],
    [
      'a nested column without a path',
      'UnsupportedColumn',
      "from('pos.x'",
      () => GpuSynced({ pos: { x: floats(2) } }),
    ],
    ['an array of objects', 'UnsupportedColumn', 'schema', () => GpuSynced([] as object)],
    [
      'columns of different lengths',
      'ColumnLengthMismatch',
      'x: 4, y: 5',
      () => GpuSynced({ x: floats(4), y: floats(5) }),
    ],
    [
      'arities that disagree',
      'ColumnLengthMismatch',
      'm: 2, s: 3',
      () => GpuSynced({ m: floats(32), s: floats(3) }, { schema: struct({ m: mat4x4f, s: f32 }) }),
    ],
    [
      'a schema field without a column',
      'SchemaMismatch',
      '"z"',
      () => GpuSynced<object, Schema>({ x: floats(2) }, { schema: struct({ p: vec3f.from('x', 'x', 'z') }) }),
    ],
    [
      'an unknown mode',
      'InvalidOption',
      'detect',
      () => GpuSynced({ x: floats(2) }, { changes: 'sometimes' as never }),
    ],
    [
      'an unknown option',
      'InvalidOption',
      'chnages',
      () => GpuSynced({ x: floats(2) }, { chnages: 'all' } as never),
    ],
    ['a negative capacity', 'InvalidOption', 'capacity', () => GpuSynced({ x: floats(2) }, { capacity: -1 })],
    [
      'a fractional capacity',
      'InvalidOption',
      'capacity',
      () => GpuSynced({ x: floats(2) }, { capacity: 1.5 }),
    ],
    [
      "direction 'both', all rows going up each frame",
      'InvalidOption',
      "'both'",
      () => GpuSynced({ x: floats(2) }, { direction: 'both', changes: 'all' }),
    ],
    [
      "direction 'download', all rows going up each frame",
      'InvalidOption',
      "'download'",
      () => GpuSynced({ x: floats(2) }, { direction: 'download', changes: 'all' }),
    ],
    [
      'a label that WGSL refuses',
      'InvalidIdentifier',
      'my label',
      () => GpuSynced({ x: floats(2) }, { label: 'my label' }),
    ],
  ]
  it.each(cases)('%s: %s', (_what, code, names, flag) => {
    expect(flag).toThrowError(expect.objectContaining({ code, message: expect.stringContaining(names) }))
  })

  it('throws AlreadyFlagged for different options the second time, and keeps the first ones', () => {
    const store = GpuSynced({ x: floats(2) }, { label: 'Once', changes: 'marked' })
    expect(() => GpuSynced(store as object, { changes: 'all' })).toThrowError(
      expect.objectContaining({ code: 'AlreadyFlagged', option: 'changes' }),
    )
    expect(() => GpuSynced(store as object, { label: 'Once', changes: 'marked' })).not.toThrow()
  })

  it('leaves a refused component unflagged', () => {
    const store = { x: floats(4), y: floats(5) }
    expect(() => GpuSynced(store)).toThrow()
    expect(isGpuSynced(store)).toBe(false)
    store.y = floats(4)
    expect(isGpuSynced(GpuSynced(store))).toBe(true)
  })
})
