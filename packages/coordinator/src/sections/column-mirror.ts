import { DirtyRows, isDetached, type Schema } from '@memkit/core'
import type { MkDeviceBuffer } from '@memkit/gpu'
import type { Mirror } from '../mirror/mirror.ts'
import type { MirrorOptions } from '../mirror/mirror-options.ts'

/** One column of a component: its elements as the device keeps them. */
export interface ColumnFormat {
  readonly name: string
  readonly elementBytes: 1 | 2 | 4
  readonly arity: number
}

export interface ColumnMirrorOptions {
  /** Rows to make room for, rounded up to a pitch. */
  rows: number
  columns: readonly ColumnFormat[]
  /** How changed rows are found. */
  changes: 'all' | 'marked' | 'detect'
  usage?: number | undefined
  label?: string | undefined
  schema?: Schema | undefined
}

/** Where a column lies in the device buffer, in bytes. */
export interface Section extends ColumnFormat {
  readonly offset: number
  readonly size: number
}

/** Elements that a column may be bound to. */
export type ColumnArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array

/** Columns of typed arrays whose changes are on the device after every frame, a section for each. */
export class ColumnMirror {
  readonly label: string
  readonly schema: Schema | undefined
  readonly columns: readonly ColumnFormat[]
  readonly usage: number
  readonly bytesPerRow: number
  capacity: number
  sections: readonly Section[]
  marked: DirtyRows | undefined
  used = 0
  readonly #changes: ColumnMirrorOptions['changes']
  readonly #words: Mirror
  readonly #arrays: (ColumnArray | undefined)[]
  #all = false

  /** @internal */
  constructor(make: (options: MirrorOptions) => Mirror, options: ColumnMirrorOptions) {
    const { changes, columns, label, schema, usage } = options
    this.columns = columns
    this.#changes = changes
    this.bytesPerRow = columns.reduce((sum, column) => sum + bytesOf(column), 0)
    this.capacity = pitchOf(options.rows)
    this.#words = make({ rows: (this.capacity * this.bytesPerRow) / 4, stride: 4, label, usage })
    this.label = this.#words.label
    this.schema = schema
    this.usage = this.#words.usage
    this.#arrays = columns.map(() => undefined)
    this.sections = this.#layout()
    this.#words.used = 0
    if (changes === 'marked') this.marked = new DirtyRows(this.capacity)
  }

  get generation(): number {
    return this.#words.generation
  }
  get buffer(): MkDeviceBuffer {
    return this.#words.buffer
  }
  get destroyed(): boolean {
    return this.#words.destroyed
  }

  bind(column: number, array: ColumnArray): void {
    this.#arrays[column] = array
  }

  markAll(): void {
    this.#all = true
  }

  detect(): void {
    this.#eachColumn((bytes, _rowBytes, byteOffset) => {
      const memory = this.#words.view(Uint8Array)
      for (let i = 0; i < bytes.length; i++) {
        if (memory[byteOffset + i] === bytes[i] && !this.#all) continue
        memory[byteOffset + i] = bytes[i]
        this.#words.dirty.set((byteOffset + i) >>> 2)
      }
    })
    this.#all = false
  }

  grow(rows: number): void {
    if (rows <= this.capacity) return
    const capacity = pitchOf(Math.max(rows, this.capacity * 2))
    this.#words.grow((capacity * this.bytesPerRow) / 4)
    this.capacity = capacity
    this.sections = this.#layout()
    if (this.marked) this.marked = new DirtyRows(capacity)
    this.#words.view(Uint8Array).fill(0)
    this.#words.markRange(0, this.#words.capacity)
    this.#all = true
  }

  destroy(): void {
    this.#words.destroy()
  }

  /** Takes what changed, before the frame's plans are made. @internal */
  collect(): void {
    if (this.destroyed || this.#changes === 'detect') return
    const all = this.#all
    if (!all && (this.marked === undefined || this.marked.isEmpty)) return
    this.#eachColumn((bytes, rowBytes, byteOffset) => {
      const memory = this.#words.view(Uint8Array)
      const put = (from: number, end: number): void => {
        if (end <= from) return
        memory.set(bytes.subarray(from, end), byteOffset + from)
        const first = (byteOffset + from) >>> 2
        this.#words.markRange(first, ((byteOffset + end + 3) >>> 2) - first)
      }
      if (all) put(0, bytes.length)
      else
        this.marked!.forEachRun(0, (first, count) =>
          put(first * rowBytes, Math.min((first + count) * rowBytes, bytes.length)),
        )
    })
    this.marked?.clear()
    this.#all = false
  }

  #eachColumn(visit: (bytes: Uint8Array, rowBytes: number, byteOffset: number) => void): void {
    this.columns.forEach((column, i) => {
      const array = this.#arrays[i]
      if (array === undefined || isDetached(array)) return
      const rowBytes = bytesOf(column)
      const length = Math.min(array.byteLength, this.used * rowBytes)
      visit(new Uint8Array(array.buffer, array.byteOffset, length), rowBytes, this.sections[i].offset)
    })
    this.#words.used = this.#words.capacity
  }

  #layout(): Section[] {
    const offsets: number[] = []
    let offset = 0
    for (const width of [4, 2, 1])
      this.columns.forEach((column, i) => {
        if (column.elementBytes !== width) return
        offsets[i] = offset
        offset += bytesOf(column) * this.capacity
      })
    return this.columns.map((column, i) => {
      return { ...column, offset: offsets[i], size: bytesOf(column) * this.capacity }
    })
  }
}

function bytesOf({ arity, elementBytes }: ColumnFormat): number {
  return arity * elementBytes
}

/** Rows of a capacity: no two columns of so many start at the same place of a cache. */
function pitchOf(rows: number): number {
  if (rows < 960) return Math.ceil(Math.max(1, rows) / 64) * 64
  return Math.ceil((rows - 64) / 1024) * 1024 + 64
}
