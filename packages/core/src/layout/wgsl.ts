import { checkStructName, InvalidIdentifier } from './identifier.ts'
import type { Field, Struct, WgslType } from './types.ts'

/** Declarations so far: the name of each struct, and the text of each name. */
interface Module {
  readonly names: Map<Struct, string>
  readonly texts: Map<string, string>
}

/**
 * Writes the WGSL declarations of a struct and of all structs in it, innermost first. An unnamed
 * nested struct is named after its first place: the field `body` of `Particle` gives
 * `ParticleBody`. Structs with the same name and fields are declared once; different structs with
 * the same name get a number.
 */
export function wgslOf(struct: Struct, name: string | undefined = struct.name): string {
  const reason = 'name the struct: wgsl(name) or struct(fields, name)'
  if (name === undefined) throw new InvalidIdentifier({ identifier: '', of: 'struct', reason })
  checkStructName(name)
  const module: Module = { names: new Map(), texts: new Map() }
  // Keep nested structs from taking the outermost name.
  module.texts.set(name, '')
  const body = bodyOf(struct, name, module)
  module.texts.delete(name)
  module.texts.set(name, `struct ${name} ${body}`)
  return [...module.texts.values()].join('\n\n')
}

function bodyOf(struct: Struct, name: string, module: Module): string {
  const lines = struct.fields.map(
    (f) => `  ${attributes(f)}${f.name}: ${typeText(f.type, name + pascal(f.name), module)},\n`,
  )
  return `{\n${lines.join('')}}`
}

function attributes(field: Field): string {
  const align = field.align === field.type.align ? '' : `@align(${field.align}) `
  const size = field.size === field.type.size ? '' : `@size(${field.size}) `
  return align + size
}

/** Returns the text of a type in a declaration, and declares the structs in it. */
function typeText(type: WgslType, path: string, module: Module): string {
  if (type.kind === 'struct') return declare(type, type.name ?? path, module)
  if (type.kind !== 'array') return type.type
  const element = typeText(type.element, path, module)
  return type.count === undefined ? `array<${element}>` : `array<${element}, ${type.count}>`
}

function declare(struct: Struct, wanted: string, module: Module): string {
  const known = module.names.get(struct)
  if (known !== undefined) return known
  const body = bodyOf(struct, wanted, module)
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}${n}`
    const text = `struct ${name} ${body}`
    const taken = module.texts.get(name)
    if (taken !== undefined && taken !== text) continue
    module.texts.set(name, text)
    module.names.set(struct, name)
    return name
  }
}

function pascal(name: string): string {
  return name.replace(/(?:^|_+)([^_]?)/g, (_, letter: string) => letter.toUpperCase())
}
