import { expectTypeOf, it } from 'vitest'
import type { FrameVec, Handle, Handles, MkAllocator } from '@memkit/core/allocator'

declare const memory: MkAllocator

it('types frame memory by the requested kind', () => {
  expectTypeOf(memory.frameAlloc(Float32Array, 3)).toEqualTypeOf<Float32Array<ArrayBuffer>>()
  expectTypeOf(memory.frameSlice(Uint16Array, [1, 2])).toEqualTypeOf<Uint16Array<ArrayBuffer>>()
  expectTypeOf(memory.frameVec(Uint32Array, 3)).toEqualTypeOf<FrameVec<Uint32Array<ArrayBuffer>>>()
  expectTypeOf(memory.scope(() => 'done')).toEqualTypeOf<string>()
})

it('types 64-bit kinds as bigints, the others as numbers', () => {
  memory.frameVec(BigInt64Array, 3).push(1n)
  // @ts-expect-error: no bigint
  memory.frameVec(BigInt64Array, 3).push(1)
  // @ts-expect-error: a bigint
  memory.frameSlice(Float32Array, [1n])
})

it('types a handle by its table', () => {
  const meshes = {} as Handles<{ mesh: string }>
  const sound = {} as Handle<{ sound: string }>
  // @ts-expect-error: a handle of another kind of value
  meshes.get(sound)
  // @ts-expect-error: a number that no alloc() gave
  memory.free(7)
})

it('suggests tags, and accepts any string', () => {
  memory.limit('physics', { hard: 1 })
  memory.limit('my own', { soft: 1 })
  // @ts-expect-error: no such limit
  memory.limit('physics', { max: 1 })
})
