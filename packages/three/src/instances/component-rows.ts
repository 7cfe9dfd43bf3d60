import type { GpuQuery, SyncedInfo } from '@memkit/ecs-plugin'
import type { ThreeBuffer } from '../backend/three-buffer.ts'
import type { GatheredValues } from './gathered-values.ts'
import { PositionList } from './position-list.ts'
import { WrittenRanges } from './written-ranges.ts'

/** Where rows lie in the buffer of a component, for what was written there. All in bytes. */
interface RowPlace {
  readonly offset: number
  readonly stride: number
}

/** What of the instances is to be gathered: those at some positions, or all. */
export type Changed = PositionList | 'all'

/** From this share of all instances on, gathering all in order takes less time than one by one. */
const ALL_FROM = 1 / 4

/** One component of the instances of a query, and which of its rows changed. */
export class ComponentRows {
  readonly values: GatheredValues[] = []
  readonly #info: SyncedInfo
  readonly #query: GpuQuery
  /**
   * Every entity of the query has a row, and where rows aren't packed, that of its number. Else each
   * entity is asked for its row, and a row that is lost is noticed.
   */
  readonly #allHaveRows: boolean
  readonly #written = new WrittenRanges()
  readonly #changed = new PositionList()
  #rows: Uint32Array = new Uint32Array(0)
  #places: readonly RowPlace[] = []

  constructor(info: SyncedInfo, query: GpuQuery, terms: readonly unknown[]) {
    this.#info = info
    this.#query = query
    this.#allHaveRows = info.needed.every((component) => terms.includes(component))
  }

  /**
   * Gathers what changed since the last call.
   * @param listed positions that hold another entity than before
   * @param isGrown the arrays are new
   * @returns what was gathered
   */
  update(listed: Changed, isGrown: boolean): Changed {
    const { buffer } = this.#info
    const native = buffer.buffer.native as ThreeBuffer
    const { count } = this.#query
    const isReplaced = this.#written.follow(native)
    if (isReplaced) this.#readFrom(native)
    const rows = this.#rowsOf()
    const changed = isGrown || isReplaced || !this.#allHaveRows ? 'all' : this.#changedSince(listed, count)
    this.#written.clear()
    for (const values of this.values)
      if (changed === 'all') values.gatherAll(rows, count)
      else values.gatherAt(rows, changed.values, changed.count)
    return changed
  }

  stop(): void {
    this.#written.stop()
  }

  #readFrom(native: ThreeBuffer): void {
    const info = this.#info
    for (const values of this.values) values.readFrom(native)
    if (info.layout === 'rows') this.#places = [{ offset: 0, stride: info.buffer.stride }]
    else {
      const used = new Set(this.values.flatMap(({ layout }) => layout.runs.map(({ section }) => section)))
      this.#places = [...used].map((section) => info.buffer.sections[section])
    }
  }

  /** The row of each position. */
  #rowsOf(): Uint32Array {
    const { entities } = this.#query
    if (this.#allHaveRows && this.#info.rowKind === 'entity') return entities
    if (this.#rows.length < entities.length) this.#rows = new Uint32Array(entities.length * 2)
    const rows = this.#rows
    const { buffer } = this.#info
    // An entity without a row has row −1, as a u32 beyond every buffer.
    for (let p = 0; p < entities.length; p++) rows[p] = buffer.rowOf(entities[p])
    return rows
  }

  #changedSince(listed: Changed, count: number): Changed {
    const { pairs } = this.#written
    if (listed === 'all') return 'all'
    let touched = listed.count
    for (const { offset, stride } of this.#places)
      for (let i = 0; i < pairs.length; i += 2)
        touched += rowsIn(pairs[i] - offset, pairs[i + 1], stride, this.#capacity)
    if (touched > count * ALL_FROM) return 'all'
    const changed = this.#changed
    changed.clear()
    for (let i = 0; i < listed.count; i++) changed.add(listed.values[i])
    for (const { offset, stride } of this.#places)
      for (let i = 0; i < pairs.length; i += 2) this.#addRows(pairs[i] - offset, pairs[i + 1], stride)
    return changed
  }

  /** Adds the positions of the rows that some bytes belong to. */
  #addRows(start: number, size: number, stride: number): void {
    const query = this.#query
    const { buffer, rowKind } = this.#info
    const end = Math.min(this.#capacity, Math.ceil((start + size) / stride))
    for (let row = Math.max(0, Math.floor(start / stride)); row < end; row++) {
      const entity = rowKind === 'entity' ? row : buffer.entityOf(row)
      const position = entity < 0 ? -1 : query.rowOf(entity)
      if (position >= 0) this.#changed.add(position)
    }
  }

  get #capacity(): number {
    return this.#info.buffer.capacity
  }
}

function rowsIn(start: number, size: number, stride: number, capacity: number): number {
  const first = Math.max(0, Math.floor(start / stride))
  return Math.max(0, Math.min(capacity, Math.ceil((start + size) / stride)) - first)
}
