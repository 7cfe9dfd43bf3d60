import type { MkSync, Schema, Synced, SyncedInfo } from '@memkit/ecs-plugin'
import { InvalidOption } from '@memkit/ecs-plugin'
import { FieldNotDrawable, MixedNumbers, UnknownField, WrongNumberCount } from './errors.ts'
import { shaderType, type NumberKind, type ShaderType } from './shader-type.ts'

/**
 * What an attribute holds: `Position`, all fields of a component; `[Position, 'x', 'y']`, some of them.
 * One to four numbers in all.
 */
export type AttributeSource = Synced | readonly [component: Synced, ...fields: readonly string[]]

/** Where numbers of an attribute lie in the buffer of their component. */
export interface NumberRun {
  /** The kind of each number in the buffer. `'word'`: 32 bits, which are moved as they are. */
  readonly kind: 'word' | 'f16' | 'u8' | 'i8' | 'u16' | 'i16'
  /** Index in the sections of a component in columns; −1 for rows. */
  readonly section: number
  /** Numbers from the start of a row, or of a section's row, to the first. */
  readonly first: number
  /** Numbers that follow one another. */
  readonly count: number
  /** Index of the first among the attribute's numbers. */
  readonly target: number
}

/** An attribute's numbers, and where they come from. */
export interface AttributeLayout {
  readonly name: string
  readonly component: Synced
  readonly info: SyncedInfo
  readonly kind: NumberKind
  /** Numbers per entity. */
  readonly numbers: number
  readonly type: ShaderType
  readonly runs: readonly NumberRun[]
}

/** Numbers that an attribute may have: some, or any from one to four. */
const ANY_COUNT: readonly number[] = [1, 2, 3, 4]

/** A field of a component's rows. */
interface NamedField {
  readonly name: string
  readonly type: Schema
  /** Bytes from the start of a row. */
  readonly offset: number
}

/**
 * Looks up what an attribute is made of.
 * @throws {@link InvalidOption} for what isn't a source, {@link UnknownField},
 *   {@link FieldNotDrawable}, {@link MixedNumbers}, {@link WrongNumberCount}
 * @throws NotGpuSynced for a component that isn't flagged
 */
export function attributeLayout(
  mk: MkSync<object>,
  name: string,
  source: AttributeSource,
  counts: readonly number[] = ANY_COUNT,
): AttributeLayout {
  const { component, info, fields } = sourceFields(mk, name, source)
  const runs: NumberRun[] = []
  let kind: NumberKind | undefined
  let numbers = 0
  for (const field of fields) {
    const { type } = field
    if (type.kind !== 'scalar' && type.kind !== 'vector')
      throw new FieldNotDrawable({ attribute: name, field: field.name, type: type.type })
    const its = type.scalar === 'f16' ? 'f32' : type.scalar
    if (kind !== undefined && kind !== its)
      throw new MixedNumbers({ attribute: name, first: kind, second: its })
    kind = its
    const { components, scalar, size, sources } = type
    if (info.layout === 'columns') addColumns(runs, info, field.name, components, sources, numbers)
    else {
      const bytes = size / components
      const run = { section: -1, first: field.offset / bytes, count: components, target: numbers }
      addRun(runs, { kind: scalar === 'f16' ? 'f16' : 'word', ...run })
    }
    numbers += components
  }
  if (!counts.includes(numbers))
    throw new WrongNumberCount({ attribute: name, numbers, allowed: counts.join(', ') })
  return { name, component, info, kind: kind!, numbers, type: shaderType(kind!, numbers), runs }
}

interface SourceFields {
  readonly component: Synced
  readonly info: SyncedInfo
  readonly fields: readonly NamedField[]
}

/**
 * Looks up the fields that a source names.
 * @throws {@link InvalidOption} for what isn't a source, {@link UnknownField}
 * @throws NotGpuSynced for a component that isn't flagged
 */
export function sourceFields(mk: MkSync<object>, name: string, source: AttributeSource): SourceFields {
  const [component, names] = splitSource(name, source)
  const { schema } = mk.buffer(component)
  const info = mk.synced().find((each) => each.component === component)!
  return { component, info, fields: chosenFields(name, info, schema, names) }
}

function splitSource(name: string, source: unknown): [component: Synced, names: readonly string[]] {
  const parts: readonly unknown[] = Array.isArray(source) ? source : [source]
  const [component, ...names] = parts
  const isObject = typeof component === 'function' || (typeof component === 'object' && component !== null)
  if (!isObject || !names.every((each) => typeof each === 'string'))
    throw new InvalidOption({
      option: name,
      value: source,
      allowed: "a flagged component, or a list of one and names of its fields: [Position, 'x', 'y']",
    })
  return [component as Synced, names]
}

function chosenFields(
  attribute: string,
  { label }: SyncedInfo,
  schema: Schema,
  names: readonly string[],
): readonly NamedField[] {
  const all: readonly NamedField[] =
    schema.kind === 'struct' ? schema.fields : [{ name: label, type: schema, offset: 0 }]
  if (names.length === 0) return all
  return names.map((field) => {
    const found = all.find((each) => each.name === field)
    const fields = all.map((each) => each.name).join(', ')
    if (found === undefined) throw new UnknownField({ attribute, field, component: label, fields })
    return found
  })
}

/** Adds the numbers of a field of columns: a column of them, or one number from each of several columns. */
function addColumns(
  runs: NumberRun[],
  info: SyncedInfo & { readonly layout: 'columns' },
  field: string,
  components: number,
  sources: readonly string[] | undefined,
  target: number,
): void {
  const { sections } = info.buffer
  const find = (name: string): number => sections.findIndex((each) => each.name === name)
  const add = (section: number, count: number, at: number): void => {
    const { kind } = sections[section]
    const isWord = kind === 'f32' || kind === 'u32' || kind === 'i32'
    addRun(runs, { kind: isWord ? 'word' : kind, section, first: 0, count, target: at })
  }
  if (sources === undefined) return add(sections.length === 1 ? 0 : find(field), components, target)
  if (sources.length === 1) return add(find(sources[0]), components, target)
  for (const [i, column] of sources.entries()) add(find(column), 1, target + i)
}

/** Adds a run, or makes the last one longer where the new one continues it. */
function addRun(runs: NumberRun[], run: NumberRun): void {
  const last = runs.at(-1)
  const continues =
    last !== undefined &&
    last.kind === run.kind &&
    last.section === run.section &&
    last.first + last.count === run.first &&
    last.target + last.count === run.target
  if (continues) runs[runs.length - 1] = { ...last, count: last.count + run.count }
  else runs.push(run)
}
