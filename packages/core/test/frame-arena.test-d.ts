import { expectTypeOf, it } from 'vitest'
import type { FrameArena } from '../src/index.ts'

declare const arena: FrameArena

it('alloc returns the kind of array that was asked for', () => {
  expectTypeOf(arena.alloc(Float32Array, 16)).toEqualTypeOf<Float32Array<ArrayBuffer>>()
  expectTypeOf(arena.alloc(Uint8Array, 16)).toEqualTypeOf<Uint8Array<ArrayBuffer>>()
  expectTypeOf(arena.alloc(Uint16Array, 16, 256)).toEqualTypeOf<Uint16Array<ArrayBuffer>>()
  expectTypeOf(arena.alloc(BigInt64Array, 16)).toEqualTypeOf<BigInt64Array<ArrayBuffer>>()
  // @ts-expect-error: no kind of typed array
  arena.alloc(DataView, 16)
})

it('a scope returns what its function returns', () => {
  expectTypeOf(arena.scope(() => 'done')).toEqualTypeOf<string>()
})

it('a mark is no plain number', () => {
  // @ts-expect-error: a number that no mark() gave
  arena.rewind(7)
})
