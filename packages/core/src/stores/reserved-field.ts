import { defineError, type ErrorClass } from '../mk-error.ts'
import type { Struct } from '../layout/types.ts'

/**
 * A field whose name has another meaning in a store.
 *
 * What to do: rename it to anything but what `reserved` lists.
 */
export const ReservedField: ErrorClass<{
  code: 'ReservedField'
  field: string
  /** All names that are taken. */
  reserved: readonly string[]
}> = defineError(
  'ReservedField',
  ({ field, reserved }) =>
    `A field of a store cannot be named ${field}: ${reserved.join(', ')} have another meaning there. Rename the field.`,
)
export type ReservedField = InstanceType<typeof ReservedField>

/** Names that mean something in bitECS: it never adds `component`, and fires `onSet` for `data`. */
export const BITECS_NAMES: readonly string[] = ['component', 'data']

/** @throws {@link ReservedField} when a field of the struct has one of the names */
export function refuseNames(struct: Struct, reserved: readonly string[]): void {
  for (const { name } of struct.fields)
    if (reserved.includes(name)) throw new ReservedField({ field: name, reserved })
}
