import type { Changes, OnRemove, SyncDirection } from '@memkit/ecs-plugin'
import { ComponentModel } from './model.ts'
import type { Store } from '@memkit/testing/stores/store'
import type { Term } from './terms.ts'

type Row = Uint8Array

const same = (a: Row | undefined, b: Row | undefined): boolean =>
  a !== undefined && b !== undefined && a.every((byte, i) => byte === b[i])

/**
 * What the device must hold of a component whose rows it writes as well, and what may come back of them. A row goes up when it entered,
 * was marked, or (`both`, and after columns were replaced) differs from what the CPU last sent or got; what comes back was on the device at
 * the end of some frame since.
 */
export class TwoWayModel extends ComponentModel {
  readonly direction: SyncDirection
  /** What the CPU last sent or got of a row. */
  readonly #known = new Map<number, Row>()
  /** What the device held of a row at the ends of frames since, the oldest first. */
  readonly #held = new Map<number, Row[]>()
  /** The device was replaced: it has one of those. */
  readonly #replaced = new Set<number>()
  /** Columns were replaced since rows were last taken from others. */
  newColumns = false
  /** Rows were taken from columns once. */
  #hasTaken = false

  constructor(
    store: Store,
    changes: Changes,
    onRemove: OnRemove,
    terms: readonly Term[],
    direction: SyncDirection,
  ) {
    super(store, changes, onRemove, terms)
    this.direction = direction
  }

  /** The CPU's changes are looked for when a frame begins as well, before anything comes back. */
  get stagesEarly(): boolean {
    return this.direction === 'both' || this.newColumns
  }

  override columnsReplaced(): void {
    this.newColumns = this.#hasTaken
  }

  override stage(failed: boolean): void {
    super.stage(failed)
    if (this.store.torn) return
    this.newColumns = false
    this.#hasTaken = true
  }

  protected override mustGo(entity: number, row: Row): boolean {
    if (this.pending.has(entity)) return true
    const compared = this.newColumns || (this.direction === 'both' && this.changes === 'detect')
    return compared && !same(this.#known.get(entity), row)
  }

  protected override went(entity: number, row: Row): void {
    this.#known.set(entity, row)
    this.#held.set(entity, [row])
    this.#replaced.delete(entity)
  }

  /** The device writes a row. */
  write(entity: number, row: Row): void {
    this.rows.set(entity, row)
  }

  /** A frame has ended: what the device holds now may come back. */
  frameEnded(): void {
    for (const [entity, row] of this.rows) {
      const held = this.#held.get(entity) ?? []
      this.#held.set(entity, held)
      if (!same(held.at(-1), row)) held.push(row)
    }
  }

  /** The columns of all rows that there may be, before or after a frame begins. */
  columns(): Map<number, Row> {
    const entities = [...this.rows.keys()].filter((entity) => entity < this.store.slots)
    return new Map(entities.map((entity) => [entity, this.store.pack(entity)]))
  }

  /**
   * A frame has begun.
   * @param before the columns until then
   * @returns how many rows came back with something new
   * @throws when something came back that should not have
   */
  begun(before: ReadonlyMap<number, Row>): number {
    let came = 0
    for (const [entity, after] of this.columns()) {
      if (same(before.get(entity), after)) continue
      const held = this.#held.get(entity) ?? []
      const at = held.findIndex((row) => same(row, after) || same(this.store.landed(row), after))
      const why = !this.alive.has(entity)
        ? 'is dead'
        : this.mustGo(entity, before.get(entity)!)
          ? 'was changed by the CPU'
          : at < 0 && !this.unsure.has(entity)
            ? 'never was so on the device'
            : undefined
      if (why !== undefined) throw new Error(`${after.join(' ')} came back of entity ${entity}, which ${why}`)
      held.splice(0, at)
      this.#known.set(entity, after)
      came++
    }
    return came
  }

  /** Whether all that the device holds has come back. */
  get settled(): boolean {
    for (const entity of this.alive) {
      if (entity >= this.store.slots || this.pending.has(entity) || this.unsure.has(entity)) continue
      const row = this.rows.get(entity)
      if (row === undefined) return false
      const columns = this.store.pack(entity)
      if (!same(columns, row) && !same(columns, this.store.landed(row))) return false
    }
    return true
  }

  /** A new device got what the CPU knows: not what an older one held that never came back. */
  replacedDevice(): void {
    for (const entity of this.rows.keys()) this.#replaced.add(entity)
  }

  /** What the device holds of some rows is not known before it is read. */
  get unsettled(): boolean {
    return this.#replaced.size > 0
  }

  /** Takes what a replaced device holds. @throws when a row holds what it never held */
  settleReplaced(found: Row, stride: number): void {
    for (const entity of this.#replaced) {
      const row = found.slice(entity * stride, (entity + 1) * stride)
      const candidates = [this.#known.get(entity), ...(this.#held.get(entity) ?? []), new Uint8Array(stride)]
      if (!this.unsure.has(entity) && !candidates.some((candidate) => same(candidate, row)))
        throw new Error(`row ${entity} is ${row.join(' ')} after a loss, which it never held`)
      this.rows.set(entity, row)
      this.#known.set(entity, row)
      this.#held.set(entity, [row])
    }
    this.#replaced.clear()
  }
}
