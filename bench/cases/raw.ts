import { deviceDone, readBuffer, rowsDone, STORAGE_USAGE, type Place } from '../place.ts'
import { forEachRange, RowData, type MakeUploader, type Shape, type Uploader } from './uploader.ts'

type Write = (offset: number, source: ArrayBuffer, sourceOffset: number, size: number) => void

/** `queue.writeBuffer` by hand, three ways. Handed an ArrayBuffer and byte offsets, which is the quickest form of the call. */
export function rawCases(place: Place, shape: Shape): MakeUploader[] {
  return [() => rawWhole(place, shape), () => rawRows(place, shape), () => rawRanges(place, shape)]
}

function rawWhole(place: Place, shape: Shape): Uploader {
  return raw('writeBuffer, whole buffer', false, place, shape, (write, { values }) => () => {
    write(0, values.buffer, 0, values.byteLength)
  })
}

function rawRows(place: Place, shape: Shape): Uploader {
  const { stride } = shape
  return raw('writeBuffer per changed row', true, place, shape, (write, { values }) => (rows) => {
    for (let i = 0; i < rows.length; i++) write(rows[i] * stride, values.buffer, rows[i] * stride, stride)
  })
}

function rawRanges(place: Place, shape: Shape): Uploader {
  const { stride } = shape
  const room = new Uint32Array(shape.rows)
  return raw('writeBuffer per sorted range', true, place, shape, (write, { values }) => (rows) => {
    forEachRange(rows, room, (first, count) =>
      write(first * stride, values.buffer, first * stride, count * stride),
    )
  })
}

function raw(
  name: string,
  perRow: boolean,
  place: Place,
  shape: Shape,
  make: (write: Write, data: RowData) => (rows: Uint32Array) => void,
): Uploader {
  const data = new RowData(shape)
  const bytes = shape.rows * shape.stride
  const { device, gpu } = place
  if (device === undefined) {
    const buffer = gpu.createDeviceBuffer(bytes, STORAGE_USAGE)
    return {
      name,
      perRow,
      change: (rows) => data.change(rows),
      upload: make((offset, source, from, size) => gpu.write(buffer, offset, source, from, size), data),
      done: () => rowsDone(place, buffer),
      read: () => gpu.read(buffer, 0, bytes),
      expected: () => data.values,
      dispose: () => buffer.destroy(),
    }
  }
  // STORAGE | VERTEX | COPY_SRC | COPY_DST
  const buffer = device.createBuffer({ size: bytes, usage: 0x80 | 0x20 | 0x4 | 0x8 })
  const { queue } = device
  return {
    name,
    perRow,
    change: (rows) => data.change(rows),
    upload: make((offset, source, from, size) => queue.writeBuffer(buffer, offset, source, from, size), data),
    done: () => deviceDone(device, buffer),
    read: () => readBuffer(device, buffer, bytes),
    expected: () => data.values,
    dispose: () => buffer.destroy(),
  }
}
