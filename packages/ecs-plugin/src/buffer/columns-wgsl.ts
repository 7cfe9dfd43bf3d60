import { checkVariableName, sectionsOf, type SectionOf, type WgslType } from '@memkit/core'
import { checkOption } from '../options.ts'
import type { ColumnScalar, DeviceColumn, DeviceColumns } from '../store/device-columns.ts'
import { bindingAttributes, declaredStructs, nameOf, structName, type StorageSource } from './wgsl-binding.ts'

/** How to declare the columns of a component in a shader. */
export interface ColumnsDeclaration {
  /**
   * What the names of array and functions begin with: `body` gives `bodyWords`, `bodyRow`,
   * `bodyCapacity` and `body_x`. Default: the label with a small first letter. Needed where there is
   * no label, or one of these names is taken.
   */
  name?: string
  /** Name of the row's struct. Default: the label, else `name` with a capital letter. */
  struct?: string
}

/** Columns to declare. */
export interface ColumnsSource extends StorageSource {
  readonly deviceColumns: DeviceColumns
}

/** Names that the declaration of columns generates, beside structs. */
export function columnsNames(name: string, { schema }: { readonly schema: WgslType }): string[] {
  const fields = schema.kind === 'struct' ? schema.fields.map((field) => fieldName(name, field.name)) : []
  return [wordsName(name), rowName(name), capacityName(name), ...fields]
}

const wordsName = (name: string): string => `${name}Words`
const rowName = (name: string): string => `${name}Row`
const capacityName = (name: string): string => `${name}Capacity`
// The other names have no underscore, so a column `words` doesn't meet the array.
const fieldName = (name: string, field: string): string => `${name}_${field}`

/** Returns the declarations that `ColumnsBuffer.wgsl` describes. */
export function columnsDeclaration(
  source: ColumnsSource,
  group: number,
  binding: number,
  options: ColumnsDeclaration,
): string {
  const { deviceColumns, label, schema } = source
  const name = nameOf(source, options.name)
  const struct = structName(source, name, options, 'Struct')
  const structs = schema.kind === 'struct' ? schema.wgsl(struct) : ''
  const names = columnsNames(name, source)
  // A label may be a word of WGSL's, for no name is that word by itself.
  for (const each of options.name === undefined ? names : [name, ...names])
    checkVariableName(
      each,
      "Choose another start of its names with `name`, for example wgsl(0, 0, { name: 'things' })",
    )
  const taken = names.find((each, i) => names.indexOf(each) !== i || declaredStructs(structs).has(each))
  const different = `different: the declaration of ${label} would have two things named ${taken}. Give \`name\` or \`struct\` to wgsl(group, binding, { name, struct })`
  checkOption(taken === undefined, 'name', name, different)
  const { columns } = deviceColumns
  const word = columns.every(({ kind }) => kind === 'f32') ? 'f32' : 'u32'
  const words = `${bindingAttributes(group, binding)} var<storage, read> ${wordsName(name)}: array<${word}>;\n`
  const accessors = new Accessors(name, word, deviceColumns, fieldTypes(structs))
  const before = structs === '' ? '' : `${structs}\n`
  return before + words + accessors.write(schema.kind === 'struct' ? struct : schema.type)
}

/** Writes the functions that read rows out of the columns. */
class Accessors {
  readonly #name: string
  readonly #word: 'f32' | 'u32'
  readonly #columns: DeviceColumns
  readonly #sections: readonly SectionOf<DeviceColumn>[]
  /** By struct and field: its type as declared. */
  readonly #types: ReadonlyMap<string, string>

  constructor(name: string, word: 'f32' | 'u32', columns: DeviceColumns, types: ReadonlyMap<string, string>) {
    this.#name = name
    this.#word = word
    this.#columns = columns
    this.#types = types
    this.#sections = sectionsOf(columns.columns)
  }

