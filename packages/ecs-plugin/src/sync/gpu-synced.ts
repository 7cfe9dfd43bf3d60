import { asType, checkStructName, isWhole, shared } from '@memkit/core'
import type { Converted, Schema, TypeLike } from '@memkit/core'
import { loadColumns } from './columns-code.ts'
import { AlreadyFlagged, NotAComponent, NotGpuSynced } from './errors.ts'
import { checkInterpolation } from '../buffer/interpolation-wgsl.ts'
import { checkOption, checkOptionNames } from '../options.ts'
import type { DefaultSchema, HasColumns, HasDeviceColumns, HasSchema } from '../store/schema-types.ts'
import type {
  ColumnsOptions,
  ColumnsSynced,
  GpuSyncedOptions,
  Layout,
  PackedSynced,
  RowKind,
  SharedRowsOptions,
  Synced,
  SyncedOptions,
} from './gpu-synced-options.ts'
import { checkUnpackable } from '../store/row-unpacker.ts'
import { checkLengths } from '../store/component-columns.ts'
import { readLayout } from '../store/component-layout.ts'
import { deviceColumns } from '../store/device-columns.ts'
import { blankStore, isTrait, traitSchema } from '../ecs/trait.ts'

/** The schema that rows have when they are described by `S`: a data schema of TypeGPU is converted. */
export type SchemaOf<S extends TypeLike> = Converted<S> extends infer T extends Schema ? T : never

/** A flagged component of that schema; one with packed rows of its own may be another's `rowsOf`. */
export type Flagged<S extends Schema, R extends RowKind, O, L extends Layout = Layout> = [L] extends [
  'columns',
]
  ? ColumnsSynced<S>
  : [R] extends ['packed']
    ? [O] extends [undefined]
      ? PackedSynced<S>
      : Synced<S>
    : Synced<S>

type AnyOptions = GpuSyncedOptions | SharedRowsOptions | ColumnsOptions

/** What was flagged on this page. Kept apart, because serializers walk `Object.keys(component)`. */
interface Registry {
  readonly options: WeakMap<object, SyncedOptions>
  /** In the order in which they were flagged. */
  readonly components: WeakRef<object>[]
}

function registry(): Registry {
  return shared('gpu-synced', () => ({ options: new WeakMap(), components: [] }))
}

/**
 * Flags a component: its data is on the GPU after every frame of every world that is attached.
 *
 * ```ts
 * const Position = GpuSynced({ x: new Float32Array(n + 1), y: new Float32Array(n + 1) })
 * ```
 * @param component any bitECS store: columns by field (`soa`), an array of objects (`aos`, whose
 *   type tags are the default schema), a bare column, a store of `heap.columns` or `heap.rows`; or
 *   a trait of koota. It is returned as it is, nothing is added to it
 * @throws NotAComponent, NoColumns, UnsupportedColumn, ColumnLengthMismatch, SchemaMismatch,
 *   ColumnDetached when it cannot be synced
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
  const L extends Layout = Layout,
>(
  component: C & HasSchema<S>,
  options: (GpuSyncedOptions<S> | SharedRowsOptions<S> | ColumnsOptions<S>) & {
    readonly schema?: HasColumns<C, Converted<S>>
    readonly rows?: R
    readonly rowsOf?: O
    readonly layout?: L & HasDeviceColumns<C, Converted<S>, L>
  } = {},
): C & Flagged<SchemaOf<S>, R, O, L> {
  type Result = C & Flagged<SchemaOf<S>, R, O, L>
  const given = options as AnyOptions
  if ((typeof component !== 'object' && typeof component !== 'function') || component === null)
    throw new NotAComponent({ found: component === null ? 'null' : typeof component })
  const all = registry()
  const earlier = all.options.get(component)
  if (earlier !== undefined) {
    checkSame(earlier, given)
    return component as Result
  }
  const synced = withDefaults(component, given, all.components.length + 1)
  const store = blankStore(component)
  const layout = readLayout(synced.label, store, synced.schema)
  checkLengths(synced.label, store, layout)
  if (synced.direction !== 'upload') checkUnpackable(synced.label, store, layout, synced.direction)
  checkInterpolation(synced.label, layout.schema, synced.interpolation)
  if (synced.layout === 'columns') {
    deviceColumns(synced.label, store, layout)
    // When it fails, attaching says so.
    loadColumns().catch(() => undefined)
  }
  all.options.set(component, synced)
  all.components.push(new WeakRef(component))
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

/** Whether any component that was flagged so far is kept in columns. */
export function isAnyInColumns(): boolean {
  return flaggedSince(0).some((component) => syncedOptions(component)?.layout === 'columns')
}

