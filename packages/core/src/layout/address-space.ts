import { defineError, type ErrorClass } from '../mk-error.ts'
import { roundUp } from '../memory/bits.ts'
import { join } from './walk.ts'
import type { Struct, WgslType } from './types.ts'

/**
 * A type that breaks rules of an address space.
 *
 * What to do: change each place that `problems` lists, as its reason says, or use the type in the
 * other address space.
 */
export const InvalidLayout: ErrorClass<{
  code: 'InvalidLayout'
  type: string
  space: AddressSpace
  /** Every place that breaks a rule. */
  problems: readonly LayoutProblem[]
}> = defineError('InvalidLayout', ({ type, space, problems }) => {
  const list = problems
    .map(({ path, reason }) => `${path === '' ? 'the type itself' : path}: ${reason}`)
    .join('; ')
  return `${type} cannot be used in the ${space} address space. ${list}.`
})
export type InvalidLayout = InstanceType<typeof InvalidLayout>

/** Where a shader finds a buffer: `var<uniform>` or `var<storage>`. */
export type AddressSpace = 'uniform' | 'storage'

/** One place in a type that breaks a rule of an address space. */
export interface LayoutProblem {
  /** Path to the field, with dots; empty for the type itself. */
  readonly path: string
  /** What is wrong, and what to do. */
  readonly reason: string
}

/**
 * Lists what keeps a type out of an address space; empty when nothing does.
 *
 * Storage takes every type that can be built. Uniform takes neither atomics nor runtime-sized
 * arrays, and wants multiples of 16 bytes: for array strides, for the offsets and alignments of
 * nested structs and arrays, and from a nested struct to the field after it. (Browsers with the
 * WGSL feature `uniform_buffer_standard_layout` are more lenient; these rules hold everywhere.)
 */
export function layoutProblems(type: WgslType, space: AddressSpace): readonly LayoutProblem[] {
  const problems: LayoutProblem[] = []
  if (space === 'uniform') visit(type, '', problems)
  return problems
}

/** Checks a type for an address space. @throws {@link InvalidLayout}, listing all that is wrong */
export function checkLayout(type: WgslType, space: AddressSpace): void {
  const problems = layoutProblems(type, space)
  if (problems.length > 0) throw new InvalidLayout({ type: type.type, space, problems })
}

function visit(type: WgslType, path: string, problems: LayoutProblem[]): void {
  if (type.kind === 'struct') return visitStruct(type, path, problems)
  if (type.kind === 'atomic')
    problems.push({ path, reason: `atomics live in storage buffers only; use ${type.scalar}` })
  if (type.kind !== 'array') return
  const { element, count, stride } = type
  if (count === undefined)
    problems.push({ path, reason: 'runtime-sized arrays live in storage buffers only; give it a count' })
  const remedy =
    element.kind === 'struct'
      ? 'give its first field align(16, …)'
      : `pack the values into vec4s, or use array(struct({ value: align(16, ${element.type}) }), …)`
  const reason = `elements lie ${stride} bytes apart, which must be a multiple of 16; ${remedy}`
  if (stride % 16 !== 0) problems.push({ path, reason })
  visit(element, path === '' ? '[]' : `${path}[]`, problems)
}

function visitStruct(struct: Struct, path: string, problems: LayoutProblem[]): void {
  struct.fields.forEach((field, i) => {
    const { name, type, offset } = field
    const here = join(path, name)
    if (type.kind === 'struct' || type.kind === 'array') {
      const required = roundUp(type.align, 16)
      const remedy = `use align(${required}, …)`
      if (offset % required !== 0) {
        const reason = `a nested ${type.kind} must start at a multiple of ${required} bytes, not at ${offset}; ${remedy}`
        problems.push({ path: here, reason })
      } else if (field.align !== type.align && field.align % required !== 0) {
        const reason = `the alignment of a nested ${type.kind} must be a multiple of ${required}, not ${field.align}; ${remedy}`
        problems.push({ path: here, reason })
      }
    }
    const next = struct.fields[i + 1]
    if (type.kind === 'struct' && next !== undefined && (next.offset - offset) % 16 !== 0) {
      const reason = `starts ${next.offset - offset} bytes after the nested struct ${name}, which must be a multiple of 16; use align(16, …)`
      problems.push({ path: join(path, next.name), reason })
    }
    visit(type, here, problems)
  })
}
