import '@babylonjs/core/Meshes/thinInstanceMesh.js'
import { StorageBuffer } from '@babylonjs/core/Buffers/storageBuffer.js'
import { WebGPUEngine } from '@babylonjs/core/Engines/webgpuEngine.js'
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js'
import { Scene } from '@babylonjs/core/scene.js'
import { deviceDone, readBuffer } from '../place.ts'
import { bufferOf, captureBuffers, captureDevice } from './captured.ts'
import { forEachRange, RowData, type MakeUploader, type Shape, type Uploader } from './uploader.ts'

let opened: Promise<readonly [Scene, WebGPUEngine, GPUDevice]> | undefined

/** One engine for all cases of a page. */
function open(): Promise<readonly [Scene, WebGPUEngine, GPUDevice]> {
  opened ??= (async () => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 1
    const engine = new WebGPUEngine(canvas)
    const [, device] = await captureDevice(() => engine.initAsync())
    return [new Scene(engine), engine, device] as const
  })()
  return opened
}

/** Babylon.js: thin instances and StorageBuffer, all of them and by ranges. Both upload when called, so nothing is rendered. */
export function babylonCases(shape: Shape): MakeUploader[] {
  return [
    () => thinInstances(shape, false),
    () => thinInstances(shape, true),
    () => storageBuffer(shape, false),
    () => storageBuffer(shape, true),
  ]
}

async function thinInstances(shape: Shape, ranges: boolean): Promise<Uploader> {
  const [scene, , device] = await open()
  const { rows, stride } = shape
  const data = new RowData(shape)
  const kind = stride === 64 ? 'matrix' : 'place'
  const mesh = CreatePlane('rows', {}, scene)
  mesh.doNotSyncBoundingInfo = true
  const captured = await captureBuffers(() =>
    mesh.thinInstanceSetBuffer(kind, data.values, data.floats, false),
  )
  const buffer = bufferOf(captured, rows * stride)
  const room = new Uint32Array(ranges ? rows : 0)
  return {
    name: ranges ? 'Babylon.js thin instances, partial updates' : 'Babylon.js thin instances, all',
    perRow: ranges,
    change: (changed) => data.change(changed),
    upload: ranges
      ? (changed) =>
          forEachRange(changed, room, (first, count) =>
            mesh.thinInstancePartialBufferUpdate(kind, count, first),
          )
      : () => mesh.thinInstanceBufferUpdated(kind),
    done: () => deviceDone(device, buffer),
    read: () => readBuffer(device, buffer, rows * stride),
    expected: () => data.values,
    dispose: () => mesh.dispose(),
  }
}

async function storageBuffer(shape: Shape, ranges: boolean): Promise<Uploader> {
  const [, engine, device] = await open()
  const { rows, stride } = shape
  const data = new RowData(shape)
  const { values, floats } = data
  const buffer = new StorageBuffer(engine, rows * stride)
  const native = buffer.getBuffer().underlyingResource as GPUBuffer
  const room = new Uint32Array(ranges ? rows : 0)
  return {
    name: ranges ? 'Babylon.js StorageBuffer, per sorted range' : 'Babylon.js StorageBuffer, all',
    perRow: ranges,
    change: (changed) => data.change(changed),
    upload: ranges
      ? (changed) =>
          forEachRange(changed, room, (first, count) =>
            buffer.update(values.subarray(first * floats, (first + count) * floats), first * stride),
          )
      : () => buffer.update(values),
    done: () => deviceDone(device, native),
    read: () => readBuffer(device, native, rows * stride),
    expected: () => values,
    dispose: () => buffer.dispose(),
  }
}
