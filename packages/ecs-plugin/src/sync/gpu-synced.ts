import { asType, checkStructName } from '@memkit/core'
import type { Converted, Schema, TypeLike } from '@memkit/core'
import { AlreadyFlagged, InvalidOption, NotAComponent, NotGpuSynced } from './errors.ts'
import type { DefaultSchema, HasColumns, HasSchema } from './default-schema.ts'
import type {
  Changes,
  GpuSyncedOptions,
  OnRemove,
  PackedSynced,
  RowKind,
  SharedRowsOptions,
  SyncDirection,
  Synced,
  SyncedOptions,
} from './gpu-synced-options.ts'
import { checkUnpackable } from './row-unpacker.ts'
import { checkLengths, columnsAt, readShape } from './source.ts'
import { blankStore, isTrait, traitSchema } from './trait.ts'

/** The schema that rows have when they are described by `S`: a data schema of TypeGPU is converted. */
export type SchemaOf<S extends TypeLike> = Converted<S> extends infer T extends Schema ? T : never

/** A flagged component of that schema; one with packed rows of its own may be another's `rowsOf`. */
export type Flagged<S extends Schema, R extends RowKind, O> = [R] extends ['packed']
  ? [O] extends [undefined]
    ? PackedSynced<S>
    : Synced<S>
  : Synced<S>

type AnyOptions = GpuSyncedOptions | SharedRowsOptions

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
 * @throws NotGpuSynced when `rowsOf` is not flagged
 */
export function GpuSynced<
  C extends object,
  S extends TypeLike = DefaultSchema<C>,
  const R extends RowKind = RowKind,
  O extends PackedSynced | undefined = undefined,
>(
  component: C & HasSchema<S>,
  options: (GpuSyncedOptions<S> | SharedRowsOptions<S>) & {
    readonly schema?: HasColumns<C, Converted<S>>
    readonly rows?: R
    readonly rowsOf?: O
  } = {},
): C & Flagged<SchemaOf<S>, R, O> {
  type Result = C & Flagged<SchemaOf<S>, R, O>
  const given = options as AnyOptions
  if ((typeof component !== 'object' && typeof component !== 'function') || component === null)
    throw new NotAComponent(component === null ? 'null' : typeof component)
  const { options: known, count } = registry()
  const earlier = known.get(component)
  if (earlier !== undefined) {
    checkSame(earlier, given)
    return component as Result
  }
  const synced = withDefaults(component, given, count + 1)
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
  return component as Result
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
  'rowsOf',
  'direction',
  'with',
  'usage',
  'onRemove',
  'capacity',
] as const
// 2³⁰ rows: what a set of rows can hold.
const maxCapacity = 2 ** 30

function withDefaults(component: object, options: AnyOptions, number: number): SyncedOptions {
  for (const name of Object.keys(options))
    if (!(optionNames as readonly string[]).includes(name))
      throw new InvalidOption(
        name,
        (options as Record<string, unknown>)[name],
        `one of ${optionNames.join(', ')}`,
      )
  const label = options.label ?? `Component${number}`
  const owner = options.rowsOf === undefined ? undefined : ownerOf(options.rowsOf, options)
  const synced: SyncedOptions = {
    label,
    isLabelled: options.label !== undefined,
    schema: schemaGiven(label, component, options.schema),
    changes: options.changes ?? 'detect',
    rows: options.rows ?? (owner === undefined ? 'entity' : 'packed'),
    rowsOf: options.rowsOf,
    direction: options.direction ?? 'upload',
    with: [...(options.with ?? [])],
    usage: options.usage ?? 0,
    onRemove: options.onRemove ?? (owner === undefined ? 'keep' : 'zero'),
    capacity: options.capacity ?? owner?.capacity ?? 1024,
    isReserved: options.capacity !== undefined,
  }
  if (typeof label !== 'string') throw new InvalidOption('label', label, 'a text')
  checkStructName(label, 'Choose another `label`')
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

/** What a component with `rowsOf` leaves to the owner of its rows, and the value that may be given all the same. */
const ownersOptions: readonly (readonly [name: keyof AnyOptions, allowed: unknown])[] = [
  ['rows', 'packed'],
  ['direction', 'upload'],
  ['onRemove', 'zero'],
  ['with', undefined],
  ['capacity', undefined],
]

/** @throws NotGpuSynced, InvalidOption */
function ownerOf(rowsOf: unknown, options: AnyOptions): SyncedOptions {
  const isObject = (typeof rowsOf === 'object' && rowsOf !== null) || typeof rowsOf === 'function'
  if (!isObject) throw new InvalidOption('rowsOf', rowsOf, "a component that is flagged with rows: 'packed'")
  const owner = syncedOptions(rowsOf)
  if (owner === undefined) throw new NotGpuSynced('rowsOf', '')
  if (owner.rowsOf !== undefined)
    throw new InvalidOption(
      'rowsOf',
      owner.label,
      `the component that has rows of its own. ${owner.label} has those of another: give that one here too`,
    )
  if (owner.rows !== 'packed')
    throw new InvalidOption(
      'rowsOf',
      owner.label,
      "a component with rows: 'packed'. Rows by entity id agree anyway: leave rowsOf out",
    )
  for (const [name, allowed] of ownersOptions)
    if (options[name] !== undefined && options[name] !== allowed)
      throw new InvalidOption(
        name,
        options[name],
        `left out with rowsOf: rows are those of ${owner.label}, and so is what becomes of them` +
          (name === 'with' ? `. Give \`with\` to ${owner.label}` : ''),
      )
  return owner
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
function checkSame(earlier: SyncedOptions, options: AnyOptions): void {
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
