import { ColumnPacker, DirtyRows, hasCode, MkError, RowOutOfRange } from '@memkit/core'
import type { ColumnLayout, ColumnSource, Schema } from '@memkit/core'
import { MirrorTooLarge, mostMirrorBytes } from '@memkit/coordinator'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, UsageUnsupported } from '@memkit/gpu'
import { ComponentSource } from './component-source.ts'
import type { EcsWorld } from './ecs.ts'
import { EntityRows } from './entity-rows.ts'
import { ColumnInaccessible, EntityBeyondColumn } from './errors.ts'
import { growAsFar, tooFewRows } from './grow-as-far.ts'
import { ForgottenMarks } from './forgotten-marks.ts'
import type { SyncedOptions } from './gpu-synced-options.ts'
import { componentLabelProblem } from './label-owners.ts'
import type { LabelOwners } from './label-owners.ts'
import { MarkSources } from './mark-sources.ts'
import { Membership } from './membership.ts'
import { PackedRows } from './packed-rows.ts'
import type { RowKeeper, RowMap } from './row-map.ts'
import { RowTable } from './row-table.ts'
import { RowsNow } from './rows-now.ts'
import { RowUnpacker } from './row-unpacker.ts'
import { RowsInPlace, inPlace } from './rows-in-place.ts'
import type { InPlace, RowWriter } from './rows-in-place.ts'
import { SeenColumns } from './seen-columns.ts'
import { SharedRows } from './shared-rows.ts'
import { columnAt } from './source.ts'
import type { Shape } from './source.ts'
import type { SharedMarker } from './shared-marker.ts'
import type { BufferSource } from './synced-buffer.ts'

/** Most bytes that are reserved where the user gave no capacity. */
const FIRST_BYTES = 64 << 20

/** What a component of a world knows of the others there. */
export interface SyncedNeighbours {
  /** The component whose rows it has, with `rowsOf`. */
  readonly owner: SyncedComponent | undefined
  readonly labels: LabelOwners
}

/** One flagged component of one world: its mirror, who is in it, and how its columns get there. */
export class SyncedComponent implements RowKeeper, BufferSource {
  readonly component: object
  readonly options: SyncedOptions
  readonly shape: Shape
  readonly #ecs: EcsWorld
  readonly #source: ComponentSource
  readonly mirror: Mirror
  /** Which row an entity has. */
  readonly rowMap: RowMap
  readonly #membership: Membership
  #packer: RowWriter
  #packerMemory: number
  /** Rows to pack whether they differ or not; always a part of the rows that hold a living entity. */
  #marks: DirtyRows
  readonly #markSources: MarkSources
  readonly #coordinator: MkCoordinator
  #rowTable: RowTable | undefined
  readonly #labels: LabelOwners
  readonly #owner: SyncedComponent | undefined
  /** Components with `rowsOf` this one: their buffers grow with this one's. */
  readonly #followers: SyncedComponent[] = []
  readonly #unpacker: RowUnpacker | undefined
  /** Undefined where a replaced column needs no care: all rows are compared or packed anyway. */
  readonly #seen: SeenColumns | undefined
  /** Why rows that came back are not in the columns yet. */
  #notTaken: MkError | undefined
  /** Made when somebody looks. */
  #rowsNow: RowsNow | undefined
  #saidHoles = false
  /** The last `stage` looked at every row: none that the CPU changed before it is left. */
  packed = false
  /** Undefined where nothing is counted. */
  readonly #forgotten: ForgottenMarks | undefined
  #saidForgotten = false

