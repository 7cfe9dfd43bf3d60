import { describe, expect, it } from 'vitest'
import {
  array,
  atomic,
  f16,
  f32,
  i32,
  InvalidSize,
  InvalidValue,
  mat2x2f,
  mat3x3f,
  readValue,
  struct,
  u32,
  vec2f,
  vec2h,
  vec3f,
  writeValue,
} from '@memkit/core'
import type { InferInput, WgslType } from '@memkit/core'

const viewOf = (bytes: number): DataView => new DataView(new ArrayBuffer(bytes))
const floats = (view: DataView): number[] => [...new Float32Array(view.buffer)]

const Light = struct({ color: vec3f, power: f32, on: u32, hits: atomic(i32) })

describe('writeValue and readValue', () => {
  it('write and read a struct at the offsets of its fields', () => {
    const view = viewOf(64)
    writeValue(Light, { color: [1, 2, 3], power: 0.5, on: 7, hits: -1 }, view, 32)
    expect(floats(view).slice(8, 12)).toEqual([1, 2, 3, 0.5])
    expect([view.getUint32(48, true), view.getInt32(52, true)]).toEqual([7, -1])
    expect(readValue(Light, view, 32)).toEqual({ color: [1, 2, 3], power: 0.5, on: 7, hits: -1 })
    expect(floats(view).slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('accept any list of numbers', () => {
    const view = viewOf(16)
    writeValue(vec3f, new Float64Array([1, 2, 3]), view)
    expect(readValue(vec3f, view)).toEqual([1, 2, 3])
  })

  it('accept a matrix with and without the padding between its columns', () => {
    const tight = viewOf(48)
    const padded = viewOf(48)
    writeValue(mat3x3f, [1, 2, 3, 4, 5, 6, 7, 8, 9], tight)
    writeValue(mat3x3f, [1, 2, 3, -1, 4, 5, 6, -1, 7, 8, 9, -1], padded)
    expect(floats(tight)).toEqual([1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0])
    expect(floats(padded)).toEqual(floats(tight))
    expect(readValue(mat3x3f, tight)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('leave omitted fields alone', () => {
    const view = viewOf(32)
    writeValue(Light, { color: [1, 2, 3], power: 4 }, view)
    writeValue(Light, { power: 5, color: undefined }, view)
    expect(readValue(Light, view)).toEqual({ color: [1, 2, 3], power: 5, on: 0, hits: 0 })
    const list = viewOf(12)
    writeValue(array(f32, 3), [1, 2, 3], list)
    writeValue(array(f32, 3), [9], list)
    expect(readValue(array(f32, 3), list)).toEqual([9, 2, 3])
  })

  it('write as many elements of a runtime-sized array as are given, and read as many as fit', () => {
    const type = struct({ count: u32, points: array(vec2f) })
    const view = viewOf(8 + 3 * 8)
    writeValue(type, { count: 2, points: [[1, 2], new Float32Array([3, 4])] }, view)
    expect(readValue(type, view)).toEqual({
      count: 2,
      points: [
        [1, 2],
        [3, 4],
        [0, 0],
      ],
    })
    expect(() => writeValue(array(f32), [1, 2, 3], viewOf(8))).toThrow(InvalidSize)
    writeValue(type, { count: 1 }, view)
    expect(readValue(array(f32), viewOf(8))).toEqual([0, 0])
  })

  it('round 16-bit floats', () => {
    const view = viewOf(8)
    const type = struct({ a: f16, b: vec2h })
    writeValue(type, { a: 0.1, b: [1, 70000] }, view)
    // Nearest 16-bit float to 0.1: 0x2e66 = 1638 × 2⁻¹⁴.
    expect(readValue(type, view)).toEqual({ a: 1638 * 2 ** -14, b: [1, Infinity] })
  })

  it.each<[WgslType, unknown, string]>([
    [f32, '1', ''],
    [vec3f, [1, 2], ''],
    [vec3f, [1, 2, 3, 4], ''],
    [vec3f, 5, ''],
    [vec3f, [1, 'x', 3], '1'],
    [mat2x2f, [1, 2, 3], ''],
    [array(f32, 2), [1, 2, 3], ''],
    [array(f32, 2), 1, ''],
    [array(f32), null, ''],
    [Light, null, ''],
    [Light, { colour: [1, 2, 3] }, 'colour'],
    [Light, { toString: 1 }, 'toString'],
    [struct({ lights: array(Light, 2) }), { lights: [{}, { on: true }] }, 'lights.1.on'],
  ])('refuse for type %o the value %o, and write nothing', (type, value, path) => {
    const view = viewOf(256)
    try {
      writeValue(type, value as InferInput<WgslType>, view)
      expect.fail('nothing was refused')
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidValue)
      expect((error as InvalidValue).path).toBe(path)
    }
    expect(new Uint8Array(view.buffer).every((byte) => byte === 0)).toBe(true)
  })

  it('refuse to reach past the end, and write nothing', () => {
    const view = viewOf(32)
    for (const offset of [4, -4, 1.5, Number.NaN]) {
      expect(() => writeValue(Light, { color: [1, 2, 3] }, view, offset)).toThrow(InvalidSize)
      expect(() => readValue(Light, view, offset)).toThrow(InvalidSize)
    }
    expect(new Uint8Array(view.buffer).every((byte) => byte === 0)).toBe(true)
  })
})
