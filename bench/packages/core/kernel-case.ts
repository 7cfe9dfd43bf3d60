import { ColumnPacker, createHeap, DirtyRows } from '@memkit/core'
import type { ColumnSource, Heap, PackTarget } from '@memkit/core'
import type { Candidate } from './in-turn.ts'

export type Place = 'heap' | 'Float32Array' | 'number[]'

/** Scalar f32 columns that are packed into rows, some of which change before each call. */
export class KernelCase {
  readonly rows: number
  readonly changed: number
  readonly sources: ColumnSource[]
  readonly #heap: Heap
  readonly #packer: ColumnPacker
  readonly #target: PackTarget
  readonly #picked: Uint32Array

  /** @param share of the rows that change, at random places */
  constructor(rows: number, columns: number, place: Place, share: number, kernels: 'auto' | 'js') {
    const stride = columns * 4
    const layouts = Array.from({ length: columns }, (_, i) => ({
      type: 'f32' as const,
      arity: 1,
      offsets: [i * 4],
    }))
    this.rows = rows
    this.#heap = createHeap({ bytes: rows * columns * 4 * 2 + rows + (8 << 20), kernels })
    const heap = this.#heap
    this.sources = layouts.map(() => {
      if (place === 'number[]') return Array.from({ length: rows }, (_, i) => i + 0.5)
      const column =
        place === 'heap'
          ? new Float32Array(heap.buffer, heap.alloc(rows * 4, 64).offset, rows)
          : new Float32Array(rows)
      for (let i = 0; i < rows; i++) column[i] = i + 0.5
      return column
    })
    const bits = heap.alloc(DirtyRows.bytesFor(rows))
    this.#target = {
      offset: heap.alloc(rows * stride, 64).offset,
      dirty: new DirtyRows(rows, { buffer: heap.buffer, offset: bits.offset }),
    }
    this.#packer = new ColumnPacker(heap, layouts, stride)
    this.sources.forEach((source, i) => this.#packer.bind(i, source))
    this.#packer.pack(this.#target, 0, rows)
    this.changed = Math.round(rows * share)
    this.#picked = pick(rows, this.changed)
  }

  get kind(): string {
    return this.#heap.kernels.kind
  }

  /** Changes the rows, each in one column. */
  change(): void {
    const { sources } = this
    const picked = this.#picked
    for (let i = 0; i < picked.length; i++) (sources[i % sources.length] as Float32Array)[picked[i]] += 1
    this.#target.dirty.clear()
  }

  diff(): void {
    for (let i = 0; i < this.sources.length; i++) this.#packer.bind(i, this.sources[i])
    const changed = this.#packer.diff(this.#target, 0, this.rows)
    if (changed !== this.changed) throw new Error(`${changed} rows differed, ${this.changed} were changed`)
  }

  candidate(name: string): Candidate {
    return { name, prepare: () => this.change(), run: () => this.diff() }
  }
}

/** `count` different numbers below `rows`, in no order. */
export function pick(rows: number, count: number): Uint32Array {
  const all = Uint32Array.from({ length: rows }, (_, i) => i)
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(Math.random() * (rows - i))
    const row = all[i]
    all[i] = all[j]
    all[j] = row
  }
  return all.slice(0, count)
}

/** `TypedArray.set` of as many bytes as the columns have: the floor for touching them once. */
export function copyOf(rows: number, columns: number): Candidate {
  const from = new Float32Array(rows * columns).fill(1)
  const to = new Float32Array(rows * columns).fill(2)
  return { name: 'set', run: () => to.set(from) }
}
