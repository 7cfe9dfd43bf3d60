import { addComponent, addEntity, createWorld, query } from 'bitecs'
import * as d from 'typegpu/data'
import { describe, expect, it } from 'vitest'
import {
  align,
  array,
  atomic,
  columnsInfo,
  createHeap,
  createRows,
  f16,
  f32,
  i32,
  mat3x3f,
  mat4x4f,
  RowOutOfRange,
  rowsInfo,
  struct,
  u32,
  vec2f,
  vec2h,
  vec3f,
  vec4i,
} from '@memkit/core'

const makeHeap = () => createHeap({ bytes: 1 << 20 })

/** matrix at 0 (64 bytes), mass at 64, team at 68, owner at 72; 76 bytes rounded up to 16: stride 80. */
const Body = struct({ matrix: mat4x4f, mass: f32, team: u32, owner: i32 })

describe('createRows', () => {
  it('has rows in the layout of the GPU, one for each id from 0 to the capacity, all zero', () => {
    const heap = makeHeap()
    const store = createRows(heap, Body, 99)
    expect(store.stride).toBe(80)
    expect(store.offset % 16).toBe(0)
    expect(store.f32.buffer).toBe(heap.buffer)
    expect(store.f32.byteOffset).toBe(store.offset)
    expect(store.f32.length).toBe((100 * 80) / 4)
    expect(store.u32.every((word) => word === 0)).toBe(true)
  })

  it('reads and writes a field of one scalar by entity', () => {
    const store = createRows(makeHeap(), Body, 99)
    store.mass.set(3, 2.5)
    store.team.set(3, 0xffff_ffff)
    store.owner.set(3, -7)
    expect([store.mass(3), store.team(3), store.owner(3)]).toEqual([2.5, 0xffff_ffff, -7])
    // Row 3 starts at 3 × 80 = 240 bytes, mass 64 bytes further: word (240 + 64) / 4 = 76.
    expect(store.f32[76]).toBe(2.5)
    expect(store.u32[77]).toBe(0xffff_ffff)
    expect(store.i32[78]).toBe(-7)
    expect([store.mass(2), store.mass(4)]).toEqual([0, 0])
  })

  it('returns the same view of a field of several scalars each time', () => {
    const store = createRows(makeHeap(), Body, 99)
    const view = store.matrix(5)
    expect(view).toBeInstanceOf(Float32Array)
    expect(view.length).toBe(16)
    expect(store.matrix(5)).toBe(view)
    view[12] = 9
    // Row 5 starts at 5 × 80 / 4 = word 100.
    expect(store.f32[112]).toBe(9)
    expect(store.matrix(4)[12]).toBe(0)
  })

  it('exposes the position of a field, for loops that index by themselves', () => {
    const store = createRows(makeHeap(), Body, 99)
    const { array: cells, first, step } = store.mass
    for (let e = 0; e <= 99; e++) cells[first + e * step] = e
    expect([first, step]).toEqual([16, 20])
    expect([store.mass(0), store.mass(50), store.mass(99)]).toEqual([0, 50, 99])
    expect(store.matrix.first).toBe(0)
  })

  it('includes padding in the views of matrices and arrays that have it', () => {
    const store = createRows(
      makeHeap(),
      struct({ basis: mat3x3f, path: array(vec3f, 2), pairs: array(vec2f, 3) }),
      9,
    )
    expect([store.basis(1).length, store.path(1).length, store.pairs(1).length]).toEqual([12, 8, 6])
  })

  it('reaches into nested structs by field, and into arrays of structs by index and field', () => {
    const Light = struct({ color: vec3f, on: u32 })
    const store = createRows(
      makeHeap(),
      struct({
        sun: Light,
        lamps: array(Light, 3),
        grid: array(array(Light, 2), 2),
        cells: array(array(vec4i, 2), 2),
      }),
      9,
    )
    store.sun.on.set(2, 1)
    store.lamps[2].color(2).set([1, 2, 3])
    store.grid[1][0].on.set(2, 4)
    store.cells(2)[15] = -1
    // Light is 16 bytes. Row: sun 16 + lamps 48 + grid 64 + cells 64 = 192 bytes = 48 words; row 2 starts at word 96.
    expect(store.u32[96 + 3]).toBe(1)
    expect([...store.f32.subarray(96 + 12, 96 + 15)]).toEqual([1, 2, 3])
    expect(store.u32[96 + 16 + 8 + 3]).toBe(4)
    expect(store.i32[96 + 47]).toBe(-1)
  })

  it('converts f16, and exposes the bits of f16 vectors', () => {
    const store = createRows(makeHeap(), struct({ weight: f16, other: f16, uv: vec2h }), 9)
    store.weight.set(1, 1.5)
    store.other.set(1, -2)
    store.uv(1)[1] = 0x3c00
    expect([store.weight(1), store.other(1)]).toEqual([1.5, -2])
    // Half floats: 1.5 is 0x3e00, −2 is 0xc000, 1 is 0x3c00; rows of 8 bytes.
    expect(store.u32[2].toString(16)).toBe('c0003e00')
    expect(store.u32[3].toString(16)).toBe('3c000000')
  })

  it('accepts atomics and TypeGPU structs', () => {
    const store = createRows(makeHeap(), d.struct({ hits: d.atomic(d.u32), pos: d.vec3f }), 9)
    store.hits.set(1, 5)
    store.pos(1)[2] = 3
    expect(store.stride).toBe(32)
    expect(store.hits(1)).toBe(5)
    expect(store.f32[8 + 4 + 2]).toBe(3)
    expect(createRows(makeHeap(), struct({ n: atomic(i32) }), 1).n(1)).toBe(0)
  })

  it("starts at a multiple of the struct's alignment", () => {
    const store = createRows(makeHeap(), struct({ a: align(256, f32) }), 3)
    expect([store.stride, store.offset % 256]).toEqual([256, 0])
  })

  it('reads undefined past the last row, like a typed array, and never touches the memory behind it', () => {
    const heap = makeHeap()
    const store = createRows(heap, Body, 3)
    const behind = heap.alloc(4096)
    store.mass.set(4, 1)
    store.mass.set(-1, 1)
    expect(store.mass(4)).toBeUndefined()
    expect(new Uint8Array(heap.buffer, behind.offset, 4096).every((byte) => byte === 0)).toBe(true)
    for (const entity of [4, -1, 1.5, Number.NaN]) expect(() => store.matrix(entity)).toThrow(RowOutOfRange)
  })

  it('describes its schema to other code', () => {
    const heap = makeHeap()
    const store = createRows(heap, Body, 9, 'Body')
    const info = rowsInfo(store)!
    expect(info).toMatchObject({ kind: 'rows', offset: store.offset, stride: 80, capacity: 9 })
    expect(info.struct).toBe(Body)
    expect(info.memory).toBe(heap)
    expect(heap.leaks().map((leak) => leak.label)).toEqual(['Body'])
    heap.free(info.block)
    expect(heap.leaks()).toEqual([])
    expect(rowsInfo({ matrix: [] })).toBeUndefined()
    expect(columnsInfo(store)).toBeUndefined()
    expect(Reflect.get(store, Symbol.for('@memkit/rows'))).toBe(info)
  })

  it('is a component of bitECS without enumerable keys', () => {
    const store = createRows(makeHeap(), Body, 9)
    expect(Object.keys(store)).toEqual([])
    const world = createWorld()
    const e = addEntity(world)
    addComponent(world, e, store)
    store.mass.set(e, 4)
    expect([...query(world, [store])]).toEqual([e])
    expect(store.mass(e)).toBe(4)
  })
})

describe('createRows', () => {
  it('refuses the names of its own members at the top level only', () => {
    const rows = createRows(makeHeap(), struct({ inner: struct({ stride: f32, data: f32 }) }), 10)
    expect(rows.inner.data(1)).toBe(0)
  })
})
