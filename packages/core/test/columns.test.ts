import {
  addComponent,
  addEntity,
  createWorld,
  observe,
  onAdd,
  onSet,
  query,
  removeComponent,
  set,
} from 'bitecs'
import { createSoASerializer, createSoADeserializer } from 'bitecs/serialization'
import * as d from 'typegpu/data'
import { describe, expect, it } from 'vitest'
import {
  array,
  atomic,
  columnsInfo,
  createColumns,
  createHeap,
  createRows,
  f16,
  f32,
  i32,
  mat3x3f,
  rowsInfo,
  struct,
  u32,
  vec2i,
  vec3f,
} from '@memkit/core'

const makeHeap = () => createHeap({ bytes: 1 << 20 })

describe('createColumns', () => {
  it('makes one typed array per column, with a slot for each id from 0 to the capacity', () => {
    const store = createColumns(makeHeap(), { x: f32, lives: i32, flags: u32 }, 100)
    expect(Object.keys(store)).toEqual(['x', 'lives', 'flags'])
    expect(store.x).toBeInstanceOf(Float32Array)
    expect(store.lives).toBeInstanceOf(Int32Array)
    expect(store.flags).toBeInstanceOf(Uint32Array)
    expect([store.x.length, store.lives.length, store.flags.length]).toEqual([101, 101, 101])
  })

  it('lays the columns in the memory it was given, at multiples of 256 bytes, apart from each other, all zero', () => {
    const heap = makeHeap()
    const old = heap.alloc(4096)
    new Uint8Array(heap.buffer, old.offset, 4096).fill(255)
    heap.free(old)
    const store = createColumns(heap, { a: f32, b: u32, c: vec3f }, 6)
    let end = 0
    for (const column of [store.a, store.b, store.c]) {
      expect(column.buffer).toBe(heap.buffer)
      expect(column.byteOffset % 256).toBe(0)
      expect(column.byteOffset).toBeGreaterThanOrEqual(end)
      expect(column.every((value) => value === 0)).toBe(true)
      end = column.byteOffset + column.byteLength
    }
  })

  it('gives a field of several scalars that many places per entity, without padding', () => {
    const store = createColumns(
      makeHeap(),
      { pos: vec3f, cell: vec2i, basis: mat3x3f, tags: array(u32, 4), paths: array(array(vec3f, 2), 2) },
      9,
    )
    // 10 entities × 3, 2, 9, 4 and 2 × 2 × 3 scalars
    expect(store.pos.length).toBe(30)
    expect(store.cell.length).toBe(20)
    expect(store.cell).toBeInstanceOf(Int32Array)
    expect(store.basis.length).toBe(90)
    expect(store.tags.length).toBe(40)
    expect(store.paths.length).toBe(120)
  })

  it('holds f16 as 32-bit floats on the CPU, and atomics as the type inside', () => {
    const store = createColumns(makeHeap(), { weight: f16, hits: atomic(u32) }, 4)
    expect(store.weight).toBeInstanceOf(Float32Array)
    expect(store.hits).toBeInstanceOf(Uint32Array)
    expect(columnsInfo(store)?.columns[0].scalar).toBe('f16')
  })

  it('takes types of TypeGPU', () => {
    const store = createColumns(makeHeap(), { pos: d.vec3f, team: d.u32 }, 4)
    expect(store.pos.length).toBe(15)
    expect(store.team).toBeInstanceOf(Uint32Array)
  })

  it('describes its schema to other code, but not by an enumerable key', () => {
    const heap = makeHeap()
    const store = createColumns(heap, { x: f32, pos: vec3f }, 7)
    const info = columnsInfo(store)!
    expect(info.kind).toBe('columns')
    expect(info.memory).toBe(heap)
    expect(info.capacity).toBe(7)
    expect(info.pitch).toBe(64)
    expect(info.struct.fields.map((f) => [f.name, f.type.type, f.offset])).toEqual([
      ['x', 'f32', 0],
      ['pos', 'vec3f', 16],
    ])
    expect(info.columns).toEqual([
      { name: 'x', scalar: 'f32', arity: 1, offset: store.x.byteOffset },
      { name: 'pos', scalar: 'f32', arity: 3, offset: store.pos.byteOffset },
    ])
    expect({ ...store }).toEqual({ x: store.x, pos: store.pos })
    expect(columnsInfo({ x: new Float32Array(8) })).toBeUndefined()
    expect(columnsInfo(createRows(heap, struct({ x: f32 }), 7))).toBeUndefined()
    expect(rowsInfo(store)).toBeUndefined()
  })

  it('is recognised by another copy of the module, through a registered symbol', () => {
    const store = createColumns(makeHeap(), { x: f32 }, 7)
    expect(Reflect.get(store, Symbol.for('@memkit/columns'))).toBe(columnsInfo(store))
  })

  it('frees its memory as one block', () => {
    const heap = makeHeap()
    const before = heap.stats.used
    const store = createColumns(heap, { x: f32, y: f32 }, 1000, 'Position')
    expect(heap.leaks().map((leak) => leak.label)).toEqual(['Position'])
    heap.free(columnsInfo(store)!.block)
    expect(heap.stats.used).toBe(before)
  })
})

describe('createColumns as a component of bitECS', () => {
  it('is added, queried, observed and removed like any other', () => {
    const Position = createColumns(makeHeap(), { x: f32, y: f32 }, 100)
    const world = createWorld()
    const added: number[] = []
    observe(world, onAdd(Position), (e) => {
      added.push(e)
    })
    const first = addEntity(world)
    const second = addEntity(world)
    addComponent(world, first, Position)
    addComponent(world, second, Position)
    Position.x[first] = 1.5
    Position.x[second] = 2.5
    expect([...query(world, [Position])]).toEqual([first, second])
    expect(added).toEqual([first, second])
    removeComponent(world, first, Position)
    expect([...query(world, [Position])]).toEqual([second])
    expect(Position.x[second]).toBe(2.5)
  })

  it('gets what set() hands to an observer', () => {
    const Position = createColumns(makeHeap(), { x: f32, y: f32 }, 100)
    const world = createWorld()
    observe(world, onSet(Position), (e, value: { x: number; y: number }) => {
      Position.x[e] = value.x
      Position.y[e] = value.y
    })
    const e = addEntity(world)
    addComponent(world, e, set(Position, { x: 3, y: 4 }))
    expect([Position.x[e], Position.y[e]]).toEqual([3, 4])
  })

  it('survives the serializer of bitECS, which refuses non-arrays', () => {
    const Position = createColumns(makeHeap(), { x: f32, y: f32 }, 100)
    Position.x[2] = 7
    Position.y[2] = 8
    const bytes = createSoASerializer([Position])([2])
    Position.x.fill(0)
    Position.y.fill(0)
    createSoADeserializer([Position])(bytes)
    expect([Position.x[2], Position.y[2]]).toEqual([7, 8])
  })

  it('follows a column replaced by a bigger one', () => {
    const Position = createColumns(makeHeap(), { x: f32 }, 3)
    Position.x = new Float32Array(100)
    Position.x[50] = 1
    expect(Position.x[50]).toBe(1)
  })
})
