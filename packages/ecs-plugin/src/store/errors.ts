import { defineError, messageOf, MkError, type ErrorClass } from '@memkit/core'

/**
 * A component without a single column: a tag has no data to upload.
 *
 * What to do: flag a component with typed-array columns; to draw only the entities that have a tag,
 * leave the tag unflagged and name it in `with`.
 */
export const NoColumns: ErrorClass<{ code: 'NoColumns'; component: string }> = defineError(
  'NoColumns',
  ({ component }) =>
    `${component} has no columns, so there is nothing to upload. Flag a component with typed-array columns; to draw only the ` +
    'entities that have a tag, keep the tag unflagged and name it in `with`.',
)
export type NoColumns = InstanceType<typeof NoColumns>

/**
 * A column of a kind that has no place in GPU memory (64-bit integers, strings, nested objects
 * without a path).
 *
 * What to do: follow the advice in the message: another kind of array, a schema, or the path of a
 * nested column.
 */
export const UnsupportedColumn: ErrorClass<{
  code: 'UnsupportedColumn'
  component: string
  column: string
  /** What the column holds. */
  kind: string
  advice: string
}> = defineError(
  'UnsupportedColumn',
  ({ component, column, kind, advice }) => `Column "${column}" of ${component} is ${kind}. ${advice}`,
)
export type UnsupportedColumn = InstanceType<typeof UnsupportedColumn>

export function unsupported(
  component: string,
  column: string,
  kind: string,
  advice: string,
): UnsupportedColumn {
  return new UnsupportedColumn({ component, column, kind, advice })
}

/**
 * A column could not be read or written: a getter, a setter or a Proxy threw, or the array is
 * frozen. The component keeps the rows that it had; all others were served. What could not be
 * written stays, and is written once it can be.
 *
 * What to do: make the column a typed array, or mend what threw: it is the error's `cause`.
 */
export const ColumnInaccessible: ErrorClass<{
  code: 'ColumnInaccessible'
  component: string
  column: string
  access: 'read' | 'written'
}> = defineError(
  'ColumnInaccessible',
  ({ component, column, access }, cause) =>
    `Column "${column}" of ${component} cannot be ${access}: ${messageOf(cause).replace(/\.$/, '')}. ` +
    'Make it a typed array, or mend what threw; the rows of all other components were served.',
)
export type ColumnInaccessible = InstanceType<typeof ColumnInaccessible>

/** What a getter, setter or Proxy threw, with the column's name; an error of memkit's stays as it is. */
export function accessError(
  cause: unknown,
  component: string,
  column: string,
  access: 'read' | 'written',
): MkError {
  return cause instanceof MkError ? cause : new ColumnInaccessible({ component, column, access }, { cause })
}

/**
 * The memory behind a column is gone: its buffer was transferred (to a worker, or with
 * `structuredClone`), or it belongs to a WebAssembly memory that grew. The rows stay as they were.
 *
 * What to do: give the component a column over memory that is there; all of its rows then go up.
 */
export const ColumnDetached: ErrorClass<{ code: 'ColumnDetached'; component: string; column: string }> =
  defineError(
    'ColumnDetached',
    ({ component, column }) =>
      `The memory behind column "${column}" of ${component} is gone: its buffer was transferred, or belongs to a WebAssembly memory that ` +
      'grew. Give the component a column over memory that is there; copy instead of transferring what is synced.',
  )
export type ColumnDetached = InstanceType<typeof ColumnDetached>

/**
 * The schema does not fit the component: a field without a column, or a column of the wrong width.
 *
 * What to do: give the field a column of its width, or name the columns with `from(…)`.
 */
export const SchemaMismatch: ErrorClass<{
  code: 'SchemaMismatch'
  component: string
  field: string
  problem: string
}> = defineError(
  'SchemaMismatch',
  ({ component, field, problem }) => `Schema field "${field}" of ${component}: ${problem}`,
)
export type SchemaMismatch = InstanceType<typeof SchemaMismatch>

export function mismatch(component: string, field: string, problem: string): SchemaMismatch {
  return new SchemaMismatch({ component, field, problem })
}

/** Makes the error for a path that leads to nothing, or to something that isn't a column. */
export function noColumn(label: string, path: string, found: unknown): SchemaMismatch {
  const kind = found === undefined ? 'nothing' : found === null ? 'null' : typeof found
  const advice = "Name the column that the field is made of, for example vec2f.from('x', 'y')."
  return mismatch(label, path, `the component has no such column (found ${kind}). ${advice}`)
}

/**
 * Typed-array columns of one component hold different numbers of entities.
 *
 * What to do: make the columns equally long; when a store grows, replace all of its columns before
 * the frame is staged.
 */
export const ColumnLengthMismatch: ErrorClass<{
  code: 'ColumnLengthMismatch'
  component: string
  /** Entities that each column has room for, by column. */
  lengths: Readonly<Record<string, number>>
}> = defineError('ColumnLengthMismatch', ({ component, lengths }) => {
  const list = Object.entries(lengths)
    .map(([column, length]) => `${column}: ${length}`)
    .join(', ')
  return (
    `The columns of ${component} have room for different numbers of entities (${list}). Make them equally long; when a store ` +
    'grows, replace all of its columns before the frame is staged.'
  )
})
export type ColumnLengthMismatch = InstanceType<typeof ColumnLengthMismatch>
