import { common, d, tgpu } from 'typegpu'
import { deviceDone, readBuffer } from '../place.ts'
import { forEachRange, RowData, type MakeUploader, type Shape, type Uploader } from './uploader.ts'

const Placed = d.struct({ position: d.vec3f, scale: d.f32 })
const Matrix = d.struct({ matrix: d.mat4x4f })

/** What the buffer of either shape takes; TypeGPU's own types depend on the schema, of which there are two here. */
interface TypedBuffer {
  readonly buffer: GPUBuffer
  write(data: unknown, options?: { startOffset: number }): void
  writePartial(data: unknown): void
  patch(data: unknown): void
  destroy(): void
}

/** Makes what is timed. */
type Way = (buffer: TypedBuffer, data: RowData) => (changed: Uint32Array) => void

/** TypeGPU as its pages about buffers say: bytes as they lie, slices of them, sparse patches, and columns. */
export function typegpuCases(device: GPUDevice, shape: Shape): MakeUploader[] {
  const made = (name: string, perRow: boolean, way: Way) => () => typed(name, perRow, device, shape, way)
  return [
    made('TypeGPU write, all bytes', false, writeAll),
    made('TypeGPU write, per sorted range', true, writeRanges),
    made('TypeGPU patch', true, patch),
    made('TypeGPU writePartial', true, writePartial),
    () => soaCase(device, shape),
  ]
}

const writeAll: Way = (buffer, { values }) => {
  return () => buffer.write(values)
}

const writeRanges: Way = (buffer, { values, floats }) => {
  const room = new Uint32Array(values.length / floats)
  const range = (first: number, count: number): void =>
    buffer.write(values.subarray(first * floats, (first + count) * floats), {
      startOffset: first * floats * 4,
    })
  return (changed) => forEachRange(changed, room, range)
}

const patch: Way = (buffer, data) => {
  return (changed) => {
    if (changed.length === 0) return
    const values: Record<number, unknown> = {}
    for (let i = 0; i < changed.length; i++) values[changed[i]] = valueOf(data, changed[i])
    buffer.patch(values)
  }
}

const writePartial: Way = (buffer, data) => {
  return (changed) => {
    if (changed.length === 0) return
    const values: { idx: number; value: unknown }[] = []
    for (let i = 0; i < changed.length; i++)
      values.push({ idx: changed[i], value: valueOf(data, changed[i]) })
    buffer.writePartial(values)
  }
}

/** A row in the lightest form that its schema takes: plain arrays and views, no vector objects. */
function valueOf({ values, floats }: RowData, row: number): unknown {
  const at = row * floats
  if (floats === 16) return { matrix: values.subarray(at, at + 16) }
  return { position: [values[at], values[at + 1], values[at + 2]], scale: values[at + 3] }
}

function bufferOf(device: GPUDevice, { rows, stride }: Shape): TypedBuffer {
  const root = tgpu.initFromDevice({ device })
  return stride === 16
    ? root.createBuffer(d.arrayOf(Placed, rows)).$usage('storage')
    : root.createBuffer(d.arrayOf(Matrix, rows)).$usage('storage')
}

function typed(name: string, perRow: boolean, device: GPUDevice, shape: Shape, way: Way): Uploader {
  const data = new RowData(shape)
  const buffer = bufferOf(device, shape)
  return {
    name,
    perRow,
    change: (rows) => data.change(rows),
    upload: way(buffer, data),
    done: () => deviceDone(device, buffer.buffer),
    read: () => readBuffer(device, buffer.buffer, shape.rows * shape.stride),
    expected: () => data.values,
    dispose: () => buffer.destroy(),
  }
}

/** Columns as the game has them: three numbers and one per row, or sixteen. */
function soaCase(device: GPUDevice, shape: Shape): Uploader {
  const { rows, stride } = shape
  const root = tgpu.initFromDevice({ device })
  let turn = 0
  const name = 'TypeGPU writeSoA'
  if (stride === 64) {
    const data = new RowData(shape)
    const buffer = root.createBuffer(d.arrayOf(Matrix, rows)).$usage('storage')
    return {
      name,
      change: (changed) => data.change(changed),
      upload: () => common.writeSoA(buffer, { matrix: data.values }),
      done: () => deviceDone(device, buffer.buffer),
      read: () => readBuffer(device, buffer.buffer, rows * stride),
      expected: () => data.values,
      dispose: () => buffer.destroy(),
    }
  }
  const buffer = root.createBuffer(d.arrayOf(Placed, rows)).$usage('storage')
  const position = new Float32Array(rows * 3)
  const scale = new Float32Array(rows)
  return {
    name,
    change(changed) {
      turn++
      for (let i = 0; i < changed.length; i++) {
        const row = changed[i]
        for (let k = row * 3; k < row * 3 + 3; k++) position[k] = turn + (k & 1023)
        scale[row] = turn + (row & 1023)
      }
    },
    upload: () => common.writeSoA(buffer, { position, scale }),
    done: () => deviceDone(device, buffer.buffer),
    read: () => readBuffer(device, buffer.buffer, rows * stride),
    expected() {
      const all = new Float32Array(rows * 4)
      for (let row = 0; row < rows; row++) {
        all.set(position.subarray(row * 3, row * 3 + 3), row * 4)
        all[row * 4 + 3] = scale[row]
      }
      return all
    },
    dispose: () => buffer.destroy(),
  }
}
