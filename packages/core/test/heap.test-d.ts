import { expectTypeOf, it } from 'vitest'
import { f32, mat4x4f, struct, u32, vec3f, type Heap } from '../src/index.ts'

declare const heap: Heap

it('types columns by name', () => {
  const store = heap.columns({ x: f32, id: u32, velocity: vec3f }, 100)
  expectTypeOf(store.x).toEqualTypeOf<Float32Array<ArrayBuffer>>()
  expectTypeOf(store.id).toEqualTypeOf<Uint32Array<ArrayBuffer>>()
  expectTypeOf(store.velocity).toEqualTypeOf<Float32Array<ArrayBuffer>>()
  // @ts-expect-error: there is no such column
  void store.y
})

it('types rows by field', () => {
  const store = heap.rows(struct({ matrix: mat4x4f, mass: f32 }), 100)
  expectTypeOf(store.matrix(1)).toEqualTypeOf<Float32Array<ArrayBuffer>>()
  expectTypeOf(store.mass(1)).toEqualTypeOf<number>()
  expectTypeOf(store.stride).toEqualTypeOf<number>()
  // @ts-expect-error: there is no such field
  void store.normal
})
