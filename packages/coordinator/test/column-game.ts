import { DirtyRows } from '@memkit/core'
import { createColumnMirror } from '@memkit/coordinator'
import type { ColumnArray, ColumnFormat, ColumnMirror, MkCoordinator } from '@memkit/coordinator'

/** Columns of every width; rows of some end within a word. */
const columns: readonly ColumnFormat[] = [
  { name: 'team', elementBytes: 1, arity: 1 },
  { name: 'x', elementBytes: 4, arity: 1 },
  { name: 'facing', elementBytes: 2, arity: 3 },
  { name: 'colour', elementBytes: 1, arity: 3 },
  { name: 'place', elementBytes: 4, arity: 3 },
  { name: 'flags', elementBytes: 2, arity: 1 },
]

type MakeBuffer = (bytes: number) => ArrayBufferLike
const memories: Readonly<Record<string, MakeBuffer>> = {
  plain: (bytes) => new ArrayBuffer(bytes),
  shared: (bytes) => new SharedArrayBuffer(bytes),
  resizable: (bytes) =>
    new (ArrayBuffer as new (bytes: number, options: object) => ArrayBuffer)(bytes, {
      maxByteLength: bytes * 2,
    }),
}

/** An array for a column, in memory of some kind, at some byte that its kind allows. */
function arrayFor({ elementBytes, arity }: ColumnFormat, rows: number, random: (below: number) => number) {
  const kinds = Object.values(memories).filter((_, i) => i !== 1 || typeof SharedArrayBuffer === 'function')
  const make = kinds[random(kinds.length)]
  const at = random(3) * elementBytes
  const type = [Uint8Array, Int16Array, Int16Array, Float32Array][elementBytes - 1]
  return new type(make(at + rows * arity * elementBytes) as ArrayBuffer, at, rows * arity)
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ColumnArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Where the device has another byte than a column, in the rows that are in use; undefined nowhere. */
export async function difference(co: MkCoordinator, mirror: ColumnMirror, arrays: readonly ColumnArray[]) {
  const held = new Uint8Array(await co.download(mirror.buffer))
  for (const [i, { name, offset, size, elementBytes, arity }] of mirror.sections.entries()) {
    const wanted = bytesOf(arrays[i])
    const end = Math.min(mirror.used * elementBytes * arity, wanted.length, size)
    for (let k = 0; k < end; k++)
      if (held[offset + k] !== wanted[k]) return { name, byte: k, held: held[offset + k], wanted: wanted[k] }
  }
  return undefined
}

/** A mirror of columns, and the game that writes them. */
export class Game {
  readonly mirror: ColumnMirror
  readonly arrays: ColumnArray[]
  readonly #marks = new DirtyRows(1 << 15)
  readonly #random: (below: number) => number
  #rows: number

  constructor(co: MkCoordinator, changes: 'all' | 'marked' | 'detect', random: (below: number) => number) {
    this.#random = random
    this.#rows = 1 + random(200)
    this.mirror = createColumnMirror(co, { rows: this.#rows, columns, changes })
    this.arrays = columns.map((column) => arrayFor(column, this.#rows, random))
    this.mirror.used = this.#rows
  }

  step(): void {
    const random = this.#random
    const what = random(12)
    if (what < 5) for (let i = 0; i < 1 + random(4); i++) this.#write(random(this.#rows))
    else if (what < 7) for (let row = random(this.#rows); row < this.#rows; row++) this.#write(row)
    else if (what === 7) this.#replace(random(columns.length), this.#rows)
    else if (what === 8) this.growTo(this.#rows + 1 + random(900))
  }

  /** Writes every row. */
  moveAll(): void {
    for (let row = 0; row < this.#rows; row++) this.#write(row)
  }

  /** Uses fewer rows, or more of those that there are. */
  shrinkTo(rows: number): void {
    this.mirror.used = Math.min(rows, this.#rows)
  }

  stage(): void {
    const { mirror } = this
    for (const [i, array] of this.arrays.entries()) mirror.bind(i, array)
    if (mirror.changes === 'all') mirror.markAll()
    if (mirror.changes === 'marked') mirror.markRows(this.#marks)
    if (mirror.changes === 'detect') mirror.detect()
    this.#marks.clear()
  }

  growTo(rows: number): void {
    this.#rows = rows
    for (const column of columns.keys()) this.#replace(column, rows)
    if (rows > this.mirror.capacity) this.mirror.grow(rows)
    this.mirror.used = rows
    this.#marks.setRange(0, rows)
  }

  #write(row: number): void {
    for (const [i, { elementBytes, arity }] of columns.entries()) {
      const size = elementBytes * arity
      const bytes = bytesOf(this.arrays[i])
      for (let k = row * size; k < (row + 1) * size; k++) bytes[k] = this.#random(256)
    }
    this.#marks.set(row)
  }

  #replace(column: number, rows: number): void {
    const before = bytesOf(this.arrays[column])
    this.arrays[column] = arrayFor(columns[column], rows, this.#random)
    bytesOf(this.arrays[column]).set(before)
  }
}
