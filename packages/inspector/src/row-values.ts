import { halfValue, type Schema } from '@memkit/ecs-plugin'

type ScalarKind = 'f32' | 'i32' | 'u32' | 'f16'

export interface Cell {
  /** Bytes from the start of the row. */
  readonly offset: number
  readonly type: ScalarKind
}

/** A field of a row: a scalar, a vector, or a matrix as mathematicians write it. */
export interface FieldLine {
  /** `pos`, `lights.2.color`; empty for a row that isn't a struct. */
  readonly path: string
  readonly type: string
  /** Its numbers, line by line: a vector has one line, a matrix one per row. */
  readonly cells: readonly Cell[]
  readonly width: number
}

/** Most elements of an array to show. */
const MAX_ELEMENTS = 32

/** Lists the fields of a row, with structs and arrays taken apart. Padding belongs to no field. */
export function fieldLines(schema: Schema, path = '', at = 0): FieldLine[] {
  switch (schema.kind) {
    case 'scalar':
    case 'atomic':
      return [{ path, type: schema.type, cells: [{ offset: at, type: schema.scalar }], width: 1 }]
    case 'vector': {
      const { components, scalar, type } = schema
      const cells = cellsOf(scalar, components, (i) => at + i * bytesOf(scalar))
      return [{ path, type, cells, width: components }]
    }
    case 'matrix': {
      const { columns, rows, columnStride, scalar, type } = schema
      // WGSL stores columns one after the other; people read rows.
      const offset = (i: number): number =>
        at + (i % columns) * columnStride + Math.floor(i / columns) * bytesOf(scalar)
      return [{ path, type, cells: cellsOf(scalar, rows * columns, offset), width: columns }]
    }
    case 'array': {
      const { element, stride } = schema
      const shown = Math.min(schema.count ?? 0, MAX_ELEMENTS)
      return Array.from({ length: shown }, (_, i) =>
        fieldLines(element, join(path, String(i)), at + i * stride),
      ).flat()
    }
    default:
      return schema.fields.flatMap(({ name, type, offset }) =>
        fieldLines(type, join(path, name), at + offset),
      )
  }
}

export function cellValue(view: DataView, { offset, type }: Cell): number {
  if (type === 'f32') return view.getFloat32(offset, true)
  if (type === 'i32') return view.getInt32(offset, true)
  if (type === 'u32') return view.getUint32(offset, true)
  return halfValue(view.getUint16(offset, true))
}

/** Compares a cell of two rows by bits, as the sync does: NaN equals itself, −0 differs from 0. */
export function cellDiffers(a: DataView, b: DataView, { offset, type }: Cell): boolean {
  return type === 'f16'
    ? a.getUint16(offset) !== b.getUint16(offset)
    : a.getUint32(offset) !== b.getUint32(offset)
}

/** Formats a cell, as short as possible so that different numbers have different texts. */
export function cellText(view: DataView, cell: Cell): string {
  const value = cellValue(view, cell)
  if (Object.is(value, -0)) return '−0'
  if (cell.type === 'i32' || cell.type === 'u32' || !Number.isFinite(value) || value === 0)
    return minus(String(value))
  // 9 digits tell any two 32-bit floats apart, 5 any two 16-bit floats. Most need fewer.
  const most = cell.type === 'f32' ? 9 : 5
  for (let digits = most - 3; digits < most; digits++) {
    const text = Number(value.toPrecision(digits))
    if ((cell.type === 'f32' ? Math.fround(text) : text) === value) return minus(String(text))
  }
  return minus(String(Number(value.toPrecision(most))))
}

/** Finds the first row from `from` on whose cells differ, −1 when there is none. Ignores padding. */
export function nextDifference(
  cells: readonly Cell[],
  stride: number,
  a: ArrayBuffer,
  b: ArrayBuffer,
  from = 0,
): number {
  const rows = Math.floor(Math.min(a.byteLength, b.byteLength) / stride)
  const words = Math.floor(stride / 4)
  const left = new Uint32Array(a)
  const right = new Uint32Array(b)
  for (let row = from; row < rows; row++) {
    for (let i = row * words; i < (row + 1) * words; i++) {
      if (left[i] === right[i]) continue
      const [rowOfA, rowOfB] = [a, b].map((bytes) => new DataView(bytes, row * stride, stride))
      if (cells.some((cell) => cellDiffers(rowOfA, rowOfB, cell))) return row
      break
    }
  }
  return -1
}

function cellsOf(type: ScalarKind, count: number, offset: (i: number) => number): Cell[] {
  return Array.from({ length: count }, (_, i) => ({ offset: offset(i), type }))
}

function bytesOf(type: ScalarKind): number {
  return type === 'f16' ? 2 : 4
}

function join(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`
}

/** Uses a minus sign as wide as a digit. */
function minus(text: string): string {
  return text.replaceAll('-', '−')
}
