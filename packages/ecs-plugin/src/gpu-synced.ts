import { asType, checkStructName } from '@memkit/core'
import type { Converted, Schema, TypeLike } from '@memkit/core'
import { AlreadyFlagged, InvalidOption, NotAComponent } from './errors.ts'
import type { DefaultSchema, HasColumns, HasSchema } from './default-schema.ts'
import { checkUnpackable } from './row-unpacker.ts'
import { checkLengths, columnsAt, readShape } from './source.ts'
import { blankStore, isTrait, traitSchema } from './trait.ts'

declare const schemaOf: unique symbol

/** A component that was flagged with `GpuSynced`. The schema of its rows is carried in the type alone: nothing is added to the object. */
export interface Synced<S extends Schema = Schema> {
  readonly [schemaOf]: S
}

/** How changed rows are found. */
export type Changes = 'detect' | 'marked' | 'all'

/** Which row an entity has. */
export type RowKind = 'entity' | 'packed'

/** Who writes the rows. */
export type SyncDirection = 'upload' | 'download' | 'both'

/** What becomes of the row of a removed entity. */
export type OnRemove = 'keep' | 'zero'

/** The schema that rows have when they are described by `S`: a data schema of TypeGPU is converted. */
export type SchemaOf<S extends TypeLike> = Converted<S> extends infer T extends Schema ? T : never

export interface GpuSyncedOptions<S extends TypeLike = TypeLike> {
  /** WGSL struct name and debug label, PascalCase by habit. Default `Component<n>`. */
  label?: string
  /**
   * Layout of one row: a struct, a single WGSL type, or a data schema of TypeGPU. Default: one field per column, of the column's kind;
   * for a trait of koota an f32 for each property that is a number. A field of another kind than its column gets the numbers converted
   * by value, as a typed array would: a u32 from 2.7 is 2, from −1 it is 2³² − 1.
   */
  schema?: S
  /**
   * How changed rows are found. `'detect'` (default) compares the columns with what the device holds and needs no help;
   * `'marked'` looks only at rows that `mk.mark` or a shared marker named, that bitECS's `set()` wrote, and that entered; `'all'` takes
   * every live row each frame. A column that is replaced (`Position.x = saved`) marks all of its rows, in every mode.
   */
  changes?: Changes
  /**
   * `'entity'` (default): row = entity id, for good. `'packed'`: rows without gaps, in no particular order; an entity's row
   * changes when another one leaves.
   */
  rows?: RowKind
  /** Only entities that also have these components get a row. */
  with?: readonly object[]
  /**
   * Who writes the rows. `'upload'` (default): the CPU. `'download'`: a shader; the columns get the values some frames later, and
   * go up when an entity enters or is marked, and when a column is replaced by another that differs. `'both'`: either; a row that the CPU
   * changed goes up whole, and what comes back from before is dropped. A number that stands for what came back already is left as it is: a
   * Float64Array keeps its 0.1. Not with packed rows, nor with objects or small arrays by entity.
   */
  direction?: SyncDirection
  /** `MkBufferUsage` flags beside STORAGE, VERTEX and the transfer flags, for example INDIRECT. */
  usage?: number
  /** What becomes of a removed entity's row: `'keep'` (default) leaves its last bytes, `'zero'` clears them. */
  onRemove?: OnRemove
  /** Rows reserved at the start, default 1 024. The buffer doubles when more are needed. */
  capacity?: number
}

/** What is known of a flagged component, the defaults filled in. */
export interface SyncedOptions {
  readonly label: string
  readonly schema: Schema | undefined
  readonly changes: Changes
  readonly rows: RowKind
  readonly direction: SyncDirection
  readonly with: readonly object[]
  readonly usage: number
  readonly onRemove: OnRemove
  readonly capacity: number
}

interface Registry {
  readonly options: WeakMap<object, SyncedOptions>
  /** Components flagged so far, on this page. */
  count: number
  /** They, in that order. A copy of this module that is older than this list counts without it. */
  list?: WeakRef<object>[]
}

// Kept on globalThis, so that two copies of this module (one bundled, one from a CDN) know each other's components; and apart
// from the components, because serializers walk `Object.keys(component)`.
const registryKey = Symbol.for('@memkit/gpu-synced')

function registry(): Registry {
  const holder = globalThis as { [registryKey]?: Registry }
  return (holder[registryKey] ??= { options: new WeakMap(), count: 0 })
}

/**
 * Flags a component: its data is on the GPU after every frame of every world that is attached.
 *
 * ```ts
 * const Position = GpuSynced({ x: new Float32Array(n + 1), y: new Float32Array(n + 1) })
 * ```
 *
 * @param component any bitECS store: columns by field (`soa`), an array of objects (`aos`, whose type tags are the default schema), a bare
 *   column, a store of `heap.columns` or `heap.rows`; or a trait of koota. It is returned as it is, nothing is added to it
 * @throws NotAComponent, NoColumns, UnsupportedColumn, ColumnLengthMismatch, SchemaMismatch, ColumnDetached when it cannot be synced
 * @throws ColumnInaccessible when a getter of it throws
 * @throws AlreadyFlagged when it was flagged before with other options
 * @throws InvalidIdentifier when the label cannot name a struct in WGSL
 * @throws InvalidOption when an option has a value that it cannot have
 */
