import { checkStructName, checkVariableName, type Schema } from '@memkit/core'
import { checkOption } from '../options.ts'

/** How to declare a synced buffer in a shader. */
export interface StorageOptions {
  /**
   * Name of the variable. Default: the label with a small first letter. Needed where there is no
   * label, another component or query of the world has the same one, or the word belongs to WGSL
   * (`target`, `distance`).
   */
  name?: string
  /** Name of the row's struct. Default: the label, else the variable's name with a capital letter. */
  struct?: string
  /** Default `'read'`. `'read_write'` for components with `direction: 'download'` or `'both'`. */
  access?: 'read' | 'read_write'
}

/** Names declarations in WGSL. */
export interface WgslNaming {
  /** Names the struct, and with a small first letter the variable. */
  readonly label: string
  /** Says why the label can't name anything in a shader. Undefined when it can. */
  readonly labelProblem?: string | undefined
}

/** Rows to declare. */
export interface StorageSource extends WgslNaming {
  readonly schema: Schema
  /** Whether a shader may write the rows. */
  readonly deviceWrites?: boolean
}

/** Returns the declarations of a row type and of a runtime-sized storage array of it. */
export function storageDeclaration(
  source: StorageSource,
  group: number,
  binding: number,
  options: StorageOptions,
): string {
  const { label, schema } = source
  const { access = 'read' } = options
  const name = variableName(source, options.name)
  checkOption(access === 'read' || access === 'read_write', 'access', access, "'read' or 'read_write'")
  checkOption(
    access === 'read' || source.deviceWrites === true,
    'access',
    access,
    `'read': the CPU owns the rows of ${label}. Flag it with direction: 'download' or 'both' to let a shader write them`,
  )
  const declaration = `${bindingAttributes(group, binding)} var<storage, ${access}> ${name}: `
  if (schema.kind !== 'struct') return `${declaration}array<${schema.type}>;\n`
  const struct = structName(source, name, options)
  const structs = schema.wgsl(struct)
  checkOption(
    !structs.startsWith(`struct ${name} `) && !structs.includes(`\nstruct ${name} `),
    'name',
    name,
    `different: the struct of the rows of ${label} has that name. Give \`name\` or \`struct\` to wgsl(group, binding, { name, struct })`,
  )
  return `${structs}\n${declaration}array<${struct}>;\n`
}

/** Returns the variable's name: the one given, or the label with a small first letter. */
export function variableName(source: WgslNaming, given: string | undefined): string {
  const isText = given === undefined || typeof given === 'string'
  checkOption(isText, 'name', given, 'a string, the name of a variable in WGSL')
  const problem = given === undefined ? source.labelProblem : undefined
  const allowed = `given, for example wgsl(0, 0, { name: 'position' }): ${problem}`
  checkOption(problem === undefined, 'name', undefined, allowed)
  const name = given ?? source.label.charAt(0).toLowerCase() + source.label.slice(1)
  checkVariableName(name, "Choose another with `name`, for example wgsl(0, 0, { name: 'targets' })")
  return name
}

/** Returns `@group(0) @binding(1)`. */
export function bindingAttributes(group: number, binding: number): string {
  for (const [option, value] of Object.entries({ group, binding }))
    checkOption(Number.isInteger(value) && value >= 0, option, value, 'a whole number from 0 on')
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
