import { ColumnPacker, DirtyRows, RowOutOfRange } from '@memkit/core'
import type { ColumnSource, Heap } from '@memkit/core'
import { MirrorTooLarge } from '@memkit/coordinator'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import type { EcsWorld } from './ecs.ts'
import { EntityBeyondColumn } from './errors.ts'
import type { SyncedOptions } from './gpu-synced.ts'
import { Membership } from './membership.ts'
import type { MembershipChanges } from './membership.ts'
import { checkLengths, columnAt, readShape } from './source.ts'
import type { Shape } from './source.ts'

/**
 * One flagged component of one world: its mirror, who is in it, and how its columns get there. Row = entity id.
 */
export class SyncedComponent implements MembershipChanges {
  readonly component: object
  readonly options: SyncedOptions
  readonly shape: Shape
  readonly mirror: Mirror
  /** Rows that have a place: the highest id ever synced + 1. */
  rows = 0
  readonly #membership: Membership
  #packer: ColumnPacker
  #packerHeap: Heap
  #packerMemory: number
  /** Rows to pack whether they differ or not; always a part of the rows that are alive. */
  #marks: DirtyRows

  /** @throws HeapFull, MirrorTooLarge, UsageUnsupported and what `readShape` throws; nothing is left behind then */
  constructor(ecs: EcsWorld, coordinator: MkCoordinator, component: object, options: SyncedOptions) {
    this.component = component
    this.options = options
    this.shape = readShape(options.label, component, options.schema)
    const membership = new Membership(ecs, [component, ...options.with])
    this.#membership = membership
    let mirror: Mirror | undefined
    try {
      this.mirror = mirror = this.#makeMirror(coordinator, membership.rows)
      this.#packer = this.#makePacker()
    } catch (error) {
      membership.dispose()
      mirror?.destroy()
      throw error
    }
    this.#packerHeap = mirror.heap
    this.#packerMemory = mirror.memoryGeneration
    this.#marks = new DirtyRows(membership.capacity)
    mirror.used = 0
  }

  /**
   * Brings the rows that changed into the mirror.
   *
   * @throws EntityBeyondColumn when a living entity lies past the end of a column: all other rows are staged
   * @throws MirrorTooLarge when the device allows no buffer of that many rows: all other rows are staged
   * @throws ColumnLengthMismatch: nothing is staged, nothing is lost
   */
  stage(): void {
    this.#membership.heal()
    const refused = this.#growTo(this.#membership.rows)
    this.#renewPacker()
    this.#fitMarks()
    this.#membership.apply(this)
    const { columns } = this.shape
    const length = checkLengths(this.options.label, this.component, this.shape)
    for (let i = 0; i < columns.length; i++)
      this.#packer.bind(i, columnAt(this.component, columns[i].keys) as ColumnSource)
    const { alive } = this.#membership
    const count = Math.min(this.rows, length)
    if (this.options.changes === 'detect') this.#packer.diff(this.mirror, 0, count, alive)
    else if (this.options.changes === 'all') this.#packer.pack(this.mirror, 0, count, alive)
    else this.#packMarks(count)
    if (length < this.rows && alive.nextRun(length, 0)) this.#reportBeyond(length)
    if (refused !== undefined) throw refused
  }

