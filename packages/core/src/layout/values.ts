import { defineError, type ErrorClass } from '../mk-error.ts'
import { requireSize } from '../memory/bounds.ts'
import { sizeOf } from './compose.ts'
import { bytesOf, join, scalarOffset } from './walk.ts'
import { halfBits, halfValue } from '../kernels/half-float.ts'
import type { Atomic, Matrix, Scalar, ScalarName, Struct, Vector, WgslArray, WgslType } from './types.ts'

/**
 * A value that its WGSL type cannot hold.
 *
 * What to do: pass what `expected` says at `path`.
 */
export const InvalidValue: ErrorClass<{
  code: 'InvalidValue'
  /** Path to it, with dots; empty for the whole value. */
  path: string
  expected: string
  given: unknown
}> = defineError('InvalidValue', ({ path, expected, given }) => {
  const shown =
    typeof given === 'object' && given !== null ? Object.prototype.toString.call(given) : String(given)
  return `${path === '' ? 'The value' : path} must be ${expected}, not ${shown}.`
})
export type InvalidValue = InstanceType<typeof InvalidValue>

/** A list of `N` numbers. */
type Numbers<N extends number> = {
  2: [number, number]
  3: [number, number, number]
  4: [number, number, number, number]
}[N & (2 | 3 | 4)]

/** What `readValue` returns for a WGSL type: numbers, tuples for vectors, arrays, objects. */
export type Infer<T> = T extends Scalar | Atomic
  ? number
  : T extends Vector
    ? Numbers<T['components']>
    : T extends Matrix
      ? number[]
      : T extends Struct<infer F>
        ? { -readonly [K in keyof F]: Infer<F[K]> }
        : T extends WgslArray<infer E>
          ? Infer<E>[]
          : never

/** What `writeValue` accepts for a WGSL type: any list of numbers works, fields may be left out. */
export type InferInput<T> = T extends Scalar | Atomic
  ? number
  : T extends Vector | Matrix
    ? ArrayLike<number>
    : T extends Struct<infer F>
      ? { readonly [K in keyof F]?: InferInput<F[K]> }
      : T extends WgslArray<infer E>
        ? ArrayLike<InferInput<E>>
        : never

// For uniforms, tests and tools; per-frame data lives in stores.

/**
 * Writes a value in the layout of its type. Fields that are left out, elements past the end of a
 * shorter list, and padding keep their bytes. A matrix is given column by column, with or without
 * the padding after each column of three rows.
 * @param offset bytes from the start of `view`
 * @throws {@link InvalidValue} for a value of another shape; nothing is written then
 * @throws {@link InvalidSize} for an offset from which the type reaches past the end of `view`
 */
export function writeValue<T extends WgslType>(
  type: T,
  value: InferInput<T>,
  view: DataView,
  offset: number = 0,
): void {
  visit(type, value, '', 0, () => {})
  requireSize('writeValue: offset', offset, 0, view.byteLength - sizeOf(type, runtimeLength(type, value)))
  visit(type, value, '', offset, (at, scalar, number) => setScalar(view, at, scalar, number))
}

/**
 * Reads a value in the layout of its type. A runtime-sized array reaches to the end of `view`.
 * @param offset bytes from the start of `view`
 * @throws {@link InvalidSize} for an offset from which the type reaches past the end of `view`
 */
export function readValue<T extends WgslType>(type: T, view: DataView, offset: number = 0): Infer<T> {
  requireSize('readValue: offset', offset, 0, view.byteLength - type.size)
  return read(type, view, offset) as Infer<T>
}

/** Gets each number of a value with the byte that it goes to. */
type PutNumber = (at: number, scalar: ScalarName, number: number) => void

