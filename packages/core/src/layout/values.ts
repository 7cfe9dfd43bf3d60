import { requireSize } from '../bounds.ts'
import { InvalidValue } from '../errors.ts'
import { sizeOf } from './compose.ts'
import { halfBits, halfValue } from './half.ts'
import type { Infer, InferInput } from './infer.ts'
import type { ScalarName, WgslType } from './types.ts'

// Values of WGSL types, written to and read from bytes. For uniforms, tests and tools; per-frame data lives in stores.

/**
 * Writes a value in the layout of its type. Fields that are left out, elements past the end of a given list, and padding keep the
 * bytes they have. A matrix is given column by column, with or without the padding after each column of three rows.
 *
 * @param offset bytes from the start of `view`
 * @throws InvalidValue for a value of another shape
 * @throws InvalidSize for an offset from which the type reaches past the end of `view`
 */
export function writeValue<T extends WgslType>(
  type: T,
  value: InferInput<T>,
  view: DataView,
  offset: number = 0,
): void {
  check(type, value, '')
  requireSize('writeValue: offset', offset, 0, view.byteLength - sizeOf(type, runtimeLength(type, value)))
  write(type, value, view, offset)
}

/**
 * Reads a value in the layout of its type; a runtime-sized array has as many elements as fit `view`.
 *
 * @param offset bytes from the start of `view`
 * @throws InvalidSize for an offset from which the type reaches past the end of `view`
 */
export function readValue<T extends WgslType>(type: T, view: DataView, offset: number = 0): Infer<T> {
  requireSize('readValue: offset', offset, 0, view.byteLength - type.size)
  return read(type, view, offset) as Infer<T>
}

/** Throws InvalidValue unless `write` can write the value. */
function check(type: WgslType, value: unknown, path: string): void {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      if (typeof value !== 'number') throw new InvalidValue(path, 'a number', value)
      return
    case 'vector':
    case 'matrix': {
      const { components, size, scalar } = type
      const length = lengthOf(value)
      if (length !== components && !(type.kind === 'matrix' && length === size / bytesOf(scalar))) {
        throw new InvalidValue(path, `${components} numbers for ${type.type}`, value)
      }
      const numbers = value as ArrayLike<unknown>
      for (let i = 0; i < numbers.length; i++) {
        if (typeof numbers[i] !== 'number')
          throw new InvalidValue(join(path, String(i)), 'a number', numbers[i])
      }
      return
    }
    case 'array': {
      const length = lengthOf(value)
      if (length === undefined || length > (type.count ?? Infinity)) {
        const many = type.count === undefined ? '' : ` of at most ${type.count} elements`
        throw new InvalidValue(path, `a list${many} for ${type.type}`, value)
      }
      for (let i = 0; i < length; i++)
        check(type.element, (value as ArrayLike<unknown>)[i], join(path, String(i)))
      return
    }
    default:
      if (typeof value !== 'object' || value === null)
        throw new InvalidValue(path, `an object for ${type.type}`, value)
      for (const [name, part] of Object.entries(value)) {
        if (!Object.hasOwn(type.members, name))
          throw new InvalidValue(join(path, name), `a field of ${type.type}`, part)
        if (part !== undefined) check(type.members[name].type, part, join(path, name))
      }
  }
}

/** Writes a value that was checked. */
function write(type: WgslType, value: unknown, view: DataView, at: number): void {
  switch (type.kind) {
    case 'scalar':
    case 'atomic':
      setScalar(view, at, type.scalar, value as number)
      return
    case 'vector': {
      const numbers = value as ArrayLike<number>
      for (let i = 0; i < type.components; i++)
        setScalar(view, at + i * bytesOf(type.scalar), type.scalar, numbers[i])
      return
    }
    case 'matrix': {
      const numbers = value as ArrayLike<number>
      const perColumn = numbers.length / type.columns
      for (let column = 0; column < type.columns; column++) {
        for (let row = 0; row < type.rows; row++) {
          const to = at + column * type.columnStride + row * bytesOf(type.scalar)
          setScalar(view, to, type.scalar, numbers[column * perColumn + row])
        }
      }
      return
    }
    case 'array': {
      const list = value as ArrayLike<unknown>
      for (let i = 0; i < list.length; i++) write(type.element, list[i], view, at + i * type.stride)
      return
    }
    default:
      for (const [name, part] of Object.entries(value as object)) {
        const field = type.members[name]
        if (part !== undefined) write(field.type, part, view, at + field.offset)
      }
  }
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
    case 'vector':
      return Array.from({ length: type.components }, (_, i) =>
        getScalar(view, at + i * bytesOf(type.scalar), type.scalar),
      )
    case 'matrix':
      return Array.from({ length: type.components }, (_, i) => {
        const column = Math.floor(i / type.rows) * type.columnStride
        return getScalar(view, at + column + (i % type.rows) * bytesOf(type.scalar), type.scalar)
      })
    case 'array': {
      const length = type.count ?? Math.floor((view.byteLength - at) / type.stride)
      return Array.from({ length }, (_, i) => read(type.element, view, at + i * type.stride))
    }
    default: {
      const out: Record<string, unknown> = {}
      for (const field of type.fields) out[field.name] = read(field.type, view, at + field.offset)
      return out
    }
  }
}

function bytesOf(scalar: ScalarName): number {
  return scalar === 'f16' ? 2 : 4
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

function join(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`
}
