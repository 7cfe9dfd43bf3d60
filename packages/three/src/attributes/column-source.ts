import type { MkSync, SyncedInfo } from '@memkit/ecs-plugin'
import { sourceFields, type AttributeSource } from './attribute-source.ts'
import { kindOf, type NumberKind } from './shader-type.ts'

/** A typed array of the ECS that can be an attribute as it is. */
export type Column = Float32Array | Uint32Array | Int32Array

/** Where to look a column up, each time: games replace columns that are too short. */
export interface ColumnSource {
  /** The component that it belongs to. */
  readonly info: SyncedInfo
  readonly store: Readonly<Record<string, unknown>>
  readonly name: string
  readonly kind: NumberKind
  /** Numbers per entity. */
  readonly numbers: number
}

/**
 * Finds the one column that a source lies in, entity after entity.
 * @returns a sentence's end that says why there is none, such as "it lies in 2 columns"
 */
export function columnSource(
  mk: MkSync<object>,
  name: string,
  source: AttributeSource,
): ColumnSource | string {
  const { info, fields } = sourceFields(mk, name, source)
  if (info.rowKind !== 'entity') return `${info.label} has packed rows`
  if (fields.length > 1) return `it lies in ${fields.length} columns`
  const [{ name: field, type }] = fields
  if (type.kind !== 'scalar' && type.kind !== 'vector') return `${field} is a ${type.type}`
  const columns = type.sources ?? [field]
  if (columns.length > 1) return `it lies in ${columns.length} columns`
  const store = info.component as unknown as Readonly<Record<string, unknown>>
  const column = store[columns[0]]
  if (kindOf(column) === undefined || kindOf(column) !== type.scalar)
    return `${columns[0]} isn't an array of ${type.scalar}, as attributes are`
  return { info, store, name: columns[0], kind: type.scalar, numbers: type.components }
}

/**
 * The column that a source lies in now; undefined where it isn't a typed array of the same kind any
 * more, or lies in shared memory, which no renderer can upload.
 */
export function columnOf({ store, name, kind }: ColumnSource): Column | undefined {
  const column = store[name]
  if (kindOf(column) !== kind) return undefined
  const { buffer } = column as Column
  const isShared = typeof SharedArrayBuffer === 'function' && buffer instanceof SharedArrayBuffer
  return isShared ? undefined : (column as Column)
}
