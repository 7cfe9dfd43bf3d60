import { common, d, tgpu } from 'typegpu'
import { deviceDone, readBuffer } from '../place.ts'
import type { Place } from '../place.ts'
import { forEachRange, RowData } from './uploader.ts'
import type { Shape, Uploader } from './uploader.ts'

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

/** TypeGPU as its pages about buffers say: bytes as they lie, slices of them, sparse patches, and columns. */
export function typegpuCases(place: Place, device: GPUDevice, shape: Shape): Uploader[] {
  const { rows, stride } = shape
  const room = new Uint32Array(rows)
  const value =
    stride === 16
      ? (v: Float32Array, row: number) => ({
          position: [v[row * 4], v[row * 4 + 1], v[row * 4 + 2]],
          scale: v[row * 4 + 3],
        })
      : (v: Float32Array, row: number) => ({ matrix: v.subarray(row * 16, row * 16 + 16) })
  return [
    typed(
      'TypeGPU write, all bytes',
      false,
      place,
      device,
      shape,
      (buffer, { values }) =>
        () =>
          buffer.write(values),
    ),
    typed(
      'TypeGPU write, per sorted range',
      true,
      place,
      device,
      shape,
      (buffer, { values, floats }) =>
        (changed) => {
          forEachRange(changed, room, (first, count) =>
            buffer.write(values.subarray(first * floats, (first + count) * floats), {
              startOffset: first * stride,
            }),
          )
        },
    ),
    typed('TypeGPU patch', true, place, device, shape, (buffer, { values }) => (changed) => {
      if (changed.length === 0) return
      const patch: Record<number, unknown> = {}
      for (let i = 0; i < changed.length; i++) patch[changed[i]] = value(values, changed[i])
      buffer.patch(patch)
    }),
    typed('TypeGPU writePartial', true, place, device, shape, (buffer, { values }) => (changed) => {
      if (changed.length === 0) return
      const partial: { idx: number; value: unknown }[] = []
      for (let i = 0; i < changed.length; i++)
        partial.push({ idx: changed[i], value: value(values, changed[i]) })
      buffer.writePartial(partial)
    }),
    soaCase(place, device, shape),
  ]
}

function bufferOf(device: GPUDevice, { rows, stride }: Shape): TypedBuffer {
  const root = tgpu.initFromDevice({ device })
  return stride === 16
    ? root.createBuffer(d.arrayOf(Placed, rows)).$usage('storage')
    : root.createBuffer(d.arrayOf(Matrix, rows)).$usage('storage')
}

function typed(
  name: string,
  perRow: boolean,
  place: Place,
  device: GPUDevice,
  shape: Shape,
  make: (buffer: TypedBuffer, data: RowData) => (rows: Uint32Array) => void,
): Uploader {
  const data = new RowData(shape)
  const buffer = bufferOf(device, shape)
  return {
    name,
    perRow,
    change: (rows) => data.change(rows),
    upload: make(buffer, data),
    done: () => deviceDone(place),
    read: () => readBuffer(device, buffer.buffer, shape.rows * shape.stride),
    expected: () => data.values,
    dispose: () => buffer.destroy(),
  }
}

/** Columns as the game has them: three numbers and one per row, or sixteen. */
function soaCase(place: Place, device: GPUDevice, shape: Shape): Uploader {
  const { rows, stride } = shape
  const root = tgpu.initFromDevice({ device })
  let turn = 0
  const base = {
    name: 'TypeGPU writeSoA',
    done: () => deviceDone(place),
  }
  if (stride === 64) {
    const data = new RowData(shape)
    const buffer = root.createBuffer(d.arrayOf(Matrix, rows)).$usage('storage')
    return {
      ...base,
      change: (changed) => data.change(changed),
      upload: () => common.writeSoA(buffer, { matrix: data.values }),
      read: () => readBuffer(device, buffer.buffer, rows * stride),
      expected: () => data.values,
      dispose: () => buffer.destroy(),
    }
  }
  const buffer = root.createBuffer(d.arrayOf(Placed, rows)).$usage('storage')
  const position = new Float32Array(rows * 3)
  const scale = new Float32Array(rows)
  return {
    ...base,
    change(changed) {
      turn++
      for (let i = 0; i < changed.length; i++) {
        const row = changed[i]
        for (let k = row * 3; k < row * 3 + 3; k++) position[k] = turn + (k & 1023)
        scale[row] = turn + (row & 1023)
      }
    },
    upload: () => common.writeSoA(buffer, { position, scale }),
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
