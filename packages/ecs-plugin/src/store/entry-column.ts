import type { ColumnReader } from '@memkit/core'

/**
 * A plain array whose entries, one per entity, are objects or small arrays: `column[entity].x`,
 * `column[entity][k]`.
 */
export class EntryColumn implements ColumnReader {
  entries: readonly unknown[] = []
  readonly field: string | undefined
  /** Way from an entry to the object that has `#last`. */
  readonly #keys: readonly string[]
  /** Name of the number, or of the small array; '' when the entry is that array. */
  readonly #last: string
  readonly #read: PropertyReader
  /** Where an entry was seen. */
  #seen = 0

  /** @param keys way from an entry to its number, or to their array; empty when it is that array */
  constructor(keys: readonly string[]) {
    this.#keys = keys.slice(0, -1)
    this.#last = keys.at(-1) ?? ''
    this.field = keys.length === 1 ? this.#last : undefined
    this.#read = propertyReader(this.#last)
  }

  get objects(): readonly unknown[] {
    return this.entries
  }

  get length(): number {
    return this.entries.length
  }

  read(entity: number, out: Float64Array): number {
    let holder = this.entries[entity]
    const keys = this.#keys
    for (let i = 0; i < keys.length && isObject(holder); i++) holder = holder[keys[i]]
    if (!isObject(holder)) return noNumbers(out)
    if (this.#last === '') return readList(holder as unknown as ArrayLike<unknown>, out)
    if (out.length === 1 && this.#read(holder, this.#last, out)) return 0
    const value = holder[this.#last]
    return isObject(value) ? readList(value as unknown as ArrayLike<unknown>, out) : noNumbers(out)
  }

  /**
   * Whether an array holds entries, or is a column of numbers itself. What its first element is, all are
   * taken to be; an empty one is a column of numbers.
   */
  suits(column: readonly unknown[]): boolean {
    if (this.#last !== '') return true
    let entry = column[this.#seen]
    for (let i = 0; (entry === undefined || entry === null) && i < column.length; i++) {
      entry = column[i]
      this.#seen = i
    }
    return typeof entry === 'object' && entry !== null
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function noNumbers(out: Float64Array): number {
  out.fill(0)
  return out.length
}

function readList(list: ArrayLike<unknown>, out: Float64Array): number {
  // A loop of its own: one that sees many kinds of array boxes each number.
  if (list instanceof Float32Array && list.length >= out.length) {
    for (let k = 0; k < out.length; k++) out[k] = list[k]
    return 0
  }
  let holes = 0
  for (let k = 0; k < out.length; k++) {
    const value = list[k]
    if (typeof value === 'number') out[k] = value
    else {
      out[k] = 0
      holes++
    }
  }
  return holes
}

/** Puts a number that an object has under a name at `out[0]`. @returns false when there is none */
type PropertyReader = (object: Readonly<Record<string, unknown>>, name: string, out: Float64Array) => boolean

// The same function sixteen times: an engine that sees `object[name]` with one name reads a field where
// it lies; with several it looks each up, and boxes each float. So each name gets a place of its own.
const readers: readonly PropertyReader[] = [
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
  (object, name, out) => put(object[name], out),
]

function put(value: unknown, out: Float64Array): boolean {
  if (typeof value !== 'number') return false
  out[0] = value
  return true
}

const placeOf = new Map<string, number>()

/** The reader of a name, always the same one. */
function propertyReader(name: string): PropertyReader {
  let place = placeOf.get(name)
  if (place === undefined) placeOf.set(name, (place = placeOf.size % readers.length))
  return readers[place]
}
