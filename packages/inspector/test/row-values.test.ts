import {
  array,
  atomic,
  f16,
  f32,
  i32,
  mat3x3f,
  mat4x2f,
  size,
  struct,
  u32,
  vec2h,
  vec3f,
} from '@memkit/ecs-plugin'
import { describe, expect, it } from 'vitest'
import { cellDiffers, cellText, cellValue, fieldLines, nextDifference, type Cell } from '../src/row-values.ts'

function viewOf(...floats: number[]): DataView {
  return new DataView(new Float32Array(floats).buffer)
}

const f32At = (offset: number): Cell => ({ offset, type: 'f32' })

describe('fieldLines', () => {
  it('lists the fields of a struct at their offsets, without padding', () => {
    const lines = fieldLines(struct({ heat: f32, at: vec3f, alive: atomic(u32), mix: vec2h, kind: i32 }))
    // A vec3f is aligned to 16 and 12 long; the atomic fits behind it.
    expect(lines).toEqual([
      { path: 'heat', type: 'f32', width: 1, cells: [{ offset: 0, type: 'f32' }] },
      { path: 'at', type: 'vec3f', width: 3, cells: [f32At(16), f32At(20), f32At(24)] },
      { path: 'alive', type: 'atomic<u32>', width: 1, cells: [{ offset: 28, type: 'u32' }] },
      {
        path: 'mix',
        type: 'vec2h',
        width: 2,
        cells: [
          { offset: 32, type: 'f16' },
          { offset: 34, type: 'f16' },
        ],
      },
      { path: 'kind', type: 'i32', width: 1, cells: [{ offset: 36, type: 'i32' }] },
    ])
  })

  it('arranges a matrix by rows, while WGSL stores it by columns', () => {
    // Three columns, each of three numbers and a gap.
    const [square] = fieldLines(mat3x3f)
    expect(square.width).toBe(3)
    expect(square.cells.map(({ offset }) => offset)).toEqual([0, 16, 32, 4, 20, 36, 8, 24, 40])
    const [wide] = fieldLines(mat4x2f)
    expect(wide.width).toBe(4)
    expect(wide.cells.map(({ offset }) => offset)).toEqual([0, 8, 16, 24, 4, 12, 20, 28])
  })

  it('takes structs and arrays apart', () => {
    const lamp = struct({ on: u32, level: f32 })
    const lines = fieldLines(struct({ lamps: array(lamp, 2), rest: size(16, f32), last: f32 }))
    expect(lines.map(({ path, cells }) => [path, cells[0].offset])).toEqual([
      ['lamps.0.on', 0],
      ['lamps.0.level', 4],
      ['lamps.1.on', 8],
      ['lamps.1.level', 12],
      ['rest', 16],
      ['last', 32],
    ])
  })

  it('has no name for a single type', () => {
    expect(fieldLines(u32)).toEqual([
      { path: '', type: 'u32', width: 1, cells: [{ offset: 0, type: 'u32' }] },
    ])
  })

  it('lists the first 32 elements of a long array', () => {
    const lines = fieldLines(array(f32, 100))
    expect(lines.length).toBe(32)
    expect(lines[31].path).toBe('31')
  })
})

describe('values', () => {
  it('are read by their type', () => {
    const view = new DataView(new ArrayBuffer(16))
    view.setFloat32(0, 1.5, true)
    view.setInt32(4, -7, true)
    view.setUint32(8, 4_000_000_000, true)
    view.setUint16(12, 0x3e00, true)
    expect(cellValue(view, { offset: 0, type: 'f32' })).toBe(1.5)
    expect(cellValue(view, { offset: 4, type: 'i32' })).toBe(-7)
    expect(cellValue(view, { offset: 8, type: 'u32' })).toBe(4_000_000_000)
    expect(cellValue(view, { offset: 12, type: f16.type })).toBe(1.5)
  })

  it.each([
    [0, '0'],
    [-0, '−0'],
    [0.1, '0.1'],
    [-2.5, '−2.5'],
    [1 / 3, '0.33333334'],
    [16_777_216, '16777216'],
    [1e-20, '1e−20'],
    [Infinity, 'Infinity'],
    [NaN, 'NaN'],
  ])('%d is written %s', (value, text) => {
    expect(cellText(viewOf(value), f32At(0))).toBe(text)
  })

  it('are written differently when they differ', () => {
    // 0.1 and the next float above it.
    const bits = new Uint32Array(new Float32Array([0.1]).buffer)
    const next = new DataView(new Uint32Array([bits[0] + 1]).buffer)
    expect(cellText(next, f32At(0))).toBe('0.10000001')
  })
})

describe('differences', () => {
  it('compare bits: NaN equals itself, −0 differs from 0', () => {
    expect(cellDiffers(viewOf(NaN), viewOf(NaN), f32At(0))).toBe(false)
    expect(cellDiffers(viewOf(0), viewOf(-0), f32At(0))).toBe(true)
  })

  it('leave the other half of a word alone', () => {
    const a = new DataView(new Uint16Array([1, 2]).buffer)
    const b = new DataView(new Uint16Array([1, 3]).buffer)
    expect(cellDiffers(a, b, { offset: 0, type: 'f16' })).toBe(false)
    expect(cellDiffers(a, b, { offset: 2, type: 'f16' })).toBe(true)
  })

  it('are found from a given row on, without padding', () => {
    const cells = fieldLines(vec3f).flatMap((line) => line.cells)
    const a = new Float32Array(5 * 4)
    const b = new Float32Array(5 * 4)
    b[1 * 4 + 3] = 1 // padding of row 1
    b[2 * 4] = 1
    b[4 * 4 + 2] = 1
    expect(nextDifference(cells, 16, a.buffer, b.buffer)).toBe(2)
    expect(nextDifference(cells, 16, a.buffer, b.buffer, 3)).toBe(4)
    expect(nextDifference(cells, 16, a.buffer, b.buffer, 5)).toBe(-1)
    expect(nextDifference(cells, 16, new ArrayBuffer(0), new ArrayBuffer(0))).toBe(-1)
  })
})
