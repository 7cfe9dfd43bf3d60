import { describe, expect, it } from 'vitest'
import { ColumnPacker, DirtyRows, type ColumnLayout } from '@memkit/core'
import { BumpMemory } from './bump-memory.ts'

const rows = 5000
/** A scalar each of five columns, a vec3f in one column, an f16, and padding: 40 bytes. */
const layouts: ColumnLayout[] = [
  ...[0, 4, 8, 12, 16].map((offset): ColumnLayout => ({ type: 'f32', arity: 1, offsets: [offset] })),
  { type: 'f32', arity: 3, offsets: [20, 24, 28] },
  { type: 'f16', arity: 1, offsets: [32] },
]

/** The mirror and the dirty words after some changes; columns in the memory and outside by turns. */
function packed(kind: 'auto' | 'js'): {
  bytes: Uint8Array
  words: Uint32Array
  changed: number
  kind: string
} {
  const memory = new BumpMemory(1 << 20, kind)
  const bits = memory.alloc(DirtyRows.bytesFor(rows))
  const dirty = new DirtyRows(rows, { buffer: memory.buffer, offset: bits.offset })
  const target = { offset: memory.alloc(rows * 40).offset, dirty }
  const packer = new ColumnPacker(memory, layouts, 40)
  const sources = layouts.map(({ arity }, i) => {
    const length = rows * arity
    return i % 2 === 0
      ? new Float32Array(memory.buffer, memory.alloc(length * 4).offset, length)
      : new Float32Array(length)
  })
  sources.forEach((source, i) => packer.bind(i, source))
  packer.pack(target, 0, rows)
  dirty.clear()
  sources.forEach((source, i) => {
    for (let at = i; at < source.length; at += 97 * (i + 1)) source[at] = at % 5 === 0 ? Number.NaN : -at / 3
  })
  const changed = packer.diff(target, 0, rows)
  const bytes = new Uint8Array(memory.buffer, target.offset, rows * 40)
  return { bytes, words: dirty.words, changed, kind: memory.kernels.kind }
}

describe('kernels in the browser', () => {
  it('are WebAssembly SIMD, compiled at once on the page’s thread, and agree with JavaScript', () => {
    const wasm = packed('auto')
    const js = packed('js')
    expect([wasm.kind, js.kind]).toEqual(['wasm-simd', 'js'])
    expect(wasm.changed).toBe(js.changed)
    expect(wasm.changed).toBeGreaterThan(100)
    expect(wasm.words).toEqual(js.words)
    expect(wasm.bytes).toEqual(js.bytes)
  })
})