/** Counts the components flagged so far: a world looks for new ones when this number has changed. */
export function flaggedCount(): number {
  return registry().components.length
}

/** Lists the components flagged after the first `count`. Those that are gone are left out. */
export function flaggedSince(count: number): object[] {
  return registry()
    .components.slice(count)
    .flatMap((reference) => reference.deref() ?? [])
}

const optionNames = [
  'label',
  'schema',
  'layout',
  'changes',
  'rows',
  'rowsOf',
  'direction',
  'with',
  'usage',
  'onRemove',
  'capacity',
  'history',
  'interpolation',
] as const
/** What a set of rows can hold. */
const MAX_CAPACITY = 2 ** 30

function withDefaults(component: object, options: AnyOptions, number: number): SyncedOptions {
  checkOptionNames(options, optionNames)
  const label = options.label ?? `Component${number}`
  const owner = options.rowsOf === undefined ? undefined : ownerOf(options.rowsOf, options)
  const synced: SyncedOptions = {
    label,
    isLabelled: options.label !== undefined,
    schema: schemaGiven(label, component, options.schema),
    layout: options.layout ?? 'rows',
    changes: options.changes ?? 'detect',
    rows: options.rows ?? (owner === undefined ? 'entity' : 'packed'),
    rowsOf: options.rowsOf,
    direction: options.direction ?? 'upload',
    with: [...(options.with ?? [])],
    usage: options.usage ?? 0,
    onRemove: options.onRemove ?? (owner === undefined ? 'keep' : 'zero'),
    capacity: options.capacity ?? owner?.capacity ?? 1024,
    isReserved: options.capacity !== undefined,
    history: options.history,
    interpolation: { ...options.interpolation },
  }
  checkOption(typeof label === 'string', 'label', label, 'a text')
  checkStructName(label, 'Choose another `label`')
  checkOneOf('layout', synced.layout, ['rows', 'columns'])
  if (synced.layout === 'columns') checkColumns(synced, component)
  checkOneOf('changes', synced.changes, ['detect', 'marked', 'all'])
  checkOneOf('rows', synced.rows, ['entity', 'packed'])
  checkOneOf('direction', synced.direction, ['upload', 'download', 'both'])
  if (synced.direction !== 'upload') checkDeviceWrites(synced)
  checkOneOf('onRemove', synced.onRemove, ['keep', 'zero'])
  checkHistory(synced, options.interpolation)
  const { capacity, usage } = synced
  checkOption(
    isWhole(capacity, 1, MAX_CAPACITY),
    'capacity',
    capacity,
    'a whole number of rows from 1 to 2³⁰',
  )
  checkOption(isWhole(usage, 0, Infinity), 'usage', usage, 'MkBufferUsage flags')
  return Object.freeze(synced)
}

/** @throws {@link InvalidOption} with a list of the values */
function checkOneOf(option: string, value: string, values: readonly string[]): void {
  const quoted = values.map((each) => `'${each}'`)
  const allowed = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
  checkOption(values.includes(value), option, value, allowed)
}

/** @throws {@link InvalidOption} for what cannot be where the device writes rows */
function checkDeviceWrites({ changes, direction, rows }: SyncedOptions): void {
  const entityRows = "'entity' where the device writes rows: it cannot follow rows that move"
  checkOption(rows !== 'packed', 'rows', rows, entityRows)
  const found = `'detect' or 'marked' in direction '${direction}': all rows going up each frame leave none to come back`
  checkOption(changes !== 'all', 'changes', changes, found)
}

