/** A column as a program writes it and the model reads it: places in a row, `arity` of them for each entity. */
export interface Column {
  /** Entities that it has room for; Infinity where it makes room by itself. */
  readonly slots: number
  /** The 32 bits of each place, where it holds floats: a JavaScript number cannot carry every NaN. */
  readonly bits: Uint32Array | undefined
  /** Any 32 bits can be kept in it. */
  readonly holdsWords: boolean
  /** Undefined: there is no number. */
  get(at: number): number | undefined
  /** Undefined: makes a hole, where there can be one. */
  set(at: number, value: number | undefined): void
}

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray

export class TypedColumn implements Column {
  readonly array: TypedArray
  readonly bits: Uint32Array | undefined
  readonly holdsWords: boolean
  readonly slots: number

  constructor(array: TypedArray, arity: number) {
    this.array = array
    this.holdsWords = array instanceof Uint32Array || array instanceof Int32Array
    this.slots = Math.floor(array.length / arity)
    this.bits =
      array instanceof Float32Array
        ? new Uint32Array(array.buffer, array.byteOffset, array.length)
        : undefined
  }

  get(at: number): number | undefined {
    return this.array[at]
  }

  set(at: number, value: number | undefined): void {
    this.array[at] = value ?? 0
  }
}

export class PlainColumn implements Column {
  readonly array: (number | undefined)[]
  readonly bits: undefined
  readonly holdsWords = false
  readonly slots: number = Infinity

  constructor(array: (number | undefined)[]) {
    this.array = array
  }

  get(at: number): number | undefined {
    return this.array[at]
  }

  set(at: number, value: number | undefined): void {
    if (value === undefined) Reflect.deleteProperty(this.array, at)
    else this.array[at] = value
  }
}

/** Numbers in an object or a small array for each entity: `list[entity].pos.x`, `list[entity][k]`. */
export class EntryColumn implements Column {
  readonly list: object[]
  readonly bits: undefined
  readonly holdsWords = false
  readonly slots: number = Infinity
  readonly #ways: readonly (readonly string[])[]
  readonly #make: () => object

  /** @param ways from an entity's entry to each of its numbers @param make an entry without numbers */
  constructor(list: object[], ways: readonly (readonly string[])[], make: () => object) {
    this.list = list
    this.#ways = ways
    this.#make = make
  }

  get(at: number): number | undefined {
    const entity = Math.floor(at / this.#ways.length)
    let value: unknown = this.list[entity]
    for (const key of this.#ways[at % this.#ways.length])
      value = (value as Record<string, unknown> | undefined)?.[key]
    return value as number | undefined
  }

  set(at: number, value: number | undefined): void {
    const entity = Math.floor(at / this.#ways.length)
    let inner = (this.list[entity] ??= this.#make()) as Record<string, unknown>
    const way = this.#ways[at % this.#ways.length]
    for (const key of way.slice(0, -1)) inner = inner[key] as Record<string, unknown>
    inner[way.at(-1)!] = value
  }
}
