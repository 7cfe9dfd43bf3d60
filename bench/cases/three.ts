import {
  BufferGeometry,
  Float32BufferAttribute,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  InstancedMesh,
  Mesh,
  MeshBasicNodeMaterial,
  PerspectiveCamera,
  Scene,
  WebGPURenderer,
} from 'three/webgpu'
import { attribute, positionLocal } from 'three/tsl'
import { deviceDone, readBuffer } from '../place.ts'
import { bufferOf, captureBuffers } from './captured.ts'
import { forEachRange, RowData, type MakeUploader, type Shape, type Uploader } from './uploader.ts'

/**
 * three.js with WebGPURenderer: an instanced attribute, `needsUpdate`, with and without update ranges. It uploads when it renders, so each frame
 * renders: one triangle without area, of one instance, into a picture of one pixel.
 */
export function threeCases(device: GPUDevice, shape: Shape): MakeUploader[] {
  return [() => threeCase(device, shape, false), () => threeCase(device, shape, true)]
}

async function threeCase(device: GPUDevice, shape: Shape, ranges: boolean): Promise<Uploader> {
  const { rows, stride } = shape
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 1
  const renderer = new WebGPURenderer({ canvas, device, antialias: false })
  await renderer.init()
  const data = new RowData(shape)
  const { floats } = data
  const instances = new InstancedBufferAttribute(data.values, floats)
  const scene = new Scene()
  const mesh = stride === 64 ? matrices(instances, rows) : places(instances)
  mesh.frustumCulled = false
  scene.add(mesh)
  const camera = new PerspectiveCamera()
  const captured = await captureBuffers(() => renderer.render(scene, camera))
  const buffer = bufferOf(captured, rows * stride)
  const room = new Uint32Array(ranges ? rows : 0)
  return {
    name: ranges ? 'three.js, update ranges' : 'three.js, needsUpdate',
    perRow: ranges,
    change: (changed) => data.change(changed),
    upload(changed) {
      if (changed.length > 0) {
        if (ranges)
          forEachRange(changed, room, (first, count) =>
            instances.addUpdateRange(first * floats, count * floats),
          )
        instances.needsUpdate = true
      }
      renderer.render(scene, camera)
    },
    done: () => deviceDone(device, buffer),
    read: () => readBuffer(device, buffer, rows * stride),
    expected: () => data.values,
    dispose() {
      // Not the renderer: it would take the device along.
      mesh.geometry.dispose()
      buffer.destroy()
    },
  }
}

/** A triangle without area. */
function nothing<G extends BufferGeometry>(geometry: G): G {
  geometry.setAttribute('position', new Float32BufferAttribute(new Float32Array(9), 3))
  return geometry
}

function matrices(instances: InstancedBufferAttribute, rows: number): Mesh {
  const mesh = new InstancedMesh(nothing(new BufferGeometry()), new MeshBasicNodeMaterial(), rows)
  mesh.instanceMatrix = instances
  mesh.count = 1
  return mesh
}

function places(instances: InstancedBufferAttribute): Mesh {
  const geometry = nothing(new InstancedBufferGeometry())
  geometry.setAttribute('place', instances)
  geometry.instanceCount = 1
  const material = new MeshBasicNodeMaterial()
  material.positionNode = positionLocal.add(attribute<'vec4'>('place', 'vec4').xyz)
  return new Mesh(geometry, material)
}
