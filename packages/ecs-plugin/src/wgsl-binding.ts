import { checkFieldName } from '@memkit/core'
import type { Schema } from '@memkit/core'
import { InvalidOption } from './errors.ts'

/** How a synced buffer is declared in a shader. */
export interface StorageOptions {
  /** Name of the variable. Default: the component's label with a small first letter. */
  name?: string
  /** Default `'read'`. `'read_write'` for components with `direction: 'download'` or `'both'`. */
  access?: 'read' | 'read_write'
}

/** What is declared. */
interface StorageSource {
  readonly label: string
  readonly schema: Schema
  readonly deviceWrites?: boolean
}

/** The declarations of a row type and of a runtime-sized storage array of it. */
export function storageDeclaration(
  source: StorageSource,
  group: number,
  binding: number,
  options: StorageOptions,
): string {
  const { label, schema } = source
  const { name = label.charAt(0).toLowerCase() + label.slice(1), access = 'read' } = options
  requireIndex('group', group)
  requireIndex('binding', binding)
  checkFieldName(name)
  if (access !== 'read' && access !== 'read_write')
    throw new InvalidOption('access', access, "'read' or 'read_write'")
  if (access === 'read_write' && source.deviceWrites !== true)
    throw new InvalidOption(
      'access',
      access,
      `'read': the CPU owns the rows of ${label}. Flag it with direction: 'download' or 'both' to let a shader write them`,
    )
  const declaration = `@group(${group}) @binding(${binding}) var<storage, ${access}> ${name}: `
  if (schema.kind !== 'struct') return `${declaration}array<${schema.type}>;\n`
  return `${schema.wgsl(label)}\n${declaration}array<${label}>;\n`
}

function requireIndex(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidOption(option, value, 'a whole number from 0 on')
}
