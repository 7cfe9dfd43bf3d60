import { checkStructName, checkVariableName } from '@memkit/core'
import type { Schema } from '@memkit/core'
import { InvalidOption } from './errors.ts'

/** How a synced buffer is declared in a shader. */
export interface StorageOptions {
  /**
   * Name of the variable. Default: the label with a small first letter. Needed where there is no label to make it of, where another
   * component or query of the world has the same one, and where WGSL itself has such a word (`target`, `distance`).
   */
  name?: string
  /** Name of the row's struct. Default: the label; without one, the variable's name with a capital first letter. */
  struct?: string
  /** Default `'read'`. `'read_write'` for components with `direction: 'download'` or `'both'`. */
  access?: 'read' | 'read_write'
}

/** What names declarations in WGSL, and what to do where it cannot. */
export interface WgslNaming {
  /** Names the struct, and with a small first letter the variable. */
  readonly label: string
  /** Why the label cannot name anything in a shader; undefined when it can. */
  readonly labelProblem?: string | undefined
}

/** What is declared. */
export interface StorageSource extends WgslNaming {
  readonly schema: Schema
  readonly deviceWrites?: boolean
}

/**
 * The declarations of a row type and of a runtime-sized storage array of it.
 *
 * @throws InvalidOption, InvalidIdentifier
 */
export function storageDeclaration(
  source: StorageSource,
  group: number,
  binding: number,
  options: StorageOptions,
): string {
  const { label, schema } = source
  const { access = 'read' } = options
  const name = variableName(source, options.name)
  if (access !== 'read' && access !== 'read_write')
    throw new InvalidOption('access', access, "'read' or 'read_write'")
  if (access === 'read_write' && source.deviceWrites !== true)
    throw new InvalidOption(
      'access',
      access,
      `'read': the CPU owns the rows of ${label}. Flag it with direction: 'download' or 'both' to let a shader write them`,
    )
  const declaration = `${bindingAttributes(group, binding)} var<storage, ${access}> ${name}: `
  if (schema.kind !== 'struct') return `${declaration}array<${schema.type}>;\n`
  const struct = structName(source, name, options)
  const structs = schema.wgsl(struct)
  if (structs.startsWith(`struct ${name} `) || structs.includes(`\nstruct ${name} `))
    throw new InvalidOption(
      'name',
      name,
      `another: the struct of the rows of ${label} is called so. Give \`name\` or \`struct\` to wgsl(group, binding, { name, struct })`,
    )
  return `${structs}\n${declaration}array<${struct}>;\n`
}

/**
 * The variable's name: the one given, else the label with a small first letter.
 *
 * @throws InvalidIdentifier for a name that WGSL refuses, or has already
 * @throws InvalidOption when none is given, and the label cannot stand in for it
 */
export function variableName(source: WgslNaming, given: string | undefined): string {
  if (given !== undefined && typeof given !== 'string')
    throw new InvalidOption('name', given, 'a string, the name of a variable in WGSL')
  if (given === undefined && source.labelProblem !== undefined)
    throw new InvalidOption(
      'name',
      undefined,
      `given, for example wgsl(0, 0, { name: 'position' }): ${source.labelProblem}`,
    )
  const name = given ?? source.label.charAt(0).toLowerCase() + source.label.slice(1)
  checkVariableName(name, "Choose another with `name`, for example wgsl(0, 0, { name: 'targets' })")
  return name
}

/** `@group(0) @binding(1)`. @throws InvalidOption */
export function bindingAttributes(group: number, binding: number): string {
  requireIndex('group', group)
  requireIndex('binding', binding)
  return `@group(${group}) @binding(${binding})`
}

function structName({ label, labelProblem }: WgslNaming, name: string, options: StorageOptions): string {
  const { struct } = options
  if (struct !== undefined) {
    checkStructName(struct, 'Choose another with `struct`')
    return struct
  }
  if (labelProblem === undefined) return label
  const derived = name.charAt(0).toUpperCase() + name.slice(1)
  return derived === name ? `${name}Row` : derived
}

function requireIndex(option: string, value: number): void {
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidOption(option, value, 'a whole number from 0 on')
}
