import type { GpuQuery, MkSync, SyncedInfo } from '@memkit/ecs-plugin'
import type { AttributeSource } from '../attributes/attribute-source.ts'
import { columnOf, columnSource, type ColumnSource } from '../attributes/column-source.ts'
import { NotAColumn } from '../attributes/errors.ts'
import type { ThreeBuffer } from '../backend/three-buffer.ts'
import type { AttributeArray, Instances, InstanceValues } from './instances.ts'
import { WrittenRanges } from './written-ranges.ts'

/** The attribute that is 1 for instances of the query's entities, and 0 for all others. */
export const ALIVE = 'alive'

/** Entities that there is room for at the start. */
const MIN_CAPACITY = 256

/** Values of an attribute, and the instances that changed. */
class Values implements InstanceValues {
  readonly layout: { readonly name: string; readonly numbers: number }
  array: AttributeArray
  firstChanged = 0
  lastChanged = -1

  constructor(name: string, numbers: number, array: AttributeArray) {
    this.layout = { name, numbers }
    this.array = array
  }

  forget(): void {
    this.firstChanged = 0
    this.lastChanged = -1
  }

  /** Instances `first` … `last` changed, too. */
  change(first: number, last: number): void {
    if (last < first) return
    const isFirst = this.lastChanged < this.firstChanged
    this.firstChanged = isFirst ? first : Math.min(first, this.firstChanged)
    this.lastChanged = Math.max(last, this.lastChanged)
  }
}

/** A column of the ECS as an attribute. What the flush wrote of its component says what changed. */
class ColumnValues extends Values {
  readonly #source: ColumnSource
  readonly #info: SyncedInfo
  readonly #written = new WrittenRanges()

  /** @throws {@link NotAColumn} */
  constructor(mk: MkSync<object>, name: string, source: AttributeSource) {
    const found = columnSource(mk, name, source)
    if (typeof found === 'string') throw new NotAColumn({ attribute: name, reason: found })
    const column = columnOf(found)
    if (column === undefined) throw new NotAColumn({ attribute: name, reason: 'it lies in shared memory' })
    super(name, found.numbers, column)
    this.#source = found
    this.#info = found.info
  }

  /** Entities that the column has room for. */
  get rows(): number {
    return Math.floor(this.array.length / this.layout.numbers)
  }

