import { bytesPerRow } from '@memkit/core'
import type { MkCapabilities } from '@memkit/gpu'
import type { DeviceColumn, DeviceColumns, ElementKind } from '../store/device-columns.ts'
import { NoVertexFormat } from './errors.ts'
import { checkFirstLocation, checkLimit } from './vertex-layout.ts'

/** Start of WebGPU's vertex formats of a kind. */
const formats: Readonly<Record<ElementKind, string>> = {
  f32: 'float32',
  i32: 'sint32',
  u32: 'uint32',
  i16: 'sint16',
  u16: 'uint16',
  i8: 'sint8',
  u8: 'uint8',
}

/**
 * Returns a vertex buffer layout for each of the columns, in their order.
 *
 * @param chosen indices of the columns
 * @param maxBuffers vertex buffers that the device has
 * @throws {@link NoVertexFormat}, {@link VertexLimitExceeded}, {@link InvalidOption}
 */
export function columnVertexLayouts(
  label: string,
  columns: DeviceColumns,
  chosen: readonly number[],
  firstLocation: number,
  limits: MkCapabilities,
  maxBuffers: number,
): GPUVertexBufferLayout[] {
  checkFirstLocation(firstLocation, limits)
  let location = firstLocation
  const layouts = chosen.map((index): GPUVertexBufferLayout => {
    const column = columns.columns[index]
    const arrayStride = bytesPerRow(column)
    const attributes = partsOf(label, columns, index).map(({ format, offset }): GPUVertexAttribute => {
      return { format, offset, shaderLocation: location++ }
    })
    checkLimit(label, 'maxVertexBufferArrayStride', arrayStride, limits.maxVertexBufferArrayStride)
    return { arrayStride, stepMode: 'instance', attributes }
  })
  checkLimit(label, 'maxVertexAttributes', location, limits.maxVertexAttributes)
  checkLimit(label, 'maxVertexBuffers', layouts.length, maxBuffers)
  return layouts
}

type Part = Pick<GPUVertexAttribute, 'format' | 'offset'>

/** One attribute, or one for each column of a matrix. @throws {@link NoVertexFormat} */
function partsOf(label: string, columns: DeviceColumns, index: number): Part[] {
  const column = columns.columns[index]
  const { arity, elementBytes, kind, name } = column
  const stride = bytesPerRow(column)
  const refuse = (type: string, remedy: string): never => {
    throw new NoVertexFormat({ component: label, field: name, type, remedy })
  }
  if (stride % 4 !== 0)
    refuse(
      `a column of ${stride} ${stride === 1 ? 'byte' : 'bytes'} a row, where strides are multiples of 4`,
      `make its rows a multiple of 4 bytes (four ${kind} side by side, or 32-bit numbers), or name the columns to draw from`,
    )
  if (arity <= 4) return [{ format: formatOf(kind, arity), offset: 0 }]
  const rows = matrixRows(columns, column)
  if (rows === 0)
    refuse(`a column of ${arity} numbers a row`, 'give the field a scalar, vector or matrix type')
  return Array.from({ length: arity / rows }, (_, i) => {
    return { format: formatOf(kind, rows), offset: i * rows * elementBytes }
  })
}

/** Rows of the matrix that a column holds, 0 when it holds none. */
function matrixRows({ schema }: DeviceColumns, { name }: DeviceColumn): number {
  const type = schema.kind === 'struct' ? schema.fields.find((field) => field.name === name)?.type : schema
  return type?.kind === 'matrix' ? type.rows : 0
}

function formatOf(kind: ElementKind, components: number): GPUVertexFormat {
  return `${formats[kind]}${components === 1 ? '' : `x${components}`}` as GPUVertexFormat
}
