import { InvalidLayout } from '../errors.ts'
import { roundUp } from './compose.ts'
import type { Struct, WgslType } from './types.ts'

/** Where a shader finds a buffer: `var<uniform>` or `var<storage>`. */
export type AddressSpace = 'uniform' | 'storage'

/** One place in a type that breaks a rule of an address space. */
export interface LayoutProblem {
  /** Way to the field, with dots; empty for the type itself. */
  readonly path: string
  /** What is wrong, and what to do. */
  readonly reason: string
}

/**
 * What keeps a type out of an address space; empty when nothing does.
 *
 * Storage takes every type that can be built. Uniform wants multiples of 16 bytes: array strides, and the offsets and
 * alignments of nested structs and arrays; and the field after a nested struct must be a multiple of 16 away from it. No atomics, no runtime-sized
 * arrays. (Browsers with the WGSL feature `uniform_buffer_standard_layout` are more lenient; these are the rules
 * that hold everywhere.)
 */
export function layoutProblems(type: WgslType, space: AddressSpace): readonly LayoutProblem[] {
  const problems: LayoutProblem[] = []
  if (space === 'uniform') visit(type, '', problems)
  return problems
}

/**
 * Throws when a type cannot be used in an address space; the error lists all that is wrong with it.
 *
 * @throws InvalidLayout
 */
export function checkLayout(type: WgslType, space: AddressSpace): void {
  const problems = layoutProblems(type, space)
  if (problems.length > 0) throw new InvalidLayout(type.type, space, problems)
}

function visit(type: WgslType, path: string, problems: LayoutProblem[]): void {
  if (type.kind === 'atomic') {
    problems.push({ path, reason: `atomics live in storage buffers only; use ${type.scalar}` })
  } else if (type.kind === 'array') {
    visitArray(type.element, type.count, type.stride, path, problems)
  } else if (type.kind === 'struct') {
    visitStruct(type, path, problems)
  }
}

function visitArray(
  element: WgslType,
  count: number | undefined,
  stride: number,
  path: string,
  problems: LayoutProblem[],
): void {
  if (count === undefined) {
    problems.push({ path, reason: 'runtime-sized arrays live in storage buffers only; give it a count' })
  }
  if (stride % 16 !== 0) {
    const remedy =
      element.kind === 'struct'
        ? 'give its first field align(16, …)'
        : `pack the values into vec4s, or use array(struct({ value: align(16, ${element.type}) }), …)`
    problems.push({
      path,
      reason: `elements lie ${stride} bytes apart, which must be a multiple of 16; ${remedy}`,
    })
  }
  visit(element, path === '' ? '[]' : `${path}[]`, problems)
}

function visitStruct(struct: Struct, path: string, problems: LayoutProblem[]): void {
  struct.fields.forEach((field, i) => {
    const { name, type, offset } = field
    const here = path === '' ? name : `${path}.${name}`
    if (type.kind === 'struct' || type.kind === 'array') {
      const required = roundUp(type.align, 16)
      if (offset % required !== 0) {
        const reason = `a nested ${type.kind} must start at a multiple of ${required} bytes, not at ${offset}; use align(${required}, …)`
        problems.push({ path: here, reason })
      } else if (field.align !== type.align && field.align % required !== 0) {
        const reason = `the alignment of a nested ${type.kind} must be a multiple of ${required}, not ${field.align}; use align(${required}, …)`
        problems.push({ path: here, reason })
      }
    }
    const next = struct.fields[i + 1]
    if (type.kind === 'struct' && next !== undefined && (next.offset - offset) % 16 !== 0) {
      const reason = `starts ${next.offset - offset} bytes after the nested struct ${name}, which must be a multiple of 16; use align(16, …)`
      problems.push({ path: path === '' ? next.name : `${path}.${next.name}`, reason })
    }
    visit(type, here, problems)
  })
}
