import type { MkError, Schema } from '@memkit/core'
import type { ColumnMirror, Mirror, MkCoordinator } from '@memkit/coordinator'
import type { ColumnsBuffer } from '../buffer/columns-buffer.ts'
import { componentLabelProblem, type LabelOwners } from '../buffer/label-owners.ts'
import { SyncedBuffer, type BufferSource } from '../buffer/synced-buffer.ts'
import { rowsNames } from '../buffer/wgsl-binding.ts'
import type { EcsWorld } from '../ecs/ecs.ts'
import { Membership } from '../ecs/membership.ts'
import { ForgottenMarks } from '../marks/forgotten-marks.ts'
import { MarkSources, type Marks } from '../marks/marks.ts'
import type { SharedMarker } from '../marks/shared-marker.ts'
import { EntityRows } from '../rows/entity-rows.ts'
import { growAsFar, tooFewRows } from '../rows/grow-as-far.ts'
import { PackedRows } from '../rows/packed-rows.ts'
import type { RowMap } from '../rows/row-map.ts'
import { RowTable } from '../rows/row-table.ts'
import { RowsNow } from '../rows/shadow-rows.ts'
import { SharedRows } from '../rows/shared-rows.ts'
import { ComponentColumns } from '../store/component-columns.ts'
import { readLayout } from '../store/component-layout.ts'
import { RowUnpacker } from '../store/row-unpacker.ts'
import { checkDevice, createMirror, createMirrorOver } from './component-mirror.ts'
import { ComponentWarnings } from './component-warnings.ts'
import type { Changes, RowKind, SyncDirection, Synced, SyncedOptions } from './gpu-synced-options.ts'
import { MirrorPacker } from './mirror-packer.ts'
import { inPlace, RowsInPlace } from './rows-in-place.ts'
import { canPackOnDemand, RowsOnDemand } from './rows-on-demand.ts'

/** What the components of one world have in common. */
export interface SyncedWorld {
  readonly ecs: EcsWorld
  readonly coordinator: MkCoordinator
  readonly labels: LabelOwners
  readonly debug: boolean
}

/** A component that a world syncs, and how. For tools. */
export type SyncedInfo = SyncedRows | SyncedColumns

interface SyncedAnyhow {
  readonly component: Synced
  readonly label: string
  readonly changes: Changes
  readonly rowKind: RowKind
  readonly direction: SyncDirection
  /** Entities that have a row or are to get one with the next stage. */
  readonly entities: number
  /** The components that an entity needs to have a row: this one, and those of `with` and `rowsOf`. */
  readonly needed: readonly object[]
}

/** A component in rows. */
export interface SyncedRows extends SyncedAnyhow {
  readonly layout: 'rows'
  /** The same object that `mk.buffer(component)` gives. */
  readonly buffer: SyncedBuffer
  /** Where its rows lie on the CPU, if `keepsRows`. Look, and do not write: its dirty rows are what goes up. */
  readonly mirror: Mirror
}

/** A component in columns. */
export interface SyncedColumns extends SyncedAnyhow {
  readonly layout: 'columns'
  readonly buffer: ColumnsBuffer
  /** What uploads it. Look, and do not write. */
  readonly mirror: ColumnMirror
}

/** One flagged component of one world: its mirror, who has which row, and how its columns get there. */
export class SyncedComponent implements BufferSource {
  readonly component: object
  readonly options: SyncedOptions
  readonly label: string
  readonly schema: Schema
  readonly deviceWrites: boolean
  readonly hasEntities = true
  readonly mirror: Mirror
  readonly rowMap: RowMap
  /** Rows to pack whether they differ or not. */
  readonly marks: Marks
  readonly #world: SyncedWorld
  readonly #columns: ComponentColumns
  readonly #packer: MirrorPacker
  readonly #markSources: MarkSources
  readonly #warnings: ComponentWarnings
  readonly #owner: SyncedComponent | undefined
  /** Components with `rowsOf` this one: their buffers grow with its. */
  readonly #followers: SyncedComponent[] = []
  #rowTable: RowTable | undefined
  /** Rows that the mirror, the row table and all followers have room for. */
  #room = 0
  /** Undefined in direction `upload`. */
  readonly #unpacker: RowUnpacker | undefined
  /** The last stage packed all that changed, and no rows that came back wait for their columns. */
  #isPacked = false
  /** Why rows that came back are not in the columns yet. */
  #notTaken: MkError | undefined
  readonly #forgotten: ForgottenMarks | undefined
  #buffer: SyncedBuffer | undefined
  #rowsNow: RowsNow | undefined

