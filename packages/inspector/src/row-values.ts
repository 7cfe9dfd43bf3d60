import { halfValue } from '@memkit/ecs-plugin'
import type { Schema } from '@memkit/ecs-plugin'

type ScalarKind = 'f32' | 'i32' | 'u32' | 'f16'

/** One number of a row. */
export interface Cell {
  /** Bytes from the start of the row. */
  readonly offset: number
  readonly type: ScalarKind
}

/** What stands on one line: a scalar, a vector, or a matrix as mathematicians write it. */
export interface FieldLine {
  /** `pos`, `lights.2.color`; empty for a row that is no struct. */
  readonly path: string
  /** In WGSL. */
  readonly type: string
  /** Line by line: a vector is one line, a matrix has as many as it has rows. */
  readonly cells: readonly Cell[]
  /** Cells side by side. */
  readonly width: number
}

/** Elements of an array that are shown; of more, the others are left out. */
const MOST_ELEMENTS = 32

/** The fields of a row, structs and arrays taken apart. Padding belongs to none. */
export function fieldLines(schema: Schema, path = '', at = 0): FieldLine[] {
  switch (schema.kind) {
    case 'scalar':
    case 'atomic':
      return [{ path, type: schema.type, cells: [{ offset: at, type: schema.scalar }], width: 1 }]
    case 'vector': {
      const { components, scalar, type } = schema
      const cells = Array.from({ length: components }, (_, i) => ({
        offset: at + i * bytesOf(scalar),
        type: scalar,
      }))
      return [{ path, type, cells, width: components }]
    }
    case 'matrix': {
      const { columns, rows, columnStride, scalar, type } = schema
      // WGSL keeps columns side by side; people read rows.
      const cells = Array.from({ length: rows * columns }, (_, i) => ({
        offset: at + (i % columns) * columnStride + Math.floor(i / columns) * bytesOf(scalar),
        type: scalar,
      }))
      return [{ path, type, cells, width: columns }]
    }
    case 'array': {
      const { element, stride } = schema
      const shown = Math.min(schema.count ?? 0, MOST_ELEMENTS)
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

/** The number itself. */
export function cellValue(view: DataView, { offset, type }: Cell): number {
  if (type === 'f32') return view.getFloat32(offset, true)
  if (type === 'i32') return view.getInt32(offset, true)
  if (type === 'u32') return view.getUint32(offset, true)
  return halfValue(view.getUint16(offset, true))
}

/** Whether two rows differ there, by bits as the sync does: a NaN equals itself, −0 differs from 0. */
export function cellDiffers(a: DataView, b: DataView, { offset, type }: Cell): boolean {
  return type === 'f16'
    ? a.getUint16(offset) !== b.getUint16(offset)
    : a.getUint32(offset) !== b.getUint32(offset)
}

/** As short as tells two numbers apart that differ: floats as their own precision needs. */
export function cellText(view: DataView, cell: Cell): string {
  const value = cellValue(view, cell)
  if (Object.is(value, -0)) return '−0'
  if (cell.type === 'i32' || cell.type === 'u32' || !Number.isFinite(value) || value === 0)
    return minus(String(value))
  // 9 digits tell any two 32-bit floats apart, 5 any two of 16 bits; most need fewer.
  const most = cell.type === 'f32' ? 9 : 5
  for (let digits = most - 3; digits < most; digits++) {
    const text = Number(value.toPrecision(digits))
    if (sameFloat(text, value, cell.type)) return minus(String(text))
  }
  return minus(String(Number(value.toPrecision(most))))
}

function sameFloat(text: number, value: number, type: ScalarKind): boolean {
  return type === 'f32' ? Math.fround(text) === value : text === value
}

/** Cells of the lines at which two rows differ. */
export function differingCells(lines: readonly FieldLine[], a: DataView, b: DataView): number {
  let count = 0
  for (const { cells } of lines) for (const cell of cells) if (cellDiffers(a, b, cell)) count++
  return count
}

/**
 * First row from `from` on whose cells differ; −1 when there is none.
 * @param cells padding is not looked at
 */
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
      const at = row * stride
      const viewOfA = new DataView(a, at, stride)
      const viewOfB = new DataView(b, at, stride)
      if (cells.some((cell) => cellDiffers(viewOfA, viewOfB, cell))) return row
      break
    }
  }
  return -1
}

function bytesOf(type: ScalarKind): number {
  return type === 'f16' ? 2 : 4
}

function join(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`
}

/** With a minus sign as wide as a digit. */
function minus(text: string): string {
  return text.replaceAll('-', '−')
}
