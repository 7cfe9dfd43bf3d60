import { checkFieldName } from '@memkit/core'
import type { Schema } from '@memkit/core'
import { InvalidOption } from './errors.ts'

/** How a synced buffer is declared in a shader. */
export interface StorageOptions {
  /** Name of the variable. Default: the component's label with a small first letter. */
  name?: string
  /** `'read'` (default): the CPU owns the rows. */
  access?: 'read'
}

/** The declarations of a row type and of a runtime-sized storage array of it. */
export function storageDeclaration(
  label: string,
  schema: Schema,
  group: number,
  binding: number,
  { name = label.charAt(0).toLowerCase() + label.slice(1), access = 'read' }: StorageOptions,
): string {
  requireIndex('group', group)
  requireIndex('binding', binding)
  checkFieldName(name)
  if (access !== 'read')
    throw new InvalidOption(
      'access',
      access,
      `'read': the CPU owns the rows of ${label}, a shader must not write them`,
    )
  const declaration = `@group(${group}) @binding(${binding}) var<storage, ${access}> ${name}: `
  if (schema.kind !== 'struct') return `${declaration}array<${schema.type}>;\n`
  return `${schema.wgsl(label)}\n${declaration}array<${label}>;\n`
}

function requireIndex(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidOption(option, value, 'a whole number from 0 on')
}