  /** @returns true when the column was replaced */
  update(): boolean {
    this.forget()
    const { buffer, layout } = this.#info
    const isGrown = this.#written.follow(buffer.buffer.native as ThreeBuffer)
    const { pairs } = this.#written
    if (isGrown) this.change(0, this.rows - 1)
    else
      for (let i = 0; i < pairs.length; i += 2)
        if (layout === 'rows') this.#changeRows(pairs[i], pairs[i + 1], 0, buffer.stride)
        else
          for (const { offset, stride } of this.#info.buffer.sections)
            this.#changeRows(pairs[i], pairs[i + 1], offset, stride)
    this.#written.clear()
    // One that three can't upload is left as it was: the flush says what is wrong with it.
    const column = columnOf(this.#source) ?? this.array
    const isReplaced = column !== this.array
    this.array = column
    return isReplaced
  }

  stop(): void {
    this.#written.stop()
  }

  #changeRows(start: number, size: number, offset: number, stride: number): void {
    const first = Math.max(0, Math.floor((start - offset) / stride))
    const last = Math.min(this.#info.buffer.capacity, Math.ceil((start - offset + size) / stride)) - 1
    this.change(first, Math.min(last, this.rows - 1))
  }
}

/**
 * Entities as instances: instance `e` is entity `e`, its values lie in the columns of the ECS, and
 * `alive` says which of them the query has. Nothing is gathered.
 */
export class EntityColumns implements Instances {
  readonly values: readonly InstanceValues[]
  readonly #query: GpuQuery
  readonly #columns: readonly ColumnValues[]
  readonly #alive: Values
  readonly #listed = new WrittenRanges()
  /** The query's list as it was in the last update, and its length then. */
  #list: Uint32Array = new Uint32Array(MIN_CAPACITY)
  #listedCount = 0
  /** One above the highest entity that was ever alive, bounded by the columns. */
  #end = 0

  /** @throws {@link NotAColumn}; UnsupportedTerm, InvalidOption for the terms */
  constructor(
    mk: MkSync<object>,
    terms: readonly unknown[],
    attributes: Readonly<Record<string, AttributeSource>>,
  ) {
    this.#columns = Object.entries(attributes).map(([name, source]) => new ColumnValues(mk, name, source))
    this.#query = mk.query(terms)
    this.#alive = new Values(ALIVE, 1, new Float32Array(MIN_CAPACITY))
    this.values = [this.#alive, ...this.#columns]
  }

  get count(): number {
    return this.#columns.reduce((least, { rows }) => Math.min(least, rows), this.#end)
  }

  entityOf(instance: number): number {
    return instance < this.count && this.#alive.array[instance] === 1 ? instance : -1
  }

  update(): boolean {
    let isReplaced = false
    for (const column of this.#columns) isReplaced = column.update() || isReplaced
    return this.#updateAlive() || isReplaced
  }

  explain(): string {
    return (
      "instances: 'entity': instance e is entity e. Attributes are the columns of the ECS themselves, and nothing is gathered. " +
      `${this.count} instances are drawn for ${this.#query.count} entities; '${ALIVE}' is 0 for the others.`
    )
  }

  dispose(): void {
    this.#listed.stop()
    for (const column of this.#columns) column.stop()
    this.#query.dispose()
  }

  /** @returns true when the array was replaced by a longer one */
  #updateAlive(): boolean {
    const alive = this.#alive
    const { entities } = this.#query
    alive.forget()
    const before = this.#listedCount
    const isOther = this.#listed.follow(this.#query.indices.buffer.native as ThreeBuffer)
    const { pairs } = this.#listed
    const ranges = isOther ? [0, Math.max(before, entities.length) * WORD] : pairs
    // Who left: also those beyond the new end of the list. A list only names entities once, so that
    // one that moved within it is set again below.
    const list = this.#list
    const clear = (first: number, end: number): void => {
      for (let p = first; p < Math.min(end, before); p++) this.#set(list[p], 0)
    }
    for (let i = 0; i < ranges.length; i += 2) clear(ranges[i] / WORD, (ranges[i] + ranges[i + 1]) / WORD)
    clear(entities.length, before)
    const isGrown = this.#makeRoom(entities, ranges)
    for (let i = 0; i < ranges.length; i += 2) {
      const end = Math.min(entities.length, (ranges[i] + ranges[i + 1]) / WORD)
      for (let p = ranges[i] / WORD; p < end; p++) {
        this.#list[p] = entities[p]
        this.#set(entities[p], 1)
      }
    }
    this.#listed.clear()
    this.#listedCount = entities.length
    return isGrown
  }

  #set(entity: number, value: 0 | 1): void {
    this.#alive.array[entity] = value
    this.#alive.change(entity, entity)
    if (entity >= this.#end) this.#end = entity + 1
  }

  /** Makes room for a list and its entities. @returns true when `alive` was replaced */
  #makeRoom(entities: Uint32Array, ranges: readonly number[]): boolean {
    if (entities.length > this.#list.length) {
      const list = new Uint32Array(entities.length * 2)
      list.set(this.#list)
      this.#list = list
    }
    let highest = -1
    for (let i = 0; i < ranges.length; i += 2) {
      const end = Math.min(entities.length, (ranges[i] + ranges[i + 1]) / WORD)
      for (let p = ranges[i] / WORD; p < end; p++) highest = Math.max(highest, entities[p])
    }
    const { array } = this.#alive
    if (highest < array.length) return false
    const longer = new Float32Array((highest + 1) * 2)
    longer.set(array)
    this.#alive.array = longer
    return true
  }
}

/** Bytes of a place in a query's list. */
const WORD = 4
