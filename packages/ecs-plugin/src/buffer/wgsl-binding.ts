import { checkStructName, checkVariableName, type Schema } from '@memkit/core'
import { historyNames, interpolationFunctions, type Interpolations } from './interpolation-wgsl.ts'
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
  /**
   * Declares the previous rows too, at the next binding (`placePrevious`), and functions that blend:
   * `interpolatePlace(a, b, t)` two rows, `placeAt(row, t)` the two of an entity. Default false.
   */
  history?: boolean
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
  /** Whether rows belong to entities, so that `fn <name>Row` reads one. */
  readonly hasEntities?: boolean
  /** How fields are blended; left out where previous rows are not kept. */
  readonly interpolation?: Interpolations | undefined
}

/** Names that the declaration of rows generates beside the array and structs. */
export function rowsNames(name: string, source: StorageSource): string[] {
  if (source.hasEntities !== true || hasAtomics(source.schema)) return []
  return source.interpolation === undefined ? [`${name}Row`] : [`${name}Row`, ...historyNames(name)]
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
  const remembers = options.history === true
  checkOption(
    !remembers || source.interpolation !== undefined,
    'history',
    true,
    `left out: ${label} keeps no previous rows. Flag it with history: 'step' or history: 'frame'`,
  )
  checkOption(!remembers || !hasAtomics(schema), 'history', true, `left out: ${label} has atomics`)
  const blend = (type: string): string =>
    remembers
      ? `${bindingAttributes(group, binding + 1)} var<storage, read> ${name}Previous: array<${type}>;\n` +
        interpolationFunctions(name, type, schema, source.interpolation ?? {})
      : ''
  const declaration = `${bindingAttributes(group, binding)} var<storage, ${access}> ${name}: `
  const accessors = (type: string, declared: ReadonlySet<string>): string =>
    (source.hasEntities === true && !hasAtomics(schema) ? [`${name}Row`] : [])
      // A variable with a capital letter has a struct of that name.
      .filter((row) => !declared.has(row))
      .map((row) => `fn ${row}(row: u32) -> ${type} {\n  return ${name}[row];\n}\n`)
      .join('')
  if (schema.kind !== 'struct')
    return `${declaration}array<${schema.type}>;\n${accessors(schema.type, new Set())}${blend(schema.type)}`
  const struct = structName(source, name, options)
  const structs = schema.wgsl(struct)
  const declared = declaredStructs(structs)
  checkOption(
    !declared.has(name),
    'name',
    name,
    `different: the struct of the rows of ${label} has that name. Give \`name\` or \`struct\` to wgsl(group, binding, { name, struct })`,
  )
  return `${structs}\n${declaration}array<${struct}>;\n${accessors(struct, declared)}${blend(struct)}`
}

/** Names of the structs in a declaration. */
export function declaredStructs(structs: string): Set<string> {
  return new Set(Array.from(structs.matchAll(/^struct (\S+) /gm), ([, name]) => name))
}

/** Returns `nameOf`, if it can name a variable. @throws {@link InvalidIdentifier}, {@link InvalidOption} */
export function variableName(source: WgslNaming, given: string | undefined): string {
  const name = nameOf(source, given)
  checkVariableName(name, "Choose another with `name`, for example wgsl(0, 0, { name: 'targets' })")
  return name
}

/** Returns the name given, or the label with a small first letter. @throws {@link InvalidOption} */
export function nameOf(source: WgslNaming, given: string | undefined): string {
  const isText = given === undefined || typeof given === 'string'
  checkOption(isText, 'name', given, 'a string, the name of a variable in WGSL')
  const problem = given === undefined ? source.labelProblem : undefined
  const allowed = `given, for example wgsl(0, 0, { name: 'position' }): ${problem}`
  checkOption(problem === undefined, 'name', undefined, allowed)
  return given ?? source.label.charAt(0).toLowerCase() + source.label.slice(1)
}

/** Returns `@group(0) @binding(1)`. */
export function bindingAttributes(group: number, binding: number): string {
  for (const [option, value] of Object.entries({ group, binding }))
    checkOption(Number.isInteger(value) && value >= 0, option, value, 'a whole number from 0 on')
  return `@group(${group}) @binding(${binding})`
}

/** @param suffix of a struct whose variable has a capital letter */
export function structName(
  { label, labelProblem }: WgslNaming,
  name: string,
  options: Pick<StorageOptions, 'struct'>,
  suffix = 'Row',
): string {
  const { struct } = options
  if (struct !== undefined) {
    checkStructName(struct, 'Choose another with `struct`')
    return struct
  }
  if (labelProblem === undefined) return label
  const derived = name.charAt(0).toUpperCase() + name.slice(1)
  return derived === name ? `${name}${suffix}` : derived
}

/** Atomics can't be read by value. */
function hasAtomics(type: Schema): boolean {
  if (type.kind === 'array') return hasAtomics(type.element)
  return type.kind === 'struct' ? type.fields.some((field) => hasAtomics(field.type)) : type.kind === 'atomic'
}
