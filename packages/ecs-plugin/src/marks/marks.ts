import { DirtyRows, RowOutOfRange, trailingZeros, type Heap } from '@memkit/core'
import type { EcsWorld, WriteWatch } from '../ecs/ecs.ts'
import { MovingBlock } from '../rows/moving-block.ts'
import type { RowMap } from '../rows/row-map.ts'
import { SharedMarker } from './shared-marker.ts'

/**
 * Rows of one component to pack whether they differ or not, all of living entities. Modes that compare or
 * pack all rows anyway keep none.
 */
export class Marks {
  /** Undefined where none are kept. */
  rows: DirtyRows | undefined
  readonly #rowMap: RowMap
  readonly #block: MovingBlock

  constructor(rowMap: RowMap, label: string, capacity: number, areKept: boolean) {
    this.#rowMap = rowMap
    this.#block = new MovingBlock(`${label}: marks`)
    if (areKept) this.rows = new DirtyRows(capacity)
  }

  /** Moves them into the mirror's heap. @throws {@link HeapFull} */
  place(heap: Heap, capacity: number): void {
    if (this.rows !== undefined) this.rows = this.#block.moveSet(this.rows, heap, capacity)
  }

  /** Marks an entity's row, if it has one: entering marks it too. @throws {@link RowOutOfRange} */
  mark(entity: number): void {
    const { rows } = this
    if (!isIndex(entity)) throw new RowOutOfRange({ row: entity, rows: this.#rowMap.members.end })
    if (rows === undefined) return
    const row = this.#rowMap.rowOf(entity)
    if (row >= 0 && row < rows.rows) rows.set(row)
  }

  /** Marks the rows of entities `first` … `first + count − 1`. @throws {@link RowOutOfRange} */
  markRange(first: number, count: number): void {
    const { alive, end } = this.#rowMap.members
    if (!isIndex(first)) throw new RowOutOfRange({ row: first, rows: end })
    if (!isIndex(count)) throw new RowOutOfRange({ row: first + count, rows: end })
    if (this.rows === undefined) return
    const last = Math.min(first + count, end)
    if (this.#rowMap.table < 0)
      return this.rows.or(alive, Math.min(last, this.#rowMap.rows, this.rows.rows), first)
    for (let from = first; from < last && alive.nextRun(from, 0); from = alive.runFirst + alive.runCount) {
      const runEnd = Math.min(last, alive.runFirst + alive.runCount)
      for (let entity = alive.runFirst; entity < runEnd; entity++) this.mark(entity)
    }
  }

  /**
   * Marks the entities of a list, by their ids.
   * @throws {@link RowOutOfRange} for the first that can't be an entity, once all others are marked
   */
  markList(entities: ArrayLike<number>, ecs: Pick<EcsWorld, 'indexMask' | 'entityIndexOf'>): void {
    const { rows } = this
    const { end } = this.#rowMap.members
    if (!Number.isInteger(entities?.length)) throw new RowOutOfRange({ row: entities as never, rows: end })
    if (entities.length === 0) return
    // Warns of what is wrong with ids, as for a single one.
    ecs.entityIndexOf(entities[0])
    const { indexMask } = ecs
    let wrong = -1
    if (rows === undefined || this.#rowMap.table >= 0)
      for (let i = 0; i < entities.length; i++) {
        const entity = indexMask === -1 ? entities[i] : entities[i] & indexMask
        if (isIndex(entity)) this.mark(entity)
        else if (wrong < 0) wrong = i
      }
    else wrong = markEntityRows(rows, entities, indexMask, this.#rowMap)
    if (wrong >= 0) throw new RowOutOfRange({ row: entities[wrong], rows: end })
  }

  /** Marks every row. */
  markAll(): void {
    this.markRange(0, this.#rowMap.members.end)
  }

  /** Marks the rows `first` … `end − 1` of a set, which are there. */
  markRows(set: DirtyRows, end: number, first: number): void {
    this.rows?.or(set, end, first)
  }

  /** Takes back the marks of the rows of a set, word by word. */
  unmarkRows({ words, summary }: DirtyRows): void {
    if (this.rows === undefined) return
    const marked = this.rows.words
    for (let s = 0; s < summary.length; s++)
      for (let some = summary[s]; some !== 0; some &= some - 1) {
        const w = (s << 5) + trailingZeros(some)
        if (w < marked.length) marked[w] &= ~words[w]
      }
  }

  /** Forgets marked rows, which were packed, but for entities past the `length` of the columns. */
  packed(length: number): void {
    const { rows } = this
    const { alive, end } = this.#rowMap.members
    if (rows === undefined) return
    if (length >= end || !alive.nextRun(length, 0)) return rows.clear()
    for (let from = 0; rows.nextRun(from, 0); from = rows.runFirst + rows.runCount) {
      const runEnd = rows.runFirst + rows.runCount
      for (let row = rows.runFirst; row < runEnd; row++)
        if (this.#rowMap.entityOf(row) < length) rows.unset(row)
    }
  }

  dispose(): void {
    this.#block.free()
  }
}

/**
 * Marks the living entities of a list, where row = entity.
 * @returns the place in the list of the first that can't be an entity; −1 without one
 */
function markEntityRows(
  marks: DirtyRows,
  entities: ArrayLike<number>,
  indexMask: number,
  { members: { alive }, rows }: RowMap,
): number {
  const { words: living } = alive
  const end = Math.min(rows, marks.rows, alive.rows)
  let wrong = -1
  // Neighbours in a list are often neighbours in a word, which is written once for all of them.
  let word = 0
  let bits = 0
  for (let i = 0; i < entities.length; i++) {
    const entity = indexMask === -1 ? entities[i] : entities[i] & indexMask
    const row = entity >>> 0
    if (row !== entity) {
      if (wrong < 0 && !isIndex(entity)) wrong = i
      continue
    }
    if (row >= end) continue
    const w = row >>> 5
    if (w !== word) {
      addBits(marks, word, bits)
      word = w
      bits = 0
    }
    bits |= living[w] & (1 << (row & 31))
  }
  addBits(marks, word, bits)
  return wrong
}

function addBits({ words, summary }: DirtyRows, word: number, bits: number): void {
  if (bits === 0) return
  words[word] |= bits
  summary[word >>> 5] |= 1 << (word & 31)
}

function isIndex(value: number): boolean {
  return Number.isInteger(value) && value >= 0
}

/** Where marks come from beside `mk.mark`: the ECS's own `set()`, and other threads. */
export class MarkSources {
  /** There may be something to collect. */
  areUsed = false
  readonly #ecs: EcsWorld
  readonly #component: object
  readonly #marks: Marks
  readonly #markers: SharedMarker[] = []
  #writes: WriteWatch | undefined
  readonly #warn: (entities: number) => void

  /** @param warn called when there are marks that no marker has room for */
  constructor(ecs: EcsWorld, component: object, marks: Marks, warn: (entities: number) => void) {
    this.#ecs = ecs
    this.#component = component
    this.#marks = marks
    this.#warn = warn
  }

  /** Marks what the ECS's `set()` writes from now on. */
  followWrites(): void {
    this.#writes?.stop()
    this.#writes = this.#ecs.watchWrites(this.#component, (entity) => this.#marks.mark(entity))
    this.areUsed = true
  }

  /**
   * The last marker, while it has room for twice the entities, or a new one.
   * @throws SharedMemoryUnavailable
   */
  marker(entities: number): SharedMarker {
    const latest = this.#markers.at(-1)
    if (latest !== undefined && latest.capacity >= entities * 2) return latest
    const marker = SharedMarker.create(entities * 4, this.#ecs.indexMask)
    this.#markers.push(marker)
    this.areUsed = true
    return marker
  }

  get hasMarkers(): boolean {
    return this.#markers.length > 0
  }

  /** Marks what other threads have marked since the last call. */
  collect(): void {
    // A world that was reset has dropped its observers.
    if (this.#writes?.intact === false) this.followWrites()
    for (let i = 0; i < this.#markers.length; i++) {
      const marker = this.#markers[i]
      if (!marker.collect(this.#marks)) continue
      this.#marks.markAll()
      this.#warn(marker.capacity)
    }
  }

  dispose(): void {
    this.#writes?.stop()
    this.#writes = undefined
    this.#markers.length = 0
  }
}