/** @throws {@link InvalidOption} for previous rows that can't be kept, or a blend without them */
function checkHistory({ direction, history, layout }: SyncedOptions, interpolation: unknown): void {
  if (history !== undefined) {
    checkOneOf('history', history, ['frame', 'step'])
    const rows = "left out with layout: 'columns'. Give layout: 'rows' to keep previous rows"
    checkOption(layout === 'rows', 'history', history, rows)
    const frame = `'frame' in direction '${direction}': shaders write rows in frames, not in steps`
    checkOption(direction === 'upload' || history === 'frame', 'history', history, frame)
  }
  if (interpolation === undefined) return
  const isRecord = typeof interpolation === 'object' && interpolation !== null
  checkOption(isRecord, 'interpolation', interpolation, "an object, such as { angle: 'angle' }")
  const needed = "left out without `history`: give history: 'step' or history: 'frame' too"
  checkOption(history !== undefined, 'interpolation', interpolation, needed)
}

/** What columns leave out, and the value that may be given. */
const columnsOptions: readonly (readonly [name: 'rows' | 'direction' | 'onRemove', allowed: string])[] = [
  ['rows', 'entity'],
  ['direction', 'upload'],
  ['onRemove', 'keep'],
]

/** @throws {@link InvalidOption} for what needs `layout: 'rows'` */
function checkColumns(synced: SyncedOptions, component: object): void {
  const instead = "with layout: 'columns'. For anything else leave `layout` out, or give layout: 'rows'"
  for (const [name, allowed] of columnsOptions)
    checkOption(synced[name] === allowed, name, synced[name], `'${allowed}' ${instead}`)
  checkOption(synced.with.length === 0, 'with', synced.with, `left out ${instead}`)
  const traits = `'rows' for ${synced.label}, a trait of koota, whose columns are plain arrays`
  checkOption(!isTrait(component), 'layout', 'columns', traits)
}

/** What a component with `rowsOf` leaves to the owner of its rows, and the value that may be given. */
const ownersOptions: readonly (readonly [name: keyof AnyOptions, allowed: unknown])[] = [
  ['rows', 'packed'],
  ['layout', 'rows'],
  ['direction', 'upload'],
  ['onRemove', 'zero'],
  ['with', undefined],
  ['capacity', undefined],
]

/** @throws {@link NotGpuSynced}, {@link InvalidOption} */
function ownerOf(rowsOf: unknown, options: AnyOptions): SyncedOptions {
  const isObject = (typeof rowsOf === 'object' && rowsOf !== null) || typeof rowsOf === 'function'
  checkOption(isObject, 'rowsOf', rowsOf, "a component that is flagged with rows: 'packed'")
  const owner = syncedOptions(rowsOf)
  if (owner === undefined) throw new NotGpuSynced({ call: 'rowsOf', columns: '' })
  const { label } = owner
  const itsOwner = `the component that has rows of its own. ${label} has those of another: give that one here too`
  checkOption(owner.rowsOf === undefined, 'rowsOf', label, itsOwner)
  const packed = "a component with rows: 'packed'. Rows by entity id agree anyway: leave rowsOf out"
  checkOption(owner.rows === 'packed', 'rowsOf', label, packed)
  for (const [name, allowed] of ownersOptions) {
    const value = options[name]
    const leftOut =
      `left out with rowsOf: rows are those of ${label}, and so is what becomes of them` +
      (name === 'with' ? `. Give \`with\` to ${label}` : '')
    checkOption(value === undefined || value === allowed, name, value, leftOut)
  }
  return owner
}

// bitECS takes an object with a `component` for what `set()` returns, and one with a `data` for a value.
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

/** @throws {@link AlreadyFlagged} when an option is given that differs from the first time */
function checkSame(earlier: SyncedOptions, options: AnyOptions): void {
  for (const name of optionNames) {
    const value = options[name]
    if (value === undefined) continue
    const same =
      name === 'with'
        ? earlier.with.length === options.with!.length && earlier.with.every((c, i) => c === options.with![i])
        : name === 'interpolation'
          ? JSON.stringify(earlier.interpolation) === JSON.stringify(value)
          : earlier[name] === (name === 'schema' ? asType(value as TypeLike) : value)
    if (!same) throw new AlreadyFlagged({ component: earlier.label, option: name })
  }
}
