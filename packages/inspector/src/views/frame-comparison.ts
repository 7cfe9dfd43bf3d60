import { cellValue, fieldLines } from '../row-values.ts'

/** A mirror of a recorded frame, as far as comparing needs it. */
export interface ComparedMirror {
  readonly layout: 'rows' | 'columns'
  readonly stride: number
  readonly schema: Parameters<typeof fieldLines>[0] | undefined
  readonly sections: readonly {
    readonly name: string
    readonly offset: number
    readonly size: number
    readonly elementBytes: number
    readonly arity: number
  }[]
}

/** Where two states of a mirror differ. */
export interface Comparison {
  /** Rows that differ. */
  readonly rows: number
  /** The first of them. */
  readonly first: number | undefined
  /** Fields or columns in which any row differs. */
  readonly fields: readonly string[]
}

/** Compares a mirror's bytes in two frames; rows that only one of them has are compared with zeros. */
export function compareFrames(mirror: ComparedMirror, before: Uint8Array, now: Uint8Array): Comparison {
  return mirror.layout === 'columns' ? compareColumns(mirror, before, now) : compareRows(mirror, before, now)
}

function compareRows({ stride, schema }: ComparedMirror, before: Uint8Array, now: Uint8Array): Comparison {
  const bytes = Math.max(before.length, now.length)
  const [a, b] = [padded(before, bytes), padded(now, bytes)]
  const lines = schema === undefined ? [] : fieldLines(schema)
  const fields = new Set<string>()
  let rows = 0
  let first: number | undefined
  for (let at = 0; at < bytes; at += stride) {
    if (!differs(a, b, at, stride)) continue
    rows++
    first ??= at / stride
    const [viewA, viewB] = [a, b].map((each) => new DataView(each.buffer, each.byteOffset + at, stride))
    for (const { path, type, cells } of lines)
      if (cells.some((cell) => !Object.is(cellValue(viewA, cell), cellValue(viewB, cell))))
        fields.add(path === '' ? type : path)
  }
  return { rows, first, fields: [...fields] }
}

function compareColumns({ sections }: ComparedMirror, before: Uint8Array, now: Uint8Array): Comparison {
  // Sections lie elsewhere in a buffer of another size.
  if (before.length !== now.length)
    return { rows: 0, first: undefined, fields: ['the buffer was replaced by one of another size'] }
  const rows = new Set<number>()
  const fields = new Set<string>()
  for (const { name, offset, size, elementBytes, arity } of sections)
    for (let at = offset; at < offset + size; at += elementBytes * arity)
      if (differs(before, now, at, elementBytes * arity)) {
        rows.add((at - offset) / (elementBytes * arity))
        fields.add(name)
      }
  const first = rows.size === 0 ? undefined : [...rows].reduce((a, b) => Math.min(a, b))
  return { rows: rows.size, first, fields: [...fields] }
}

function differs(a: Uint8Array, b: Uint8Array, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (a[i] !== b[i]) return true
  return false
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}
