import { describe, expect, it } from 'vitest'
import {
  align,
  array,
  atomic,
  checkLayout,
  f32,
  InvalidLayout,
  layoutProblems,
  mat3x3f,
  size,
  struct,
  u32,
  vec2f,
  vec3f,
  vec4f,
} from '@memkit/core'
import type { WgslType } from '@memkit/core'

/** Paths of what is wrong with a type in the uniform address space. */
const wrong = (type: WgslType): string[] => layoutProblems(type, 'uniform').map((problem) => problem.path)

describe('the storage address space', () => {
  it('accepts every type that can be built', () => {
    const type = struct({ n: atomic(u32), list: array(f32, 3), inner: struct({ a: f32 }), tail: array(f32) })
    expect(layoutProblems(type, 'storage')).toEqual([])
    expect(() => checkLayout(type, 'storage')).not.toThrow()
  })
})

describe('the uniform address space', () => {
  it('accepts scalars, vectors, matrices, and structures of 16-byte pieces', () => {
    for (const type of [
      f32,
      vec3f,
      mat3x3f,
      array(vec4f, 4),
      array(vec3f, 4),
      struct({ a: f32, b: vec2f, m: mat3x3f }),
    ]) {
      expect(wrong(type)).toEqual([])
    }
    expect(wrong(struct({ inner: struct({ a: vec3f }), list: array(vec4f, 2), tail: f32 }))).toEqual([])
  })

  it('requires array strides that are multiples of 16', () => {
    expect(wrong(array(f32, 4))).toEqual([''])
    expect(wrong(struct({ pad: vec4f, weights: array(f32, 4), pairs: array(vec2f, 2) }))).toEqual([
      'weights',
      'pairs',
    ])
    expect(wrong(struct({ list: array(struct({ a: f32 }), 4) }))).toEqual(['list'])
    expect(wrong(struct({ list: array(struct({ a: align(16, f32) }), 4) }))).toEqual([])
    expect(wrong(struct({ grid: array(array(f32, 4), 4) }))).toEqual(['grid[]'])
    expect(wrong(array(array(f32, 3), 4))).toEqual(['', '[]'])
  })

  it('requires nested structs and arrays to start at multiples of 16', () => {
    const small = struct({ a: f32 })
    // inner would start at byte 4
    expect(wrong(struct({ head: f32, inner: small }))).toEqual(['inner'])
    expect(wrong(struct({ head: f32, inner: align(16, small) }))).toEqual([])
    // at byte 0 by chance, but it asks for less than 16
    expect(wrong(struct({ inner: align(8, small) }))).toEqual(['inner'])
    // the array starts at 4, and its stride is 4
    expect(wrong(struct({ head: f32, list: array(f32, 2) }))).toEqual(['list', 'list'])
  })

  it('requires the field after a nested struct to be a multiple of 16 away', () => {
    const small = struct({ a: f32 })
    // next would start 4 bytes after inner
    expect(wrong(struct({ inner: small, next: f32 }))).toEqual(['next'])
    expect(wrong(struct({ inner: small, next: align(16, f32) }))).toEqual([])
    expect(wrong(struct({ inner: size(16, small), next: f32 }))).toEqual([])
    // Far enough away, but at 24.
    expect(wrong(struct({ inner: size(24, small), next: f32 }))).toEqual(['next'])
    expect(wrong(struct({ deep: struct({ inner: small, next: vec2f }) }))).toEqual(['deep.next'])
  })

  it('refuses atomics and runtime-sized arrays', () => {
    expect(wrong(struct({ n: atomic(u32), list: array(vec4f) }))).toEqual(['n', 'list'])
  })

  it('reports every problem in one error, with what to do', () => {
    const type = struct({ n: atomic(u32), weights: array(f32, 4) }, 'Params')
    try {
      checkLayout(type, 'uniform')
      expect.fail('nothing was refused')
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidLayout)
      const { message, problems, type: name, space } = error as InvalidLayout
      expect([name, space]).toEqual(['Params', 'uniform'])
      // The array starts at byte 4 and has a stride of 4.
      expect(problems.map((p) => p.path)).toEqual(['n', 'weights', 'weights'])
      for (const { path, reason } of problems) expect(message).toContain(`${path}: ${reason}`)
      expect(message).toContain('align(16, ')
    }
  })
})
