import { InvalidArrayCount, InvalidAttribute, InvalidSchema, RuntimeArrayNotLast } from './errors.ts'
import { roundUp } from '../memory/bits.ts'
import { isWhole } from '../memory/bounds.ts'
import { checkFieldName, checkStructName } from './identifier.ts'
import { someType } from './walk.ts'
import type { Atomic, Field, Scalar, Struct, WgslArray, WgslType } from './types.ts'
import { wgslOf } from './wgsl.ts'

/** The most bytes a type may have: what a 32-bit offset can reach. */
const MAX_SIZE = 2 ** 32 - 1

/** Returns the bytes from one value to the next in an array: its size, rounded up to its `align`. */
export function strideOf(type: WgslType): number {
  return roundUp(type.size, type.align)
}

/** Whether the type is, or ends in, a runtime-sized array. */
export function isRuntimeSized(type: WgslType): boolean {
  return someType(type, (inner) => inner.kind === 'array' && inner.count === undefined)
}

/** Whether `from` names columns for anything in the type. */
export function namesColumns(type: WgslType): boolean {
  return someType(type, (inner) => 'sources' in inner)
}

/** Returns the size of a type, with `elements` in the runtime-sized array at its end, if any. */
export function sizeOf(type: WgslType, elements: number = 0): number {
  if (type.kind === 'array') return type.count === undefined ? elements * type.stride : type.size
  if (type.kind !== 'struct') return type.size
  const last = type.fields[type.fields.length - 1]
  return isRuntimeSized(last.type)
    ? roundUp(last.offset + sizeOf(last.type, elements), type.align)
    : type.size
}

export function makeArray(element: WgslType, count: number | undefined): WgslArray {
  if (isRuntimeSized(element))
    throw new RuntimeArrayNotLast({ field: element.type, reason: 'it is the element of an array' })
  const reason = 'from(…) names columns for one field, not for the elements of an array'
  if (namesColumns(element)) throw new InvalidSchema({ schema: element.type, reason })
  const stride = strideOf(element)
  const max = Math.floor(MAX_SIZE / stride)
  if (count !== undefined && !isWhole(count, 1, max))
    throw new InvalidArrayCount({ element: element.type, count, max })
  return Object.freeze({
    kind: 'array',
    type: count === undefined ? `array<${element.type}>` : `array<${element.type}, ${count}>`,
    element,
    count,
    stride,
    size: stride * (count ?? 0),
    align: element.align,
  })
}

export function makeAtomic(inner: WgslType): Atomic {
  const { type: scalar } = inner as Scalar<'u32' | 'i32'>
  const type = `atomic<${scalar}>` as const
  if (scalar !== 'u32' && scalar !== 'i32')
    throw new InvalidSchema({ schema: type, reason: 'only u32 and i32 can be atomic' })
  return Object.freeze({ kind: 'atomic', type, scalar, components: 1, size: 4, align: 4 })
}

/** A field before it is laid out; `align` and `size` are the bytes asked for, 0 when not given. */
export interface FieldSpec {
  readonly name: string
  readonly type: WgslType
  readonly align: number
  readonly size: number
}

export function makeStruct(specs: readonly FieldSpec[], name: string | undefined): Struct {
  if (name !== undefined) checkStructName(name)
  if (specs.length === 0)
    throw new InvalidSchema({ schema: name ?? 'struct', reason: 'a struct has at least one field' })
  let end = 0
  let structAlign = 1
  const fields = specs.map((spec, i): Field => {
    checkFieldName(spec.name)
    const { name: field, type } = spec
    if (isRuntimeSized(type) && type.kind === 'struct')
      throw new RuntimeArrayNotLast({ field, reason: 'it is inside of a nested struct' })
    if (isRuntimeSized(type) && i < specs.length - 1)
      throw new RuntimeArrayNotLast({ field, reason: `${specs[i + 1].name} comes after it` })
    const align = fieldAlign(spec)
    const size = fieldSize(spec)
    const offset = roundUp(end, align)
    end = offset + size
    structAlign = Math.max(structAlign, align)
    return Object.freeze({ name: field, type, offset, size, align })
  })
  const size = roundUp(end, structAlign)
  const reason = `its ${size} bytes are more than a buffer can have`
  if (size > MAX_SIZE) throw new InvalidSchema({ schema: name ?? 'struct', reason })
  const members = Object.fromEntries(fields.map((field) => [field.name, field]))
  const struct: Struct = Object.freeze({
    kind: 'struct',
    type: name ?? `struct { ${fields.map((f) => `${f.name}: ${f.type.type}`).join(', ')} }`,
    name,
    size,
    align: structAlign,
    fields: Object.freeze(fields),
    members: Object.freeze(members),
    wgsl: (as?: string): string => wgslOf(struct, as),
  })
  return struct
}

function fieldAlign({ name, type, align }: FieldSpec): number {
  if (align === 0) return type.align
  const allowed = `a power of two from ${type.align}, the alignment of ${type.type}`
  if (!Number.isInteger(Math.log2(align)) || align < type.align || align > 2 ** 31)
    throw new InvalidAttribute({ field: name, attribute: 'align', bytes: align, allowed })
  return align
}

function fieldSize({ name, type, size }: FieldSpec): number {
  if (size === 0) return type.size
  const isOpen = isRuntimeSized(type)
  const allowed = isOpen
    ? 'left out: the array is runtime-sized'
    : `an integer from ${type.size}, the size of ${type.type}`
  if (isOpen || !isWhole(size, type.size, MAX_SIZE))
    throw new InvalidAttribute({ field: name, attribute: 'size', bytes: size, allowed })
  return size
}