export function GpuSynced<C extends object, S extends TypeLike = DefaultSchema<C>>(
  component: C & HasSchema<S>,
  options: GpuSyncedOptions<S> & { readonly schema?: HasColumns<C, Converted<S>> } = {},
): C & Synced<SchemaOf<S>> {
  if ((typeof component !== 'object' && typeof component !== 'function') || component === null)
    throw new NotAComponent(component === null ? 'null' : typeof component)
  const { options: known, count } = registry()
  const earlier = known.get(component)
  if (earlier !== undefined) {
    checkSame(earlier, options)
    return component as C & Synced<SchemaOf<S>>
  }
  const synced = withDefaults(component, options, count + 1)
  const store = blankStore(component)
  const shape = readShape(synced.label, store, synced.schema)
  const columns: unknown[] = []
  columnsAt(synced.label, store, shape, columns)
  checkLengths(synced.label, shape, columns)
  if (synced.direction !== 'upload') checkUnpackable(synced.label, store, shape, synced.direction)
  known.set(component, synced)
  const all = registry()
  all.count = count + 1
  all.list ??= []
  if (all.list.length === count) all.list.push(new WeakRef(component))
  warnOfNames(synced.label, component)
  return component as C & Synced<SchemaOf<S>>
}

/** Whether the component was flagged with `GpuSynced`. */
export function isGpuSynced(component: object): component is Synced {
  return registry().options.has(component)
}

/** Options of a flagged component; undefined when it is not flagged. */
export function syncedOptions(component: object): SyncedOptions | undefined {
  return registry().options.get(component)
}

/** Components flagged so far: a world looks for new ones when this number has changed. */
export function flaggedCount(): number {
  return registry().count
}

/** Components flagged after the first `count`; undefined where that is not known. Those that are gone are left out. */
export function flaggedSince(count: number): object[] | undefined {
  const { list } = registry()
  if (list?.length !== flaggedCount()) return undefined
  return list.slice(count).flatMap((reference) => reference.deref() ?? [])
}

const changesValues: readonly Changes[] = ['detect', 'marked', 'all']
const directions: readonly SyncDirection[] = ['upload', 'download', 'both']
const rowKinds: readonly RowKind[] = ['entity', 'packed']
const onRemoveValues: readonly OnRemove[] = ['keep', 'zero']
const optionNames = [
  'label',
  'schema',
  'changes',
  'rows',
  'direction',
  'with',
  'usage',
  'onRemove',
  'capacity',
] as const
// 2³⁰ rows: what a set of rows can hold.
const maxCapacity = 2 ** 30

function withDefaults(component: object, options: GpuSyncedOptions, number: number): SyncedOptions {
  for (const name of Object.keys(options))
    if (!(optionNames as readonly string[]).includes(name))
      throw new InvalidOption(
        name,
        (options as Record<string, unknown>)[name],
        `one of ${optionNames.join(', ')}`,
      )
  const label = options.label ?? `Component${number}`
  const synced: SyncedOptions = {
    label,
    schema: schemaGiven(label, component, options.schema),
    changes: options.changes ?? 'detect',
    rows: options.rows ?? 'entity',
    direction: options.direction ?? 'upload',
    with: [...(options.with ?? [])],
    usage: options.usage ?? 0,
    onRemove: options.onRemove ?? 'keep',
    capacity: options.capacity ?? 1024,
  }
  checkStructName(synced.label)
  if (!changesValues.includes(synced.changes))
    throw new InvalidOption('changes', synced.changes, "'detect', 'marked' or 'all'")
  if (!rowKinds.includes(synced.rows)) throw new InvalidOption('rows', synced.rows, "'entity' or 'packed'")
  if (!directions.includes(synced.direction))
    throw new InvalidOption('direction', synced.direction, "'upload', 'download' or 'both'")
  if (synced.direction !== 'upload' && synced.rows === 'packed')
    throw new InvalidOption(
      'rows',
      'packed',
      "'entity' where the device writes rows: it cannot follow rows that move",
    )
  if (synced.direction !== 'upload' && synced.changes === 'all')
    throw new InvalidOption(
      'changes',
      'all',
      `'detect' or 'marked' in direction '${synced.direction}': all rows going up each frame leave none to come back`,
    )
  if (!onRemoveValues.includes(synced.onRemove))
    throw new InvalidOption('onRemove', synced.onRemove, "'keep' or 'zero'")
  if (!Number.isInteger(synced.capacity) || synced.capacity < 1 || synced.capacity > maxCapacity)
    throw new InvalidOption('capacity', synced.capacity, 'a whole number of rows from 1 to 2³⁰')
  if (!Number.isInteger(synced.usage) || synced.usage < 0)
    throw new InvalidOption('usage', synced.usage, 'MkBufferUsage flags')
  return Object.freeze(synced)
}

// bitECS takes an object with a `component` for what `set()` returns, and one with a `data` for a value to set.
const misreadNames: readonly (readonly [name: string, consequence: string])[] = [
  ['component', 'addComponent adds that column instead of the component, silently'],
  ['data', 'every addComponent calls the onSet observers'],
]

/** Said where it is flagged, once: a component that is never added is never met again. */
function warnOfNames(label: string, component: object): void {
  for (const [name, consequence] of misreadNames)
    if (Object.hasOwn(component, name))
      console.warn(
        `[memkit] ${label} has a field named \`${name}\`, which bitECS reads as its own: ${consequence}. Rename the field.`,
      )
}

/** The schema, unless it is read off the columns. */
function schemaGiven(label: string, component: object, given: TypeLike | undefined): Schema | undefined {
  if (given !== undefined) return asType(given)
  return isTrait(component) ? traitSchema(label, component) : undefined
}

/** Throws when an option is given that differs from the first time. Options that are left out ask for nothing. */
function checkSame(earlier: SyncedOptions, options: GpuSyncedOptions): void {
  for (const name of optionNames) {
    const value = options[name]
    if (value === undefined) continue
    const same =
      name === 'with'
        ? earlier.with.length === options.with!.length && earlier.with.every((c, i) => c === options.with![i])
        : earlier[name] === (name === 'schema' ? asType(value as TypeLike) : value)
    if (!same) throw new AlreadyFlagged(earlier.label, name)
  }
}
