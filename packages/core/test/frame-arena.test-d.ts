import { expectTypeOf, it } from 'vitest'
import type { FrameArena } from '../src/index.ts'

declare const arena: FrameArena

it('returns the requested kind of array from alloc', () => {
  expectTypeOf(arena.alloc(Float32Array, 16)).toEqualTypeOf<Float32Array<ArrayBuffer>>()
  expectTypeOf(arena.alloc(Uint8Array, 16)).toEqualTypeOf<Uint8Array<ArrayBuffer>>()
  expectTypeOf(arena.alloc(Uint16Array, 16, 256)).toEqualTypeOf<Uint16Array<ArrayBuffer>>()
  expectTypeOf(arena.alloc(BigInt64Array, 16)).toEqualTypeOf<BigInt64Array<ArrayBuffer>>()
  // @ts-expect-error: no kind of typed array
  arena.alloc(DataView, 16)
})

it('returns what the function returns from scope', () => {
  expectTypeOf(arena.scope(() => 'done')).toEqualTypeOf<string>()
})

it('tells a mark from a plain number', () => {
  // @ts-expect-error: a number that no mark() gave
  arena.rewind(7)
})