  /** Marks a row; one that is not alive is left alone, for entering marks it. @throws RowOutOfRange */
  mark(row: number): void {
    if (!Number.isInteger(row) || row < 0) throw new RowOutOfRange(row, this.rows)
    this.#fitMarks()
    if (this.#membership.alive.has(row)) this.#marks.set(row)
  }

  /** Marks `count` rows from `first` on. @throws RowOutOfRange */
  markRange(first: number, count: number): void {
    if (!Number.isInteger(first) || first < 0) throw new RowOutOfRange(first, this.rows)
    if (!Number.isInteger(count) || count < 0) throw new RowOutOfRange(first + count, this.rows)
    this.#fitMarks()
    const { alive } = this.#membership
    const end = Math.min(first + count, this.#membership.rows)
    for (let from = first; from < end && alive.nextRun(from, 0); from = alive.runFirst + alive.runCount) {
      if (alive.runFirst >= end) return
      this.#marks.setRange(alive.runFirst, Math.min(alive.runCount, end - alive.runFirst))
    }
  }

  markAll(): void {
    this.markRange(0, this.#membership.rows)
  }

  /** Whether the entity has a row now. */
  has(row: number): boolean {
    return this.#membership.alive.has(row)
  }

  entered(row: number): void {
    this.#marks.set(row)
  }

  left(row: number): void {
    this.#marks.unset(row)
    if (this.options.onRemove === 'keep' || row >= this.rows) return
    const { stride } = this.shape
    this.mirror.view(Uint8Array).fill(0, row * stride, (row + 1) * stride)
    this.mirror.mark(row)
  }

  /** Ends it: no observer and no buffer stays. */
  dispose(): void {
    this.#membership.dispose()
    this.#packer.dispose()
    this.mirror.destroy()
  }

  /** Makes room for `rows`. @returns the error, when the device refuses: the rows that fit go on */
  #growTo(rows: number): unknown {
    if (rows <= this.rows) return undefined
    let refused: unknown
    if (rows > this.mirror.capacity) {
      try {
        this.mirror.grow(rows)
      } catch (error) {
        refused = error
      }
    }
    this.rows = Math.min(rows, this.mirror.capacity)
    this.mirror.used = this.rows
    return refused
  }

  #renewPacker(): void {
    if (this.mirror.memoryGeneration === this.#packerMemory) return
    // A heap of the mirror's own is gone with the memory it had, the packer's tables with it.
    if (this.mirror.heap === this.#packerHeap) this.#packer.dispose()
    this.#packerHeap = this.mirror.heap
    this.#packerMemory = this.mirror.memoryGeneration
    this.#packer = this.#makePacker()
  }

  /** With room for the rows that are there; for the reserve alone where the device allows no more, and `stage` says so. */
  #makeMirror(coordinator: MkCoordinator, rows: number): Mirror {
    const { capacity, label, usage } = this.options
    const make = (count: number): Mirror =>
      coordinator.createMirror({ rows: count, schema: this.shape.schema, label, usage })
    try {
      return make(Math.max(capacity, rows))
    } catch (error) {
      if (!(error instanceof MirrorTooLarge) || rows <= capacity) throw error
      return make(capacity)
    }
  }

  #makePacker(): ColumnPacker {
    return new ColumnPacker(
      this.mirror.heap,
      this.shape.columns.map((column) => column.layout),
      this.shape.stride,
    )
  }

  #fitMarks(): void {
    const { capacity } = this.#membership
    if (this.#marks.rows >= capacity) return
    const bigger = new DirtyRows(capacity)
    bigger.copyFrom(this.#marks)
    this.#marks = bigger
  }

  /** Packs the marked rows below `count`; marks beyond wait until the column is long enough. */
  #packMarks(count: number): void {
    const marks = this.#marks
    if (marks.isEmpty) return
    this.#packer.pack(this.mirror, 0, count, marks)
    if (count >= this.#membership.rows) return marks.clear()
    while (marks.nextRun(0, 0) && marks.runFirst < count)
      for (let row = marks.runFirst; row < Math.min(count, marks.runFirst + marks.runCount); row++)
        marks.unset(row)
  }

  #reportBeyond(length: number): never {
    const { alive } = this.#membership
    let highest = alive.runFirst
    for (let row = alive.runFirst; row < this.rows; row++) if (alive.has(row)) highest = row
    const column = this.shape.columns.find(({ keys, layout }) => {
      const data = columnAt(this.component, keys) as ColumnSource
      return Math.floor(data.length / layout.arity) === length
    })
    throw new EntityBeyondColumn(this.options.label, column?.path ?? '', highest, length)
  }
}
