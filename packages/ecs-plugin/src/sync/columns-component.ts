import { columnsInfo, DirtyRows, type Schema } from '@memkit/core'
import { createColumnMirror, mostMirrorBytes } from '@memkit/coordinator'
import type { ColumnArray, ColumnMirror } from '@memkit/coordinator'
import { ColumnsBuffer, type ColumnsBufferSource } from '../buffer/columns-buffer.ts'
import { columnsNames } from '../buffer/columns-wgsl.ts'
import { componentLabelProblem } from '../buffer/label-owners.ts'
import { Membership } from '../ecs/membership.ts'
import { ForgottenMarks } from '../marks/forgotten-marks.ts'
import { MarkSources, Marks } from '../marks/marks.ts'
import type { SharedMarker } from '../marks/shared-marker.ts'
import { EntityRows } from '../rows/entity-rows.ts'
import { growAsFar, tooFewRows } from '../rows/grow-as-far.ts'
import { RowsNow } from '../rows/shadow-rows.ts'
import { SentRows } from '../rows/sent-rows.ts'
import { ColumnBinding, ComponentColumns } from '../store/component-columns.ts'
import { readLayout } from '../store/component-layout.ts'
import { deviceColumns, sameKind, type DeviceColumns } from '../store/device-columns.ts'
import { checkDevice, firstRows } from './component-mirror.ts'
import { ComponentWarnings } from './component-warnings.ts'
import type { Synced, SyncedOptions } from './gpu-synced-options.ts'
import type { SyncedColumns, SyncedWorld } from './synced-component.ts'

/**
 * One component of one world with `layout: 'columns'`: its typed arrays go to the device as they are.
 * Nothing is packed, and with `'all'` and `'marked'` nothing is copied.
 */
export class ColumnsComponent implements ColumnsBufferSource {
  readonly component: object
  readonly options: SyncedOptions
  readonly label: string
  readonly schema: Schema
  readonly deviceColumns: DeviceColumns
  readonly hasEntities = true
  readonly mirror: ColumnMirror
  readonly marks: Marks
  readonly packedRows: undefined
  readonly #world: SyncedWorld
  readonly #columns: ComponentColumns
  readonly #binding: ColumnBinding
  readonly #rowMap: EntityRows
  readonly #markSources: MarkSources
  readonly #warnings: ComponentWarnings
  readonly #forgotten: ForgottenMarks | undefined
  readonly #sent: SentRows | undefined
  /** Entities that the columns had room for at the last stage. */
  #length = 0
  #buffer: ColumnsBuffer | undefined
  #rowsNow: RowsNow | undefined

