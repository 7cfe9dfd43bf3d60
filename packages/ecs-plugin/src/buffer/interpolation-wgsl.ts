import type { Schema, WgslType } from '@memkit/core'
import { checkOption } from '../options.ts'

/**
 * How a field is blended between the previous row and the current one: `'lerp'` straight, `'angle'`
 * (radians) by the shortest way round, `'nlerp'` as a quaternion, `'current'` not at all.
 */
export type Interpolation = 'lerp' | 'angle' | 'nlerp' | 'current'
/** By name of a field. */
export type Interpolations = Readonly<Record<string, Interpolation>>

/**
 * Checks that each field named can be blended so.
 * @throws {@link InvalidOption}
 */
export function checkInterpolation(label: string, schema: Schema, given: Interpolations): void {
  for (const [name, how] of Object.entries(given)) {
    const option = `interpolation.${name}`
    const allowed = possibleFor(schema, name)
    const fields =
      schema.kind === 'struct'
        ? `left out: ${label} has the fields ${schema.fields.map((field) => field.name).join(', ')}`
        : `left out: ${label} has no fields`
    checkOption(allowed !== undefined, option, how, fields)
    const quoted = (allowed ?? []).map((each) => `'${each}'`).join(', ')
    checkOption(allowed.includes(how), option, how, `one of ${quoted}, as the type of the field is`)
  }
}

/**
 * Returns WGSL of the functions that blend two rows, and that read a blended one.
 * @param type of a row
 */
export function interpolationFunctions(
  name: string,
  type: string,
  schema: Schema,
  interpolation: Interpolations,
): string {
  const writer = new Blend(interpolation)
  writer.write('result', 'a', 'b', schema, undefined)
  const body = writer.lines.map((line) => `  ${line}\n`).join('')
  return (
    `fn ${interpolateName(name)}(a: ${type}, b: ${type}, t: f32) -> ${type} {\n` +
    `  var result = b;\n${body}  return result;\n}\n` +
    `fn ${name}At(row: u32, t: f32) -> ${type} {\n` +
    `  return ${interpolateName(name)}(${name}Previous[row], ${name}[row], t);\n}\n`
  )
}

/** Names that previous rows add to those of the rows. */
export function historyNames(name: string): string[] {
  return [`${name}Previous`, interpolateName(name), `${name}At`]
}

function interpolateName(name: string): string {
  return `interpolate${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

/** Writes how each field is blended. At t = 0 and 1 the results are the rows themselves, bit for bit. */
class Blend {
  readonly lines: string[] = []
  readonly #interpolation: Interpolations
  #loops = 0

  constructor(interpolation: Interpolations) {
    this.#interpolation = interpolation
  }

  write(to: string, a: string, b: string, type: WgslType, how: Interpolation | undefined): void {
    if (type.kind === 'struct') {
      for (const field of type.fields) {
        const given = to === 'result' ? this.#interpolation[field.name] : how
        const at = `.${field.name}`
        this.write(`${to}${at}`, `${a}${at}`, `${b}${at}`, field.type, given)
      }
      return
    }
    if (type.kind === 'array') {
      if (!isBlended(type)) return
      const i = `i${this.#loops++}`
      const at = `[${i}]`
      this.lines.push(`for (var ${i} = 0u; ${i} < ${type.count}u; ${i}++) {`)
      this.write(`${to}${at}`, `${a}${at}`, `${b}${at}`, type.element, how)
      this.lines.push('}')
      return
    }
    if (!isFloat(type) || how === 'current') return
    const t = scalarOf(type) === 'f16' ? 'f16(t)' : 't'
    this.lines.push(`${to} = ${this.#blended(a, b, t, type, how ?? 'lerp')};`)
  }

  #blended(a: string, b: string, t: string, type: WgslType, how: Interpolation): string {
    // Exact at both ends on every device; a + (b - a) * t is not.
    const line = `${a} * (1 - ${t}) + ${b} * ${t}`
    if (how === 'lerp') return line
    const ends = (between: string): string => `select(select(${between}, ${b}, t >= 1), ${a}, t <= 0)`
    if (how === 'angle') {
      const turn = scalarOf(type) === 'f16' ? '6.2831853h' : '6.2831853f'
      return ends(`${a} + (${b} - ${a} - ${turn} * round((${b} - ${a}) / ${turn})) * ${t}`)
    }
    const one = scalarOf(type) === 'f16' ? '1h' : '1f'
    // The same rotation has two signs: the nearer is taken.
    return ends(`normalize(${a} * (1 - ${t}) + ${b} * (${t} * select(${one}, -${one}, dot(${a}, ${b}) < 0)))`)
  }
}

function isBlended(type: WgslType): boolean {
  if (type.kind === 'array') return type.count !== undefined && isBlended(type.element)
  return type.kind === 'struct' ? type.fields.some((field) => isBlended(field.type)) : isFloat(type)
}

function isFloat(type: WgslType): boolean {
  const scalar = scalarOf(type)
  return type.kind !== 'atomic' && (scalar === 'f32' || scalar === 'f16')
}

function scalarOf(type: WgslType): string {
  return 'scalar' in type ? type.scalar : ''
}

/** Undefined where there is no such field. */
function possibleFor(schema: Schema, name: string): readonly Interpolation[] | undefined {
  const type = schema.kind === 'struct' ? schema.fields.find((field) => field.name === name)?.type : undefined
  if (type === undefined) return undefined
  if (!isBlended(type)) return ['current']
  if (type.kind === 'scalar') return ['lerp', 'angle', 'current']
  if (type.kind === 'vector')
    return type.components === 4 ? ['lerp', 'angle', 'nlerp', 'current'] : ['lerp', 'angle', 'current']
  return ['lerp', 'current']
}
