import * as d from 'typegpu/data'
import { describe, expect, it } from 'vitest'
import {
  align,
  array,
  asType,
  atomic,
  f32,
  i32,
  InvalidIdentifier,
  size,
  struct,
  u32,
  vec2f,
  vec3f,
  vec4f,
} from '@memkit/core'
import type { Struct } from '@memkit/core'

describe('wgsl', () => {
  it('declares a struct, one field a line', () => {
    expect(struct({ pos: vec3f, hits: atomic(u32), list: array(vec2f) }).wgsl('Particle')).toBe(
      ['struct Particle {', '  pos: vec3f,', '  hits: atomic<u32>,', '  list: array<vec2f>,', '}'].join('\n'),
    )
  })

  it('writes align and size where they were requested and make a difference', () => {
    const type = struct({ a: align(16, f32), b: size(8, u32), c: align(32, size(64, i32)), d: align(4, f32) })
    expect(type.wgsl('S')).toBe(
      [
        'struct S {',
        '  @align(16) a: f32,',
        '  @size(8) b: u32,',
        '  @align(32) @size(64) c: i32,',
        '  d: f32,',
        '}',
      ].join('\n'),
    )
  })

  it('declares nested structs first, named after where they are used, each once', () => {
    const leaf = struct({ v: f32 })
    const middle = struct({ leaf })
    const type = struct({ middle_part: middle, again: array(array(middle, 2), 3), leaf })
    expect(type.wgsl('Top')).toBe(
      [
        'struct TopMiddlePartLeaf {\n  v: f32,\n}',
        'struct TopMiddlePart {\n  leaf: TopMiddlePartLeaf,\n}',
        'struct Top {\n  middle_part: TopMiddlePart,\n  again: array<array<TopMiddlePart, 2>, 3>,\n  leaf: TopMiddlePartLeaf,\n}',
      ].join('\n\n'),
    )
  })

  it('uses the names that structs were given', () => {
    const light = struct({ color: vec3f }, 'Light')
    expect(struct({ lights: array(light, 4) }, 'Scene').wgsl()).toBe(
      'struct Light {\n  color: vec3f,\n}\n\nstruct Scene {\n  lights: array<Light, 4>,\n}',
    )
    expect(light.wgsl('Lamp')).toBe('struct Lamp {\n  color: vec3f,\n}')
  })

  it('declares equal structs of one name once, and numbers different ones', () => {
    const scene = struct({
      a: struct({ v: f32 }, 'Part'),
      b: struct({ v: f32 }, 'Part'),
      c: struct({ v: u32 }, 'Part'),
      d: struct({ v: i32 }, 'Scene'),
    })
    expect(scene.wgsl('Scene')).toBe(
      [
        'struct Part {\n  v: f32,\n}',
        'struct Part2 {\n  v: u32,\n}',
        'struct Scene2 {\n  v: i32,\n}',
        'struct Scene {\n  a: Part,\n  b: Part,\n  c: Part2,\n  d: Scene2,\n}',
      ].join('\n\n'),
    )
  })

  it('keeps the names of TypeGPU structs', () => {
    const Boid = d.struct({ pos: d.vec3f, vel: d.align(16, d.vec3f) }).$name('Boid')
    const type = asType(d.struct({ boids: d.arrayOf(Boid, 2), rest: d.arrayOf(d.vec4f, 0) })) as Struct
    expect(type.wgsl('Flock')).toBe(
      'struct Boid {\n  pos: vec3f,\n  vel: vec3f,\n}\n\nstruct Flock {\n  boids: array<Boid, 2>,\n  rest: array<vec4f>,\n}',
    )
    expect(type.members.rest.type).toMatchObject({ kind: 'array', element: vec4f, count: undefined })
  })

  it('refuses an invalid name and a missing name', () => {
    const type = struct({ a: f32 })
    for (const name of ['', 'not a name', 'vec3f', 'struct', '__x', 'a{}\nstruct B']) {
      expect(() => type.wgsl(name)).toThrow(InvalidIdentifier)
    }
    expect(() => type.wgsl()).toThrow(InvalidIdentifier)
  })
})