  /** @param rowType what a row is in WGSL */
  write(rowType: string): string {
    const { schema } = this.#columns
    const name = this.#name
    const capacity = `fn ${capacityName(name)}() -> u32 {\n  return ${this.#perRow(4)};\n}\n`
    if (schema.kind !== 'struct')
      return accessor(rowName(name), rowType, this.#value(schema, rowType, 0)) + capacity
    const fields = schema.fields.map((field) => {
      const type = this.#typeOf(rowType, field.name)
      return accessor(fieldName(name, field.name), type, this.#value(field.type, type, field.offset))
    })
    const values = schema.fields.map((field) => `${fieldName(name, field.name)}(row)`)
    const row = accessor(rowName(name), rowType, `${rowType}(${values.join(', ')})`)
    return [...fields, row, capacity].join('')
  }

  #value(type: WgslType, declared: string, at: number): string {
    const call = (parts: readonly string[]): string => `${declared}(${parts.join(', ')})`
    switch (type.kind) {
      case 'scalar':
      case 'atomic':
        return this.#element(at)
      case 'vector':
        return call(Array.from({ length: type.components }, (_, i) => this.#element(at + i * 4)))
      case 'matrix': {
        const offset = (i: number): number =>
          at + Math.floor(i / type.rows) * type.columnStride + (i % type.rows) * 4
        return call(Array.from({ length: type.components }, (_, i) => this.#element(offset(i))))
      }
      case 'array': {
        const element = declared.slice('array<'.length, declared.lastIndexOf(','))
        const value = (_: unknown, i: number): string =>
          this.#value(type.element, element, at + i * type.stride)
        return call(Array.from({ length: type.count ?? 0 }, value))
      }
      default:
        return call(
          type.fields.map((field) =>
            this.#value(field.type, this.#typeOf(declared, field.name), at + field.offset),
          ),
        )
    }
  }

  /** The number at an offset of a row of the schema. */
  #element(offset: number): string {
    const scalar = this.#columns.scalars.get(offset)!
    const section = this.#sections[scalar.column]
    const before = section.start === 0 ? '' : `${this.#perRow(section.start)} + `
    return elementOf(wordsName(this.#name), this.#word, section, scalar, before)
  }

  // A capacity is a multiple of 64, so neither of the two divisions of an element leaves a rest.
  /** Words that so many bytes per row take in the whole buffer, times four; for 4, the capacity. */
  #perRow(bytes: number): string {
    return `arrayLength(&${wordsName(this.#name)}) / ${this.#columns.bytesPerRow}u * ${bytes}u`
  }

  #typeOf(struct: string, field: string): string {
    return this.#types.get(`${struct}.${field}`)!
  }
}

function accessor(name: string, type: string, value: string): string {
  return `fn ${name}(row: u32) -> ${type} {\n  return ${value};\n}\n`
}

/** @param before words before the section, with a plus sign; empty for the first section */
function elementOf(
  words: string,
  word: 'f32' | 'u32',
  { arity, elementBytes, kind }: DeviceColumn,
  { index, type }: ColumnScalar,
  before: string,
): string {
  const element = arity === 1 ? 'row' : `row * ${arity}u${index === 0 ? '' : ` + ${index}u`}`
  if (elementBytes === 4) return converted(`${words}[${before}${element}]`, word, type)
  const [perWord, bits] = [4 / elementBytes, elementBytes * 8]
  const whole = arity === 1 ? element : `(${element})`
  const found = `${words}[${before}${whole} / ${perWord}u]`
  // Of an i32, extractBits keeps the sign.
  const holds = kind.startsWith('i') ? 'i32' : 'u32'
  const shift = `${whole} % ${perWord}u * ${bits}u`
  return converted(`extractBits(${converted(found, 'u32', holds)}, ${shift}, ${bits}u)`, holds, type)
}

function converted(value: string, from: string, to: string): string {
  return from === to ? value : `bitcast<${to}>(${value})`
}

/** Types of fields as they are declared, by `Struct.field`. */
function fieldTypes(structs: string): Map<string, string> {
  const types = new Map<string, string>()
  for (const [, struct, body] of structs.matchAll(/struct (\S+) \{\n([^}]*)\}/g))
    for (const [, field, type] of body.matchAll(/^ {2}(?:@\w+\(\d+\) )*(\S+): (.*),$/gm))
      types.set(`${struct}.${field}`, type)
  return types
}
