import type { Interpolations } from '../buffer/interpolation-wgsl.ts'
import type { Schema, TypeLike } from '@memkit/core'

declare const schemaOf: unique symbol
declare const ownsPackedRows: unique symbol
declare const keepsColumns: unique symbol

/** A component that was flagged with `GpuSynced`. Only the type carries its schema, not the object. */
export interface Synced<S extends Schema = Schema> {
  readonly [schemaOf]: S
}

/** A component with `rows: 'packed'` of its own: another may have the same rows, with `rowsOf`. */
export interface PackedSynced<S extends Schema = Schema> extends Synced<S> {
  readonly [ownsPackedRows]: true
}

/** A component with `layout: 'columns'`. */
export interface ColumnsSynced<S extends Schema = Schema> extends Synced<S> {
  readonly [keepsColumns]: true
}

/** How the device keeps a component. */
export type Layout = 'rows' | 'columns'

/** How changed rows are found. */
export type Changes = 'detect' | 'marked' | 'all'

/** Which row an entity has. */
export type RowKind = 'entity' | 'packed'

/** Who writes the rows. */
export type SyncDirection = 'upload' | 'download' | 'both'

/** What becomes of the row of a removed entity. */
export type OnRemove = 'keep' | 'zero'

/**
 * Whose rows the device keeps beside those of now: those of the end of the last frame, or of the last
 * fixed step.
 */
export type History = 'frame' | 'step'

/** Options of every component. */
interface RowOptions<S extends TypeLike> {
  /**
   * Names the WGSL struct, the variable (`Position` gives `position`) and the buffer. PascalCase by
   * habit. Without one, `wgsl()` asks for a `name`, and buffers are called `Component<n>`.
   */
  label?: string
  /**
   * Layout of one row: a struct, a single WGSL type, or a data schema of TypeGPU. Default: one
   * field per column, of the column's kind; for a trait of koota an f32 for each property that is a
   * number. A field of another kind than its column gets the numbers converted by value, as a typed
   * array would: a u32 from 2.7 is 2, from −1 it is 2³² − 1.
   */
  schema?: S
  /**
   * How changed rows are found. `'detect'` (default) compares columns with what the device holds;
   * `'marked'` looks only at rows that were marked, that bitECS's `set()` wrote, and that entered;
   * `'all'` takes every live row. Replacing a column (`Position.x = saved`) marks all of its rows.
   */
  changes?: Changes
  /** `MkBufferUsage` flags beside STORAGE, VERTEX and the transfer flags, for example INDIRECT. */
  usage?: number
  /**
   * Keeps the previous rows on the device as well, in `mk.buffer(C).previous`: `'frame'` as they were
   * at the end of the last frame, `'step'` as they were at the end of the last fixed step, which
   * `mk.beginStep` tells. Not with `layout: 'columns'`; where shaders write rows, `'frame'` only.
   */
  history?: History
  /**
   * By field, how `wgsl(…, { history: true })` blends it. Default `'lerp'` for floats, vectors and
   * matrices of floats, `'current'` for all others.
   */
  interpolation?: Interpolations
}

/**
 * Options of a component with rows of its own. See {@link SharedRowsOptions} for rows of another, and
 * {@link ColumnsOptions} for columns.
 */
export interface GpuSyncedOptions<S extends TypeLike = TypeLike> extends RowOptions<S> {
  /**
   * How the device keeps the component. `'rows'` (default): a struct for each entity. `'columns'`:
   * the component's typed arrays as they are, one after the other. Columns cost no packing, so they
   * are faster where most rows change in most frames; rows are faster where few rows of a wide
   * component change, and can be packed, shared, and written by shaders.
   */
  layout?: 'rows'
  /**
   * `'entity'` (default): row = entity id, for good. `'packed'`: rows without gaps, in no
   * particular order; an entity's row changes when another one leaves.
   */
  rows?: RowKind
  /** Only entities that also have these components get a row. */
  with?: readonly object[]
  /**
   * Who writes the rows. `'upload'` (default): the CPU. `'download'`: a shader; the columns get the
   * values some frames later, and go up when an entity enters or is marked, and when a column is
   * replaced by another that differs. `'both'`: either; a row that the CPU changed goes up whole,
   * and what comes back from before is dropped. A number that stands for what came back already is
   * left as it is: a Float64Array keeps its 0.1. Not with packed rows, nor with objects or small
   * arrays by entity.
   */
  direction?: SyncDirection
  /** A removed entity's row: `'keep'` (default) leaves its last bytes, `'zero'` clears them. */
  onRemove?: OnRemove
  /** Rows reserved at the start, default 1 024, or as many as take 64 MiB. The buffer doubles when full. */
  capacity?: number
  rowsOf?: never
}

/** Options of a component with the rows of another one. */
export interface SharedRowsOptions<S extends TypeLike = TypeLike> extends RowOptions<S> {
  /**
   * Gives an entity the row that it has in this component, which has `rows: 'packed'`: row i of
   * both buffers is the same entity, also after entities left and came back. An entity needs both
   * components; rows of entities that lack this one are zeros. Capacity, growth and row table are
   * the owner's.
   */
  rowsOf: PackedSynced
  layout?: 'rows'
  rows?: 'packed'
  direction?: 'upload'
  onRemove?: 'zero'
  with?: never
  capacity?: never
}

/**
 * Options of a component whose columns are on the device as they are. Row = entity id, and the CPU
 * writes. The rows of removed entities hold what the columns hold there.
 */
export interface ColumnsOptions<S extends TypeLike = TypeLike> extends RowOptions<S> {
  /**
   * See `layout` of {@link GpuSyncedOptions}. Columns are typed arrays, and a field has the kind of
   * its column: f32 for floats, i32 or u32 for integers of 8, 16 or 32 bits. With `changes: 'all'`
   * and `'marked'` the bytes are read when the frame ends, so what is written after the stage goes up
   * too.
   */
  layout: 'columns'
  history?: never
  interpolation?: never
  rows?: 'entity'
  direction?: 'upload'
  onRemove?: 'keep'
  /** Rows reserved at the start, rounded up, default 1 024. A store of `heap.columns` has its own number. */
  capacity?: number
  with?: never
  rowsOf?: never
}

/** Options of a flagged component, with defaults filled in. */
export interface SyncedOptions extends Readonly<
  Required<
    Pick<
      GpuSyncedOptions,
      'label' | 'changes' | 'usage' | 'rows' | 'with' | 'direction' | 'onRemove' | 'capacity'
    >
  >
> {
  readonly layout: Layout
  readonly history: History | undefined
  readonly interpolation: Interpolations
  /** The label was given, and isn't a number. */
  readonly isLabelled: boolean
  readonly schema: Schema | undefined
  /** The component whose rows it has. */
  readonly rowsOf: object | undefined
  /** The capacity was given: a device that allows fewer rows is refused. */
  readonly isReserved: boolean
}