  /**
   * @param owner the component whose rows it has, with `rowsOf`
   * @throws HeapFull, MirrorTooLarge, UsageUnsupported, and what `readLayout` throws: nothing is left behind
   */
  constructor(
    world: SyncedWorld,
    component: object,
    options: SyncedOptions,
    owner: SyncedComponent | undefined,
  ) {
    const { changes, direction, isLabelled, label } = options
    const { coordinator, debug, ecs } = world
    this.#world = world
    this.#owner = owner
    this.component = component
    this.options = options
    this.label = label
    this.deviceWrites = direction !== 'upload'
    const layout = readLayout(label, ecs.storeOf?.(component) ?? component, options.schema)
    this.schema = layout.schema
    const columns = (this.#columns = new ComponentColumns(ecs, label, component, layout))
    this.#warnings = new ComponentWarnings(coordinator, columns)
    if (this.deviceWrites) this.#unpacker = new RowUnpacker(columns)
    // First of all: watching would register the component, and the error would come back with every frame.
    checkDevice(coordinator, options, layout.stride)
    const rowMap = (this.rowMap = this.#makeRowMap())
    let mirror: Mirror | undefined
    try {
      // In debug mode rows are compared with their mirror: it must be another memory.
      const given = debug ? undefined : inPlace(columns.store, component, options)
      const over = given && createMirrorOver(coordinator, options, layout, given)
      const ownerRows = owner?.mirror.capacity
      const isOnDemand = !debug && over === undefined && canPackOnDemand(columns, options)
      const onDemand = isOnDemand ? new RowsOnDemand() : undefined
      this.mirror = mirror =
        over ?? createMirror(coordinator, options, layout, rowMap.wanted, ownerRows, onDemand)
      const inPlaceOf = over && new RowsInPlace(columns.component)
      this.#packer = new MirrorPacker(mirror, columns, rowMap, options, inPlaceOf ?? onDemand)
    } catch (error) {
      rowMap.dispose()
      mirror?.destroy()
      throw error
    }
    this.marks = this.#packer.marks
    if (debug && changes === 'marked' && direction !== 'download')
      this.#forgotten = new ForgottenMarks(columns)
    this.#markSources = new MarkSources(ecs, component, this.marks, (entities) =>
      this.#warnings.markerFull(entities),
    )
    if (changes === 'marked' || direction === 'download') this.#markSources.followWrites()
    mirror.used = 0
    if (isLabelled) world.labels.take(label, this, (name) => this.namesOf(name))
    if (owner !== undefined) this.#follow(owner)
  }

  get labelProblem(): string | undefined {
    return componentLabelProblem(this, this.options.isLabelled, this.#world.labels)
  }

  /** Names in WGSL that are made of its name. */
  namesOf(name: string): readonly string[] {
    return rowsNames(name, this)
  }

  get interpolation(): SyncedOptions['interpolation'] | undefined {
    return this.options.history === undefined ? undefined : this.options.interpolation
  }

  /** The entity jumped: its previous row is to be its current one. */
  resetHistory(entityIndex: number): void {
    const row = this.rowMap.rowOf(entityIndex)
    if (row >= 0) this.mirror.history?.snap(row)
  }

  /** The same object each time. */
  get buffer(): SyncedBuffer {
    return (this.#buffer ??= new SyncedBuffer(this, this.#world.coordinator))
  }

  get info(): SyncedRows {
    const { buffer, entities, label, mirror, needed } = this
    const { changes, direction, rows: rowKind } = this.options
    const component = this.component as Synced
    const how = { layout: 'rows', changes, rowKind, direction } as const
    return { component, label, ...how, entities, needed, buffer, mirror }
  }

  /** Components that an entity needs to have a row. */
  get needed(): readonly object[] {
    return [this.component, ...(this.#owner?.needed ?? []), ...this.options.with]
  }

  /** Its rows, or its owner's, where they are packed. */
  get packedRows(): PackedRows | undefined {
    return this.#owner?.packedRows ?? (this.rowMap instanceof PackedRows ? this.rowMap : undefined)
  }

  /** Rows in use. */
  get rows(): number {
    return this.rowMap.rows
  }

  rowOf(entity: number): number {
    return this.rowMap.rowOf(this.#world.ecs.entityIndexOf(entity))
  }

  /** Entities alive, those without a row yet included. */
  get entities(): number {
    return this.rowMap.members.count
  }

  entityOf(row: number): number {
    return Number.isInteger(row) && row >= 0 && row < this.rows ? this.rowMap.entityOf(row) : -1
  }

  rowsNow(first: number, count: number): ArrayBuffer {
    this.#rowsNow ??= new RowsNow(this.#columns)
    const { mirror } = this
    const { stride } = mirror
    // Where no rows are kept, those of the dead are what the columns hold there, as on the device.
    if (!mirror.keepsRows) return this.#rowsNow.read(new Uint8Array(count * stride), first, (row) => row)
    const rows = mirror.view(Uint8Array).slice(first * stride, (first + count) * stride)
    return this.#rowsNow.read(rows, first, (row) => this.entityOf(row))
  }

  rowTable(): RowTable | undefined {
    if (this.#owner !== undefined) return this.#owner.rowTable()
    const { mirror, options, rowMap } = this
    if (!(rowMap instanceof PackedRows)) return undefined
    const { coordinator, labels } = this.#world
    this.#rowTable ??= new RowTable(coordinator, rowMap, mirror.capacity, options, labels)
    return this.#rowTable
  }

  /**
   * Brings the rows that changed into the mirror: updates who has a row, makes room, packs, and tells what
   * is wrong.
   * @throws what `MkSync.stage` lists. ColumnLengthMismatch, SchemaMismatch, ColumnDetached, ReserveRefused,
   *   and ColumnInaccessible for reading: nothing is staged. Else all other rows are
   */
  stage(): void {
    this.#isPacked = false
    const { rowMap } = this
    const { members } = rowMap
    members.update()
    if (members.isChanged) rowMap.refresh()
    const refused = this.#makeRoom()
    // More rows are wanted than in use where the device allowed no more before.
    if (members.isChanged || rowMap.wanted > rowMap.rows) rowMap.apply(this.#room)
    this.mirror.used = rowMap.rows
    if (this.#markSources.areUsed) this.#markSources.collect()
    const length = this.#pack()
    this.#isPacked = this.#notTaken === undefined
    this.#tell(length, refused)
  }

  /** Called before rows come back: stages what the CPU has, which is newer. Where that fails, they wait. */
  prepareArrivals(): void {
    const isNewer = this.options.direction === 'both' || this.#packer.binding.differs
    if (isNewer)
      try {
        this.stage()
      } catch {
        // Told by the frame's own stage.
      }
    this.mirror.arrivalsWait = isNewer && !this.#isPacked
  }

  /** Brings rows that came back into the columns. Those that can't be written wait: `stage` tries again. */
  takeArrivals(): void {
    this.#notTaken = undefined
    const { arrived } = this.mirror
    if (this.#unpacker === undefined || arrived === undefined || arrived.isEmpty) return
    if (this.#markSources.areUsed) this.#markSources.collect()
    // After a reset of the world it isn't known whose the rows are; all of them start again.
    if (this.rowMap.members.intact) this.#notTaken = this.#unpacker.unpack(this.mirror, arrived, this)
    if (this.#notTaken === undefined) arrived.clear()
  }

  /** Whether a row that came back is wanted: of the same entity still, and not marked as newer here. */
  wantsRow(row: number): boolean {
    const { members } = this.rowMap
    return members.alive.has(row) && !members.isTouched(row) && this.marks.rows?.has(row) !== true
  }

  /** Marks from other threads. @throws {@link SharedMemoryUnavailable} */
  marker(): SharedMarker {
    return this.#markSources.marker(Math.max(this.rowMap.members.end, this.options.capacity))
  }

  /** Rows that changed without a mark, so far; undefined where they are not counted. */
  get forgottenMarks(): number | undefined {
    return this.#forgotten?.count
  }

  /** Stops observing the world and destroys the buffers. */
  dispose(): void {
    if (this.#owner !== undefined) {
      const followers = this.#owner.#followers
      followers.splice(followers.indexOf(this), 1)
    }
    this.#world.labels.release(this)
    this.#markSources.dispose()
    this.rowMap.dispose()
    this.#rowTable?.dispose()
    this.#packer.dispose()
    this.mirror.destroy()
    this.#buffer?.end()
  }

  /** Makes room for everyone alive. @returns why some have none: the rows that fit are staged */
  #makeRoom(): unknown {
    const { mirror } = this
    const { wanted } = this.rowMap
    // A store that is the mirror can't grow: entities beyond it are reported, as with any other store.
    let refused = wanted > mirror.capacity && !this.#packer.isInPlace ? this.#growFor(wanted) : undefined
    const { capacity } = mirror
    this.#room = capacity
    if (this.#rowTable !== undefined) {
      const listRefused = growAsFar(this.#rowTable.mirror, capacity)
      refused ??= listRefused
      this.#room = Math.min(this.#room, this.#rowTable.mirror.capacity)
    }
    for (let i = 0; i < this.#followers.length; i++) {
      const follower = this.#followers[i]
      const followerRefused = follower.#growWith(capacity, wanted)
      refused ??= followerRefused
      if (follower.rowMap instanceof SharedRows) this.#room = Math.min(this.#room, follower.rowMap.room)
    }
    this.#packer.follow()
    return refused
  }

  #growFor(wanted: number): unknown {
    const { mirror, rowMap } = this
    const refused = growAsFar(mirror, wanted)
    if (refused !== undefined || wanted <= mirror.capacity) return refused
    // Of entity rows there may be none in use beyond.
    const reachesBeyond = rowMap.table >= 0 || rowMap.members.alive.nextRun(mirror.capacity, 0)
    return reachesBeyond ? tooFewRows(mirror, wanted) : undefined
  }

  /**
   * Makes room for all rows of the owner.
   * @throws HeapFull, MirrorTooLarge, ReserveRefused: it's disposed of
   */
  #follow(owner: SyncedComponent): void {
    owner.#followers.push(this)
    const refused = this.#growWith(owner.mirror.capacity, owner.rows)
    if (refused === undefined) return
    this.dispose()
    throw refused
  }

  /**
   * With `rowsOf`: makes room for as many rows as the owner has, or as the device allows.
   * @param wanted rows that the owner wants to hand out
   * @returns why there is no room for these
   */
  #growWith(capacity: number, wanted: number): unknown {
    let refused = growAsFar(this.mirror, capacity)
    try {
      this.#packer.follow()
    } catch (error) {
      refused ??= error
    }
    if (refused !== undefined || wanted <= this.mirror.capacity || wanted > capacity) return refused
    return tooFewRows(this.mirror, wanted)
  }

  /** Packs what the mode asks for. @returns how many entities the columns have room for */
  #pack(): number {
    const { mirror, rowMap } = this
    const { binding, marks } = this.#packer
    if (marks.rows !== undefined) this.#forgotten?.excuse(marks.rows, rowMap)
    try {
      const length = this.#packer.bind()
      const { replaced } = binding
      if (replaced) {
        // Where the device writes, rows that are equal keep what it wrote: the columns are older.
        if (!this.deviceWrites) marks.markAll()
        // What came back for columns that are gone is older than those that took their place.
        mirror.arrived?.clear()
      }
      if (this.#unpacker !== undefined) this.takeArrivals()
      // Entity rows past the columns are left out; packed rows there read as zero until they can be packed.
      const count = rowMap.table < 0 ? Math.min(rowMap.rows, length) : rowMap.rows
      this.#packRows(count, replaced)
      if (marks.rows !== undefined) marks.packed(length)
      binding.replaced = false
      const found = this.#forgotten?.look(mirror, rowMap, count, this.#markSources.hasMarkers) ?? 0
      if (found > 0) this.#warnings.forgottenMarks(found, this.#forgotten!)
      return length
    } catch (error) {
      throw this.#warnings.readingThrew(error, this.#packer.writer.reading)
    }
  }

  #packRows(count: number, replaced: boolean): void {
    const { mirror, rowMap } = this
    const { mask, members, table } = rowMap
    const { marks, writer } = this.#packer
    const { changes, direction } = this.options
    // Also rows that equal the mirror's: where the device writes too, it has others.
    if (marks.rows !== undefined) writer.pack(mirror, 0, count, marks.rows, table)
    if (changes === 'all') {
      if (this.#packer.keepsNone && isNearlyAll(members.count, rowMap.rows, count))
        mirror.markWhole(members.count)
      else writer.pack(mirror, 0, count, mask, table)
    }
    // Where the device writes: not while rows that came back wait for the columns, which are older.
    const compares = this.deviceWrites
      ? this.#notTaken === undefined && (replaced || (changes === 'detect' && direction === 'both'))
      : changes === 'detect'
    if (compares) writer.diff(mirror, 0, count, mask, table)
  }

  /** @throws the error that matters most, where something is wrong */
  #tell(length: number, refused: unknown): void {
    const { writer } = this.#packer
    const { members } = this.rowMap
    let misread: unknown
    if (writer.holes > 0) {
      misread = this.#warnings.holes(writer.holes, writer.reading)
      writer.holes = 0
    }
    if (length < members.end && members.alive.nextRun(length, 0)) throw this.#warnings.beyond(length, members)
    const error = refused ?? this.#notTaken ?? misread
    if (error !== undefined) throw error
  }

  #makeRowMap(): RowMap {
    const { label, rows } = this.options
    const members = new Membership(this.#world.ecs, this.needed)
    const packed = this.#owner?.packedRows
    if (packed !== undefined) return new SharedRows(packed, members, label)
    return rows === 'packed' ? new PackedRows(members, label) : new EntityRows(members, label)
  }
}

/** Whether to send all rows in use without a look at who is alive: at most a fifteenth more than these. */
function isNearlyAll(alive: number, rows: number, length: number): boolean {
  return length === rows && alive * 16 >= rows * 15
}
