import { InvalidArrayCount, InvalidAttribute, InvalidSchema, RuntimeArrayNotLast } from '../errors.ts'
import { checkFieldName, checkStructName } from './identifier.ts'
import { namesColumns } from './sources.ts'
import type { Atomic, Field, Scalar, Struct, WgslArray, WgslType } from './types.ts'
import { wgslOf } from './wgsl.ts'

// How arrays, atomics and structs are laid out, once their parts are types of our own.

/** Bytes that anything may have here: what a 32-bit offset can reach. */
const MAX_SIZE = 2 ** 32 - 1

export function roundUp(bytes: number, align: number): number {
  return Math.ceil(bytes / align) * align
}

/** Bytes from one value of the type to the next in an array: its size, rounded up to its alignment. */
export function strideOf(type: WgslType): number {
  return roundUp(type.size, type.align)
}

/** Whether the type is, or ends in, a runtime-sized array. */
export function isRuntimeSized(type: WgslType): boolean {
  if (type.kind === 'array') return type.count === undefined
  return type.kind === 'struct' && isRuntimeSized(type.fields[type.fields.length - 1].type)
}

/** Bytes of a type with `elements` in the runtime-sized array at its end; without such an array, just its size. */
export function sizeOf(type: WgslType, elements: number = 0): number {
  if (type.kind === 'array') return type.count === undefined ? elements * type.stride : type.size
  if (type.kind !== 'struct') return type.size
  const last = type.fields[type.fields.length - 1]
  if (last.type.kind !== 'array' || last.type.count !== undefined) return type.size
  return roundUp(last.offset + elements * last.type.stride, type.align)
}

export function makeArray(element: WgslType, count: number | undefined): WgslArray {
  if (isRuntimeSized(element)) throw new RuntimeArrayNotLast(element.type, 'it is the element of an array')
  if (namesColumns(element)) {
    throw new InvalidSchema(
      element.type,
      'from(…) names columns for one field, not for the elements of an array',
    )
  }
  const stride = strideOf(element)
  if (count !== undefined && !(Number.isInteger(count) && count > 0 && count * stride <= MAX_SIZE)) {
    throw new InvalidArrayCount(element.type, count, Math.floor(MAX_SIZE / stride))
  }
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
  if (inner.kind !== 'scalar' || (inner.type !== 'u32' && inner.type !== 'i32')) {
    throw new InvalidSchema(`atomic<${inner.type}>`, 'only u32 and i32 can be atomic')
  }
  const scalar = (inner as Scalar<'u32' | 'i32'>).type
  return Object.freeze({
    kind: 'atomic',
    type: `atomic<${scalar}>`,
    scalar,
    components: 1,
    size: 4,
    align: 4,
  })
}

/** One field before it has its place. */
export interface FieldSpec {
  readonly name: string
  readonly type: WgslType
  /** Bytes asked for by `align`; 0 when not given. */
  readonly align: number
  /** Bytes asked for by `size`; 0 when not given. */
  readonly size: number
}

export function makeStruct(specs: readonly FieldSpec[], name: string | undefined): Struct {
  if (name !== undefined) checkStructName(name)
  if (specs.length === 0) throw new InvalidSchema(name ?? 'struct', 'a struct has at least one field')
  let end = 0
  let structAlign = 1
  const fields = specs.map((spec, i): Field => {
    checkFieldName(spec.name)
    if (isRuntimeSized(spec.type)) {
      if (spec.type.kind === 'struct')
        throw new RuntimeArrayNotLast(spec.name, 'it is inside of a nested struct')
      if (i < specs.length - 1)
        throw new RuntimeArrayNotLast(spec.name, `${specs[i + 1].name} comes after it`)
    }
    const align = fieldAlign(spec)
    const size = fieldSize(spec)
    const offset = roundUp(end, align)
    end = offset + size
    structAlign = Math.max(structAlign, align)
    return Object.freeze({ name: spec.name, type: spec.type, offset, size, align })
  })
  const size = roundUp(end, structAlign)
  if (size > MAX_SIZE)
    throw new InvalidSchema(name ?? 'struct', `its ${size} bytes are more than a buffer can have`)
  const members: Record<string, Field> = {}
  for (const field of fields) members[field.name] = field
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
  if (!Number.isInteger(Math.log2(align)) || align < type.align || align > 2 ** 31) {
    throw new InvalidAttribute(
      name,
      'align',
      align,
      `a power of two from ${type.align}, the alignment of ${type.type}`,
    )
  }
  return align
}

function fieldSize({ name, type, size }: FieldSpec): number {
  if (size === 0) return type.size
  if (isRuntimeSized(type))
    throw new InvalidAttribute(name, 'size', size, 'left out: the array is runtime-sized')
  if (!Number.isInteger(size) || size < type.size || size > MAX_SIZE) {
    throw new InvalidAttribute(name, 'size', size, `an integer from ${type.size}, the size of ${type.type}`)
  }
  return size
}
