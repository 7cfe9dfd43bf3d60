import { BUFFERUSAGE_COPY_DST, BUFFERUSAGE_COPY_SRC, createGraphicsDevice, StorageBuffer } from 'playcanvas'
import type { GraphicsDevice } from 'playcanvas'
import { deviceDone, readBuffer } from '../place.ts'
import { bufferOf, captureBuffers, captureDevice } from './captured.ts'
import { forEachRange, RowData, type MakeUploader, type Shape, type Uploader } from './uploader.ts'

let opened: Promise<readonly [GraphicsDevice, GPUDevice]> | undefined

/** One engine for all cases of a page. */
function open(): Promise<readonly [GraphicsDevice, GPUDevice]> {
  opened ??= captureDevice(() =>
    createGraphicsDevice(document.createElement('canvas'), { deviceTypes: ['webgpu'] }),
  )
  return opened
}

/** PlayCanvas: StorageBuffer.write, all of it and by ranges. It uploads when called, so nothing is rendered. */
export function playcanvasCases(shape: Shape): MakeUploader[] {
  return [() => storageBuffer(shape, false), () => storageBuffer(shape, true)]
}

async function storageBuffer(shape: Shape, ranges: boolean): Promise<Uploader> {
  const [graphics, device] = await open()
  const { rows, stride } = shape
  const data = new RowData(shape)
  const { values, floats } = data
  let storage: StorageBuffer | undefined
  const captured = await captureBuffers(() => {
    storage = new StorageBuffer(graphics, rows * stride, BUFFERUSAGE_COPY_SRC | BUFFERUSAGE_COPY_DST)
  })
  const buffer = storage!
  const native = bufferOf(captured, rows * stride)
  const room = new Uint32Array(ranges ? rows : 0)
  return {
    name: ranges ? 'PlayCanvas StorageBuffer, per sorted range' : 'PlayCanvas StorageBuffer, all',
    perRow: ranges,
    change: (changed) => data.change(changed),
    upload: ranges
      ? (changed) =>
          forEachRange(changed, room, (first, count) =>
            buffer.write(first * stride, values, first * floats, count * floats),
          )
      : () => buffer.write(0, values, 0, values.length),
    done: () => deviceDone(device, native),
    read: () => readBuffer(device, native, rows * stride),
    expected: () => values,
    dispose: () => buffer.destroy(),
  }
}