  /** @throws HeapFull, MirrorTooLarge, UsageUnsupported and what `readShape` throws; nothing is left behind then */
  constructor(
    ecs: EcsWorld,
    coordinator: MkCoordinator,
    component: object,
    options: SyncedOptions,
    { owner, labels }: SyncedNeighbours,
    debug = false,
  ) {
    this.#ecs = ecs
    this.#owner = owner
    this.#labels = labels
    this.component = component
    this.options = options
    this.#coordinator = coordinator
    this.#source = new ComponentSource(ecs, options.label, component, options.schema)
    this.shape = this.#source.shape
    this.#unpacker = options.direction === 'upload' ? undefined : new RowUnpacker(options.label, this.shape)
    if (options.changes === 'marked' || this.#unpacker !== undefined) this.#seen = new SeenColumns()
    // First of all: watching would register the component, and the error would come back with every frame.
    this.#checkDevice()
    const membership = new Membership(ecs, this.needed)
    this.#membership = membership
    this.rowMap = this.#makeRowMap(membership)
    let mirror: Mirror | undefined
    try {
      // In debug mode rows are compared with their mirror, to find those that nobody marked: it must be another.
      const given = debug ? undefined : inPlace(this.#source.store, component, options)
      const over = given && this.#makeMirrorOver(given)
      this.mirror = mirror = over ?? this.#makeMirror()
      this.#packer = over ? new RowsInPlace(component) : this.#makeFirstPacker()
    } catch (error) {
      membership.dispose()
      mirror?.destroy()
      throw error
    }
    this.#packerMemory = mirror.memoryGeneration
    this.#marks = new DirtyRows(mirror.capacity)
    if (debug && options.changes === 'marked' && options.direction !== 'download')
      this.#forgotten = new ForgottenMarks(this.#source)
    const followWrites = options.changes === 'marked' || options.direction === 'download'
    this.#markSources = new MarkSources(ecs, component, this, followWrites, (entities) =>
      this.#reportMarkerFull(entities),
    )
    mirror.used = 0
    if (options.isLabelled) labels.take(options.label, this)
    if (owner !== undefined) this.#follow(owner)
  }

  get label(): string {
    return this.options.label
  }

  get labelProblem(): string | undefined {
    return componentLabelProblem(this, this.options.isLabelled, this.#labels)
  }

  /** Components that an entity needs to have a row. */
  get needed(): readonly object[] {
    return [this.component, ...(this.#owner?.needed ?? []), ...this.options.with]
  }

  /** Its rows, or its owner's, where they are packed. */
  get packedRows(): PackedRows | undefined {
    return this.#owner?.packedRows ?? (this.rowMap instanceof PackedRows ? this.rowMap : undefined)
  }

  get schema(): Schema {
    return this.shape.schema
  }

  get deviceWrites(): boolean {
    return this.options.direction !== 'upload'
  }

  /** Rows in use. */
  get rows(): number {
    return this.rowMap.rows
  }

  rowOf(entity: number): number {
    return this.rowMap.rowOf(this.#ecs.rowOf(entity))
  }

  /** Entities alive, those without a row yet included. */
  get entities(): number {
    return this.#membership.count
  }

  entityOf(row: number): number {
    if (!Number.isInteger(row) || row < 0 || row >= this.rows) return -1
    const { mask } = this.rowMap
    return mask === undefined || mask.has(row) ? this.rowMap.entityOf(row) : -1
  }

  rowsNow(first: number, count: number): ArrayBuffer {
    this.#rowsNow ??= new RowsNow(this.#source)
    return this.#rowsNow.read(this.mirror, first, count, (row) => this.entityOf(row))
  }

  rowTable(): RowTable | undefined {
    if (this.#owner !== undefined) return this.#owner.rowTable()
    if (!(this.rowMap instanceof PackedRows)) return undefined
    this.#rowTable ??= new RowTable(
      this.#coordinator,
      this.rowMap,
      this.mirror.capacity,
      this.options,
      this.#labels,
    )
    return this.#rowTable
  }

  /**
   * Brings the rows that changed into the mirror.
   *
   * @throws EntityBeyondColumn when a living entity lies past the end of a column: all other rows are staged
   * @throws MirrorTooLarge when the device allows no buffer of that many rows: all other rows are staged
   * @throws UnsupportedColumn when a column holds no numbers but something else: all others are staged
   * @throws ColumnInaccessible when rows that came back could not be written to a column: all others are staged
   * @throws ColumnLengthMismatch, SchemaMismatch, ColumnDetached, ColumnInaccessible (reading): nothing is staged, nothing is lost
   * @throws ReserveRefused when the heap is full and the platform refuses another: nothing is lost
   */
  stage(): void {
    this.packed = false
    const membership = this.#membership
    membership.update()
    const refused = this.#makeRoom()
    membership.apply(this.rowMap)
    this.rowMap.settle()
    this.mirror.used = this.rows
    this.#markSources.collect()
    this.#forgotten?.excuse(this.#marks, this.rowMap)
    let length: number
    try {
      length = this.#packColumns()
    } catch (error) {
      if (!hasCode(error, 'HeapFull')) throw this.#whatReadingThrew(error)
      this.#isolate()
      length = this.#packColumns()
    }
    this.packed = this.#notTaken === undefined
    const misread = this.#packer.holes > 0 ? this.#lookAtHoles() : undefined
    if (this.#forgotten !== undefined) this.#lookForForgotten(this.#forgotten, length)
    if (length < membership.rows && membership.alive.nextRun(length, 0)) this.#reportBeyond(length)
    const error = refused ?? this.#notTaken ?? misread
    if (error !== undefined) throw error
  }

  /** What the CPU has is newer than what comes back now, so it must be staged before. */
  get stagesFirst(): boolean {
    if (this.options.direction === 'both') return true
    return this.#seen !== undefined && this.#source.differsFrom(this.#seen)
  }

  /** Brings rows that came back from the device into the columns. Those that cannot be written wait; `stage` tries again, and says why. */
  takeArrivals(): void {
    this.#notTaken = undefined
    const { arrived } = this.mirror
    if (this.#unpacker === undefined || arrived === undefined || arrived.isEmpty) return
    this.#markSources.collect()
    // In a world that was reset nobody knows whose the rows are; all of them start anew.
    if (this.#membership.intact)
      this.#notTaken = this.#unpacker.unpack(this.#source.store, this.mirror, arrived, this)
    if (this.#notTaken === undefined) arrived.clear()
  }

  /** Not when its id died or was recycled since the row was written, nor when it was marked: then the CPU has something newer. */
  wantsRow(row: number): boolean {
    const { alive } = this.#membership
    return alive.has(row) && !this.#membership.isTouched(row) && !this.#marks.has(row)
  }

  /** Marks an entity's row; one without a row is left alone, for entering marks it. @throws RowOutOfRange */
  mark(entity: number): void {
    if (!Number.isInteger(entity) || entity < 0) throw new RowOutOfRange(entity, this.#membership.rows)
    const row = this.rowMap.rowOf(entity)
    if (row >= 0 && row < this.#marks.rows) this.#marks.set(row)
  }

  /** Marks the rows of entities `first` … `first + count − 1`. @throws RowOutOfRange */
  markRange(first: number, count: number): void {
    const { alive, rows } = this.#membership
    if (!Number.isInteger(first) || first < 0) throw new RowOutOfRange(first, rows)
    if (!Number.isInteger(count) || count < 0) throw new RowOutOfRange(first + count, rows)
    const end = Math.min(first + count, rows)
    for (let from = first; from < end && alive.nextRun(from, 0); from = alive.runFirst + alive.runCount) {
      const { runFirst } = alive
      const runEnd = Math.min(end, runFirst + alive.runCount)
      for (let entity = Math.max(first, runFirst); entity < runEnd; entity++) this.mark(entity)
    }
  }

  /** Marks every row. */
  markAll(): void {
    this.markRange(0, this.#membership.rows)
  }

  /** Marks from other threads. @throws SharedMemoryUnavailable */
  marker(): SharedMarker {
    return this.#markSources.marker(Math.max(this.#membership.rows, this.options.capacity))
  }

  /** Rows that changed without a mark, so far; undefined where they are not counted. */
  get forgottenMarks(): number | undefined {
    return this.#forgotten?.count
  }

  rowEntered(row: number): void {
    this.#marks.set(row)
  }

  rowLeft(row: number): void {
    this.#marks.unset(row)
    if (this.options.onRemove === 'keep') return
    const { stride } = this.shape
    this.mirror.view(Uint8Array).fill(0, row * stride, (row + 1) * stride)
    this.mirror.mark(row)
  }

  rowMoved(from: number, to: number): void {
    if (this.#marks.has(from)) this.#marks.set(to)
    else this.#marks.unset(to)
    // The row goes as it is, with writes that nobody has marked yet left out; `detect` and `all` look at it afresh anyway.
    const { stride } = this.shape
    this.mirror.view(Uint8Array).copyWithin(to * stride, from * stride, (from + 1) * stride)
    this.mirror.mark(to)
  }

  /** Ends it: no observer and no buffer stays. */
  dispose(): void {
    if (this.#owner !== undefined) {
      const followers = this.#owner.#followers
      followers.splice(followers.indexOf(this), 1)
    }
    this.#labels.release(this.label, this)
    this.#markSources.dispose()
    this.#membership.dispose()
    this.rowMap.dispose()
    this.#rowTable?.dispose()
    this.#packer.dispose()
    this.mirror.destroy()
  }

  /** Makes room for everyone alive. @returns the error, when there is no more to be had: the rows that fit go on */
  #makeRoom(): unknown {
    const { wanted } = this.rowMap
    // A store that is the mirror has the room it has: who lies beyond is reported, as with any other store.
    const grows = wanted > this.mirror.capacity && !(this.#packer instanceof RowsInPlace)
    let refused = grows ? this.#growFor(wanted) : undefined
    // First, for rows that are handed out are listed in it.
    const listRefused = this.#rowTable?.fit(this.mirror.capacity)
    refused ??= listRefused
    for (let i = 0; i < this.#followers.length; i++) {
      const followerRefused = this.#followers[i].#growWith(this.mirror.capacity, wanted)
      refused ??= followerRefused
    }
    this.#settleMemory()
    return refused
  }

  #growFor(wanted: number): unknown {
    const refused = growAsFar(this.mirror, wanted)
    const { capacity } = this.mirror
    if (refused !== undefined || wanted <= capacity || !this.rowMap.reachesBeyond(capacity)) return refused
    return tooFewRows(this.mirror, wanted)
  }

  /** Rows that this component and all that have something by its rows have room for. */
  #room(): number {
    let room = Math.min(this.mirror.capacity, this.#rowTable?.mirror.capacity ?? Infinity)
    for (let i = 0; i < this.#followers.length; i++) room = Math.min(room, this.#followers[i].#sharedRoom)
    return room
  }

  /** With `rowsOf`: rows that there is room for here. */
  get #sharedRoom(): number {
    return this.rowMap instanceof SharedRows ? this.rowMap.room : Infinity
  }

  /** Has the rows of its owner, as many as that has. @throws HeapFull, MirrorTooLarge, ReserveRefused; nothing is left behind then */
  #follow(owner: SyncedComponent): void {
    owner.#followers.push(this)
    try {
      const refused = this.#growWith(owner.mirror.capacity, owner.rows)
      if (refused !== undefined) throw refused
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /**
   * With `rowsOf`: room for as many rows as the owner has, or as the device allows. The owner hands out no more.
   *
   * @param wanted rows that the owner wants to hand out
   * @returns why there is no room for these
   */
  #growWith(capacity: number, wanted: number): unknown {
    let refused = growAsFar(this.mirror, capacity)
    try {
      this.#settleMemory()
    } catch (error) {
      refused ??= error
    }
    if (refused !== undefined || wanted <= this.mirror.capacity || wanted > capacity) return refused
    return tooFewRows(this.mirror, wanted)
  }

  /** @throws ReserveRefused */
  #settleMemory(): void {
    try {
      this.#followMemory()
    } catch (error) {
      if (!hasCode(error, 'HeapFull')) throw error
      this.#isolate()
    }
  }

  /** Where the mirror lies elsewhere, so must what works on it. @throws HeapFull */
  #followMemory(): void {
    if (this.mirror.memoryGeneration !== this.#packerMemory) {
      const packer = this.#makePacker()
      this.#packer.dispose()
      this.#packer = packer
      this.#packerMemory = this.mirror.memoryGeneration
      const marks = new DirtyRows(this.mirror.capacity)
      marks.copyFrom(this.#marks)
      this.#marks = marks
    }
    this.rowMap.fit(this.mirror, this.#room())
  }

  /** The heap is full: rows, table and packer go into another. @throws ReserveRefused */
  #isolate(): void {
    this.mirror.isolate(this.#besideBytes())
    this.#followMemory()
  }

  /** Bytes that packing and the row table take beside the rows. */
  #besideBytes(): number {
    const { capacity } = this.mirror
    const masks = Math.max(capacity, this.#membership.capacity)
    return ColumnPacker.bytesFor(this.#layouts(), masks) + capacity * 4 + 1024
  }

  /** Packs what the mode asks for. @returns how many entities the columns have room for @throws HeapFull */
  #packColumns(): number {
    const length = this.#source.bindTo(this.#packer, this.#seen)
    const { rows: entities, alive } = this.#membership
    const replaced = this.#seen?.replaced === true
    // Where the device writes, rows that are equal stay its own: a store that grew is no reason to turn its time back.
    if (replaced && !this.deviceWrites) this.markAll()
    // What came back for columns that are no more is older than those that took their place.
    if (replaced) this.mirror.arrived?.clear()
    this.takeArrivals()
    this.#packRows(length, length < entities && alive.nextRun(length, 0), replaced)
    if (this.#seen !== undefined) this.#seen.replaced = false
    return length
  }

  #packRows(length: number, beyond: boolean, replaced: boolean): void {
    const { mask, table } = this.rowMap
    const count = this.#rowsWithin(length)
    const marks = this.#marks
    const { changes, direction } = this.options
    // Where the device writes too, a row that entered goes up even if it equals what the mirror has: the device has another.
    if ((changes === 'marked' || direction !== 'upload') && !marks.isEmpty)
      this.#packer.pack(this.mirror, 0, count, marks, table)
    if (changes === 'all') this.#packer.pack(this.mirror, 0, count, mask, table)
    else if (this.#compares(replaced)) this.#packer.diff(this.mirror, 0, count, mask, table)
    if (!beyond) return marks.clear()
    for (let from = 0; marks.nextRun(from, 0); from = marks.runFirst + marks.runCount) {
      const end = marks.runFirst + marks.runCount
      for (let row = marks.runFirst; row < end; row++)
        if (this.rowMap.entityOf(row) < length) marks.unset(row)
    }
  }

  /** Not while rows of the device's wait to be written to the columns: these are older, and would look like the CPU's change. */
  #compares(replaced: boolean): boolean {
    const { changes, direction } = this.options
    if (direction === 'upload') return changes === 'detect'
    if (this.#notTaken !== undefined) return false
    return replaced || (changes === 'detect' && direction === 'both')
  }

  /** Entity rows past the columns are left out; packed rows there read as zero, and are packed again when they can be. */
  #rowsWithin(length: number): number {
    const { rows, table } = this.rowMap
    return table < 0 ? Math.min(rows, length) : rows
  }

  /**
   * @throws UsageUnsupported when the device has no buffers of the usage asked for
   * @throws MirrorTooLarge when it allows none of as many rows as are to be reserved
   */
  #checkDevice(): void {
    const { capabilities } = this.#coordinator.gpu
    const { backend, indexIsExclusive, usages } = capabilities
    const { capacity, isReserved, label, usage } = this.options
    const possible = indexIsExclusive ? usages & ~MkBufferUsage.INDEX : usages
    if ((usage & ~possible) !== 0) throw new UsageUnsupported(backend, usage & ~possible, possible)
    const max = mostMirrorBytes(capabilities)
    const bytes = (isReserved ? capacity : 1) * this.shape.stride
    if (bytes > max) throw new MirrorTooLarge(label, bytes, max)
  }

  /** With room for the rows that are there, or for as many as the device allows: then `stage` says so. */
  #makeMirror(): Mirror {
    const { direction, label, usage } = this.options
    const { schema, stride } = this.shape
    const most = Math.floor(mostMirrorBytes(this.#coordinator.gpu.capabilities) / stride)
    const rows = Math.min(most, Math.max(this.#firstRows(), this.rowMap.wanted))
    return this.#coordinator.createMirror({ rows, schema, label, usage, direction })
  }

  #firstRows(): number {
    if (this.#owner !== undefined) return this.#owner.mirror.capacity
    const { capacity, isReserved } = this.options
    return isReserved
      ? capacity
      : Math.max(1, Math.min(capacity, Math.floor(FIRST_BYTES / this.shape.stride)))
  }

  #makeRowMap(membership: Membership): RowMap {
    const packed = this.#owner?.packedRows
    if (packed !== undefined) return new SharedRows(packed, membership, this)
    return this.options.rows === 'packed'
      ? new PackedRows(membership, this)
      : new EntityRows(membership, this)
  }

  /** Undefined where the heap has no room for the dirty rows, or the device none for all that the store has: then a copy must do. */
  #makeMirrorOver({ rows, memory }: InPlace): Mirror | undefined {
    const { label, usage } = this.options
    try {
      return this.#coordinator.createMirror({ rows, schema: this.shape.schema, label, usage, memory })
    } catch (error) {
      if (hasCode(error, 'HeapFull') || hasCode(error, 'MirrorTooLarge')) return undefined
      throw error
    }
  }

  #makePacker(): ColumnPacker {
    return new ColumnPacker(this.mirror.heap, this.#layouts(), this.shape.stride)
  }

  #makeFirstPacker(): ColumnPacker {
    try {
      return this.#makePacker()
    } catch (error) {
      if (!hasCode(error, 'HeapFull')) throw error
      this.mirror.isolate(this.#besideBytes())
      return this.#makePacker()
    }
  }

  #layouts(): ColumnLayout[] {
    return this.shape.columns.map((column) => column.layout)
  }

  /** An error where a column holds no numbers at all; else a warning, once: the same entities would be in every frame's report. */
  #lookAtHoles(): unknown {
    const { holes } = this.#packer
    this.#packer.holes = 0
    try {
      this.#source.checkNumbers()
    } catch (error) {
      return this.#whatReadingThrew(error)
    }
    if (this.#saidHoles) return undefined
    this.#saidHoles = true
    const { label } = this.options
    this.#coordinator.warn(
      'ColumnHoles',
      `${label}: ${holes} of the values of its living entities are no numbers, and read as 0. Write all of an entity's values when the ` +
        'component is added to it.',
      undefined,
      `ColumnHoles ${label}`,
    )
    return undefined
  }

  /** A getter, or a Proxy, in what the packer read. */
  #whatReadingThrew(error: unknown): unknown {
    if (error instanceof MkError) return error
    const column = this.shape.columns[this.#packer.reading]
    return new ColumnInaccessible(this.options.label, column?.path ?? '', 'read', error)
  }

  #lookForForgotten(forgotten: ForgottenMarks, length: number): void {
    const rows = this.#rowsWithin(length)
    const found = forgotten.look(this.mirror, this.rowMap, rows, this.#markSources.hasMarkers)
    if (found === 0 || this.#saidForgotten) return
    this.#saidForgotten = true
    const { label } = this.options
    this.#coordinator.warn(
      'ForgottenMarks',
      `${label}: ${found} rows changed without a mark (that of entity ${forgotten.example}, for one), so the device keeps their old values. ` +
        "Call mk.mark after writing, write with set(), or flag it with changes: 'detect'. mk.forgottenMarks counts on.",
      undefined,
      `ForgottenMarks ${label}`,
    )
  }

  #reportMarkerFull(entities: number): void {
    const { label } = this.options
    this.#coordinator.warn(
      'MarkerFull',
      `${label}: an entity was marked whose id is past the ${entities} that its shared marker has room for, so every row was taken. ` +
        'Ask mk.marker for a bigger one, and post that.',
      undefined,
      `MarkerFull ${label}`,
    )
  }

  #reportBeyond(length: number): never {
    const { alive, rows } = this.#membership
    let highest = alive.runFirst
    for (let entity = alive.runFirst; entity < rows; entity++) if (alive.has(entity)) highest = entity
    const { store } = this.#source
    const column = this.shape.columns.find((found) => {
      const data = columnAt(this.label, store, found) as ColumnSource
      return Math.floor(data.length / found.layout.arity) === length
    })
    throw new EntityBeyondColumn(this.options.label, column?.path ?? '', highest, length)
  }
}