/** Visits the numbers of a value. @throws {@link InvalidValue} for a value of another shape */
function visit(type: WgslType, value: unknown, path: string, at: number, put: PutNumber): void {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      put(at, type.scalar, requireNumber(value, path))
      return
    case 'vector':
    case 'matrix':
      visitNumbers(type, value, path, at, put)
      return
    case 'array': {
      const length = lengthOf(value)
      if (length === undefined || length > (type.count ?? Infinity)) {
        const many = type.count === undefined ? '' : ` of at most ${type.count} elements`
        throw new InvalidValue({ path, expected: `a list${many} for ${type.type}`, given: value })
      }
      const list = value as ArrayLike<unknown>
      for (let i = 0; i < length; i++) visit(type.element, list[i], join(path, i), at + i * type.stride, put)
      return
    }
    default:
      if (typeof value !== 'object' || value === null)
        throw new InvalidValue({ path, expected: `an object for ${type.type}`, given: value })
      for (const [name, part] of Object.entries(value)) {
        if (!Object.hasOwn(type.members, name))
          throw new InvalidValue({ path: join(path, name), expected: `a field of ${type.type}`, given: part })
        const field = type.members[name]
        if (part !== undefined) visit(field.type, part, join(path, name), at + field.offset, put)
      }
  }
}

function visitNumbers(type: Vector | Matrix, value: unknown, path: string, at: number, put: PutNumber): void {
  const { components, scalar } = type
  const bytes = bytesOf(scalar)
  const length = lengthOf(value)
  const isPadded = type.kind === 'matrix' && length === type.size / bytes
  if (length !== components && !isPadded)
    throw new InvalidValue({ path, expected: `${components} numbers for ${type.type}`, given: value })
  for (let i = 0; i < length; i++) {
    const each = requireNumber((value as ArrayLike<unknown>)[i], join(path, i))
    if (!isPadded) put(at + scalarOffset(type, i), scalar, each)
    else if ((i * bytes) % type.columnStride < type.rows * bytes) put(at + i * bytes, scalar, each)
  }
}

function requireNumber(value: unknown, path: string): number {
  if (typeof value !== 'number') throw new InvalidValue({ path, expected: 'a number', given: value })
  return value
}

/** Elements given for the runtime-sized array at the end of a type. */
function runtimeLength(type: WgslType, value: unknown): number {
  if (type.kind === 'array') return type.count === undefined ? (value as ArrayLike<unknown>).length : 0
  if (type.kind !== 'struct') return 0
  const last = type.fields[type.fields.length - 1]
  const part = (value as Record<string, unknown>)[last.name]
  return part === undefined ? 0 : runtimeLength(last.type, part)
}

/** Length of a list; `undefined` for anything else. */
function lengthOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { length } = value as { length?: unknown }
  return typeof length === 'number' ? length : undefined
}

function read(type: WgslType, view: DataView, at: number): unknown {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      return getScalar(view, at, type.scalar)
    case 'array': {
      const length = type.count ?? Math.floor((view.byteLength - at) / type.stride)
      return Array.from({ length }, (_, i) => read(type.element, view, at + i * type.stride))
    }
    case 'struct': {
      const out: Record<string, unknown> = {}
      for (const field of type.fields) out[field.name] = read(field.type, view, at + field.offset)
      return out
    }
    default:
      return Array.from({ length: type.components }, (_, i) =>
        getScalar(view, at + scalarOffset(type, i), type.scalar),
      )
  }
}

// Buffers of a GPU are little-endian, and so is every platform that has one.

function setScalar(view: DataView, at: number, scalar: ScalarName, value: number): void {
  if (scalar === 'f32') view.setFloat32(at, value, true)
  else if (scalar === 'i32') view.setInt32(at, value, true)
  else if (scalar === 'u32') view.setUint32(at, value, true)
  else view.setUint16(at, halfBits(value), true)
}

function getScalar(view: DataView, at: number, scalar: ScalarName): number {
  if (scalar === 'f32') return view.getFloat32(at, true)
  if (scalar === 'i32') return view.getInt32(at, true)
  if (scalar === 'u32') return view.getUint32(at, true)
  return halfValue(view.getUint16(at, true))
}
