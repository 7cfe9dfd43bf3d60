import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ColumnPacker, ColumnUnusable, DirtyRows, PackerDisposed, WrongMemory } from '@memkit/core'
import type { ColumnLayout } from '@memkit/core'
import { BumpMemory } from './bump-memory.ts'

const ROWS = 2100

type Kind = 'f32' | 'i32' | 'u32' | 'f16' | 'f64' | 'u8'
const kinds: readonly Kind[] = ['f32', 'i32', 'u32', 'f16', 'f64', 'u8']

interface Shape {
  readonly kind: Kind
  readonly arity: number
  /** Bytes left free in front. */
  readonly gap: number
  /** In the memory of the kernels. */
  readonly isInside: boolean
  /** Indices that it has. */
  readonly entities: number
  /** Its scalars lie apart. */
  readonly isSpread: boolean
}

const shapes = fc.array(
  fc.record({
    kind: fc.constantFrom(...kinds),
    arity: fc.constantFrom(1, 1, 1, 2, 3, 4),
    gap: fc.constantFrom(0, 0, 0, 4, 8),
    isInside: fc.boolean(),
    entities: fc.constantFrom(ROWS, ROWS, ROWS, 1999, 7, 0),
    isSpread: fc.boolean(),
  }),
  { minLength: 1, maxLength: 9 },
)

/** Columns of the shapes, bound to a packer, and their rows as `pack` writes them. */
function packed(shapesOf: readonly Shape[], kernels: 'auto' | 'js') {
  const memory = new BumpMemory(2 << 20, kernels)
  let at = 0
  const layouts = shapesOf.map(({ arity, gap, isSpread, kind }): ColumnLayout => {
    at += gap
    const offsets = Array.from({ length: arity }, (_, k) => at + k * (isSpread ? 8 : 4))
    at = offsets.at(-1)! + 4
    const type = kind === 'f64' ? 'f32' : kind === 'u8' ? 'u32' : kind
    return { type, arity, offsets }
  })
  const stride = at
  const packer = new ColumnPacker(memory, layouts, stride)
  shapesOf.forEach(({ arity, entities, isInside, kind }, i) => {
    const length = entities * arity
    const Kind = { f32: Float32Array, f16: Float32Array, f64: Float64Array, i32: Int32Array }[kind as 'f32']
    const Typed = Kind ?? (kind === 'u8' ? Uint8Array : Uint32Array)
    const inside = isInside && Typed.BYTES_PER_ELEMENT === 4
    const buffer = inside ? memory.buffer : new ArrayBuffer(length * Typed.BYTES_PER_ELEMENT)
    const column = new Typed(buffer, inside ? memory.alloc(length * 4).offset : 0, length)
    for (let k = 0; k < length; k++) column[k] = k * 7 + i + 0.5
    packer.bind(i, column)
  })
  const dirty = new DirtyRows(ROWS, {
    buffer: memory.buffer,
    offset: memory.alloc(DirtyRows.bytesFor(ROWS)).offset,
  })
  const target = { offset: memory.alloc(ROWS * stride).offset, dirty }
  packer.pack(target, 0, ROWS)
  dirty.clear()
  return { memory, packer, stride, dirty, rows: new Uint8Array(memory.buffer, target.offset, ROWS * stride) }
}

describe.each(['auto', 'js'] as const)('Rows side by side on %s kernels', (kernels) => {
  it('are those that pack writes, gathered by number or in one piece, over whatever lay there', () => {
    const runs = fc.array(
      fc.tuple(fc.integer({ min: 0, max: ROWS - 1 }), fc.integer({ min: 1, max: 1500 })),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    fc.assert(
      fc.property(shapes, runs, (shapesOf, ranges) => {
        const { memory, packer, stride, dirty, rows } = packed(shapesOf, kernels)
        for (const [first, count] of ranges) dirty.setRange(first, Math.min(count, ROWS - first))
        const numbers: number[] = []
        dirty.forEachRun(0, (first, count) => {
          for (let row = first; row < first + count; row++) numbers.push(row)
        })
        const payload = new Uint8Array(memory.buffer, memory.alloc(numbers.length * stride + 64).offset).fill(
          0xaa,
          0,
          numbers.length * stride + 64,
        )
        const list = new Uint32Array(memory.buffer, memory.alloc(numbers.length * 4).offset, numbers.length)
        packer.gather(dirty, numbers.length, payload.byteOffset, list.byteOffset)
        expect([...list]).toEqual(numbers)
        numbers.forEach((row, i) => {
          const found = payload.subarray(i * stride, (i + 1) * stride)
          const wanted = rows.subarray(row * stride, (row + 1) * stride)
          expect(found.join(), `row ${row}`).toBe(wanted.join())
        })
        const behind = payload.subarray(numbers.length * stride, numbers.length * stride + 64)
        expect(behind.every((byte) => byte === 0xaa)).toBe(true)

        dirty.nextRun(0, 0)
        const { runFirst, runCount } = dirty
        payload.fill(0xbb, 0, runCount * stride + 64)
        packer.packBeside(payload.byteOffset, runFirst, runCount, dirty)
        const wanted = rows.subarray(runFirst * stride, (runFirst + runCount) * stride)
        expect(Buffer.compare(payload.subarray(0, wanted.byteLength), wanted)).toBe(0)
        const after = payload.subarray(wanted.byteLength, wanted.byteLength + 64)
        expect(after.every((byte) => byte === 0xbb)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  it('are refused where there is no room, where nothing is bound, and after dispose', () => {
    const memory = new BumpMemory(1 << 16, kernels)
    const packer = new ColumnPacker(memory, [{ type: 'f32', arity: 1, offsets: [0] }], 4)
    const dirty = new DirtyRows(100)
    dirty.setRange(0, 100)
    expect(() => packer.gather(dirty, 100, 0, 400)).toThrow(ColumnUnusable)
    packer.bind(0, new Float32Array(100))
    for (const [payload, numbers] of [
      [(1 << 16) - 396, 0],
      [0, (1 << 16) - 396],
      [2, 400],
      [-4, 400],
    ])
      expect(() => packer.gather(dirty, 100, payload, numbers)).toThrow(WrongMemory)
    packer.dispose()
    expect(() => packer.gather(dirty, 100, 0, 400)).toThrow(PackerDisposed)
  })
})
