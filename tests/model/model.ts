import type { Changes, OnRemove } from '@memkit/ecs-plugin'
import type { Store } from '@memkit/testing/stores/store'
import { matches, type Term } from './terms.ts'

/**
 * What the device must hold of one component of one world. Copies every row that is alive at every stage; only `marked`
 * looks at who entered or was marked.
 */
export class ComponentModel {
  readonly store: Store
  readonly changes: Changes
  readonly onRemove: OnRemove
  readonly terms: readonly Term[]
  /** Rows by entity, as last staged. An entity without one has zeros. */
  readonly rows = new Map<number, Uint8Array>()
  /** Who has a row, or will get one. */
  readonly alive = new Set<number>()
  /** Who entered or was marked since its row was last taken. */
  readonly pending = new Set<number>()
  /** Highest id that ever entered. */
  highest = -1
  /** Who had a row when last staged. */
  staged: ReadonlySet<number> = new Set()
  /** Who could not be read when last staged: it gave an error. */
  unread: ReadonlySet<number> = new Set()
  /** Whose row may be that of a stage that failed for want of memory, or the one before. */
  readonly unsure = new Set<number>()
  /** One more than the highest id that ever was alive when staged. */
  stagedRows = 0

  constructor(store: Store, changes: Changes, onRemove: OnRemove, terms: readonly Term[]) {
    this.store = store
    this.changes = changes
    this.onRemove = onRemove
    this.terms = terms
  }

  /** After anything happened to an entity. @param id the entity, where its number has a version */
  look(world: object, entity: number, id: number = entity): void {
    if (matches(world, id, this.terms)) {
      if (!this.alive.has(entity)) this.pending.add(entity)
      this.alive.add(entity)
      this.highest = Math.max(this.highest, entity)
    } else {
      this.alive.delete(entity)
      this.pending.delete(entity)
    }
  }

  mark(entity: number): void {
    if (this.alive.has(entity)) this.pending.add(entity)
  }

  /** Columns were replaced: rows that only marks bring up are all marked. */
  columnsReplaced(): void {
    if (this.changes === 'marked') for (const entity of this.alive) this.pending.add(entity)
  }

  /** @param failed something had no memory, and it is not known whether these rows were taken */
  stage(failed: boolean): void {
    const { store, alive, pending, rows, unsure } = this
    for (const entity of [...rows.keys(), ...unsure]) {
      if (alive.has(entity) || this.onRemove === 'keep') continue
      rows.delete(entity)
      unsure.delete(entity)
    }
    this.staged = new Set(alive)
    this.stagedRows = Math.max(this.stagedRows, ...[...alive].map((entity) => entity + 1))
    const slots = store.torn ? 0 : store.slots
    for (const entity of alive) {
      if (entity >= slots) continue
      const row = store.pack(entity)
      if (!this.mustGo(entity, row)) continue
      if (failed) {
        unsure.add(entity)
        continue
      }
      rows.set(entity, row)
      unsure.delete(entity)
      pending.delete(entity)
      this.went(entity, row)
    }
    this.unread = new Set(pending)
  }

  /** Whether a row goes up that is so now. */
  protected mustGo(entity: number, _row: Uint8Array): boolean {
    return this.changes !== 'marked' || this.pending.has(entity)
  }

  protected went(_entity: number, _row: Uint8Array): void {}

  /** Code of the error that staging must give. */
  get error(): string | undefined {
    if (this.store.torn) return 'ColumnLengthMismatch'
    for (const entity of this.alive) if (entity >= this.store.slots) return 'EntityBeyondColumn'
    return undefined
  }
}

/** Which entities a query must hold. */
export class QueryModel {
  readonly terms: readonly Term[]
  staged: ReadonlySet<number> = new Set()

  constructor(terms: readonly Term[]) {
    this.terms = terms
  }

  /** @param entities all that are alive @param mask bits of their ids that are their numbers @param others who matches for other reasons */
  stage(world: object, entities: Iterable<number>, mask: number, others: Iterable<number>): void {
    const found = [...entities].filter((entity) => matches(world, entity, this.terms))
    this.staged = new Set([...found, ...others].map((entity) => entity & mask))
  }
}