  /** @throws MirrorTooLarge, UsageUnsupported, and what `readLayout` and `deviceColumns` throw: nothing is left behind */
  constructor(world: SyncedWorld, component: object, options: SyncedOptions) {
    const { changes, isLabelled, label, usage } = options
    const { coordinator, debug, ecs } = world
    this.#world = world
    this.component = component
    this.options = options
    this.label = label
    const store = ecs.storeOf?.(component) ?? component
    const layout = readLayout(label, store, options.schema)
    const { schema } = layout
    this.schema = schema
    const device = (this.deviceColumns = deviceColumns(label, store, layout))
    const columns = (this.#columns = new ComponentColumns(ecs, label, component, layout))
    this.#warnings = new ComponentWarnings(coordinator, columns)
    const reserved = columnsInfo(store)
    checkDevice(coordinator, options, device.bytesPerRow)
    const rowMap = (this.#rowMap = new EntityRows(new Membership(ecs, [component]), label))
    try {
      // A store of the heap never grows: with as many rows on the device, they are one write.
      const wanted =
        reserved === undefined
          ? firstRows(coordinator, options, device.bytesPerRow, rowMap.wanted)
          : reserved.capacity + 1
      const most = Math.floor(mostMirrorBytes(coordinator.gpu.capabilities) / device.bytesPerRow / 64) * 64
      const rows = Math.max(64, Math.min(roundedUp(wanted), most))
      const { columns: formats } = device
      this.mirror = createColumnMirror(coordinator, {
        rows: roundedUp(rows),
        columns: formats,
        changes,
        usage,
        label,
        schema,
      })
    } catch (error) {
      rowMap.dispose()
      throw error
    }
    this.mirror.used = 0
    rowMap.keeper = this
    this.marks = new Marks(rowMap, label, this.mirror.capacity, changes === 'marked')
    this.#binding = new ColumnBinding(columns)
    this.#binding.follow({ bind: (i, source) => this.#bind(i, source) })
    if (debug && changes === 'marked') {
      this.#forgotten = new ForgottenMarks(columns)
      this.#sent = new SentRows(columns)
    }
    this.#markSources = new MarkSources(ecs, component, this.marks, (entities) =>
      this.#warnings.markerFull(entities),
    )
    if (changes === 'marked') this.#markSources.followWrites()
    if (isLabelled) world.labels.take(label, this, (name) => this.namesOf(name))
  }

  get labelProblem(): string | undefined {
    return componentLabelProblem(this, this.options.isLabelled, this.#world.labels)
  }

  /** Names in WGSL that are made of its name. */
  namesOf(name: string): readonly string[] {
    return columnsNames(name, this)
  }

  /** The same object each time. */
  get buffer(): ColumnsBuffer {
    return (this.#buffer ??= new ColumnsBuffer(this, this.#world.coordinator))
  }

  get info(): SyncedColumns {
    const { buffer, label, mirror, needed } = this
    const { changes, direction, rows: rowKind } = this.options
    const component = this.component as Synced
    const entities = this.#rowMap.members.count
    const how = { layout: 'columns', changes, rowKind, direction } as const
    return { component, label, ...how, entities, needed, buffer, mirror }
  }

  /** Components that an entity needs to have a row. */
  get needed(): readonly object[] {
    return [this.component]
  }

  /** Rows in use: those that the columns and the device have room for. */
  get rows(): number {
    return this.#rowMap.rows
  }

  rowOf(entity: number): number {
    return this.#rowMap.rowOf(this.#world.ecs.entityIndexOf(entity))
  }

  entityOf(row: number): number {
    return Number.isInteger(row) && row >= 0 && row < this.rows ? this.#rowMap.entityOf(row) : -1
  }

  /** Rows of the dead are what the columns hold there, as on the device. */
  rowsNow(first: number, count: number): ArrayBuffer {
    this.#rowsNow ??= new RowsNow(this.#columns)
    return this.#rowsNow.read(new Uint8Array(count * this.#columns.layout.stride), first, (row) => row)
  }

  /**
   * Hands the columns over, and says which rows of them changed. Their bytes are read when the frame
   * ends, unless they are compared.
   *
   * @throws what `MkSync.stage` lists. ColumnLengthMismatch, SchemaMismatch, ColumnDetached: nothing is
   *   staged. Else all other rows are
   */
  stage(): void {
    const { mirror, marks } = this
    const { members } = this.#rowMap
    members.update()
    if (members.isChanged) this.#rowMap.refresh()
    const length = this.#binding.bind()
    const wanted = Math.min(this.#rowMap.wanted, length)
    const refused = wanted > mirror.capacity ? this.#grow(wanted) : undefined
    const room = Math.min(length, mirror.capacity)
    if (members.isChanged || (wanted > this.rows && room > this.rows)) this.#rowMap.apply(room)
    mirror.used = Math.min(this.rows, length)
    if (this.#markSources.areUsed) this.#markSources.collect()
    // Columns that were replaced, or hold more than before, are other ones.
    const isNew = this.#binding.replaced || length !== this.#length
    if (marks.rows !== undefined) this.#forgotten?.excuse(marks.rows, this.#rowMap)
    this.#find(isNew)
    this.#binding.replaced = false
    this.#length = length
    this.#lookForForgotten(isNew)
    this.marks.rows?.clear()
    if (length < members.end && members.alive.nextRun(length, 0)) throw this.#warnings.beyond(length, members)
    if (refused !== undefined) throw refused
  }

  /** Marks from other threads. @throws {@link SharedMemoryUnavailable} */
  marker(): SharedMarker {
    return this.#markSources.marker(Math.max(this.#rowMap.members.end, this.options.capacity))
  }

  /** Rows that changed without a mark, so far; undefined where they are not counted. */
  get forgottenMarks(): number | undefined {
    return this.#forgotten?.count
  }

  /** Stops observing the world and destroys the buffer. */
  dispose(): void {
    this.#world.labels.release(this)
    this.#markSources.dispose()
    this.#rowMap.dispose()
    this.mirror.destroy()
    this.#buffer?.end()
  }

  /** Rows by entity id come and go in sets. @internal */
  rowEntered(): void {}

  /** @internal */
  rowsEntered(rows: DirtyRows, end: number, first: number): void {
    this.marks.markRows(rows, end, first)
  }

  /** @internal */
  rowLeft(): void {}

  /** @internal */
  rowsLeft(rows: DirtyRows): void {
    this.marks.unmarkRows(rows)
  }

  /** Rows by entity id never move. @internal */
  rowMoved(): void {}

  /** Tells the mirror what changed. */
  #find(isNew: boolean): void {
    const { mirror } = this
    const { changes } = this.options
    if (mirror.used === 0) return
    if (changes === 'detect') mirror.detect()
    else if (isNew || (changes === 'all' && this.#rowMap.members.count > 0)) mirror.markAll()
    else if (this.marks.rows !== undefined) mirror.markRows(this.marks.rows)
  }

  #lookForForgotten(isNew: boolean): void {
    const { marks } = this
    const [forgotten, sent] = [this.#forgotten, this.#sent]
    if (forgotten === undefined || sent === undefined || marks.rows === undefined) return
    const { used } = this.mirror
    sent.take(this.mirror.capacity, used, isNew ? undefined : marks.rows)
    const found = forgotten.look(sent, this.#rowMap, used, this.#markSources.hasMarkers)
    if (found > 0) this.#warnings.forgottenMarks(found, forgotten)
  }

  /** @throws {@link SchemaMismatch}, {@link ColumnDetached} */
  #bind(i: number, source: unknown): void {
    const index = this.deviceColumns.indices[i]
    const array = sameKind(this.label, this.deviceColumns.columns[index], source)
    this.mirror.bind(index, array as ColumnArray)
  }

  /** Makes room for `rows` rows, or for as many as the device allows. @returns why there is no more */
  #grow(rows: number): unknown {
    const { marks, mirror } = this
    const refused = growAsFar(mirror, roundedUp(rows))
    // With another capacity everything goes up.
    if (marks.rows !== undefined && marks.rows.rows !== mirror.capacity)
      marks.rows = new DirtyRows(mirror.capacity)
    if (refused !== undefined || rows <= mirror.capacity) return refused
    // There may be no living entity beyond.
    return this.#rowMap.members.alive.nextRun(mirror.capacity, 0) ? tooFewRows(mirror, rows) : undefined
  }
}

/** Sections have a multiple of 64 rows, so that each begins on a word. */
function roundedUp(rows: number): number {
  return Math.ceil(rows / 64) * 64
}
