import { attachMk, f16, f32, GpuSynced, NotGpuSynced, struct } from '@memkit/ecs-plugin'
import * as plugin from '@memkit/ecs-plugin'
import { dawnGpu } from '@memkit/gpu/node'
import * as three from '@memkit/three'
import { FieldNotDrawable, SyncedMesh, threeGpu, UnknownField } from '@memkit/three'
import * as webgpu from '@memkit/three/webgpu'
import {
  attributeNode,
  DeviceNotShared,
  RowsNotReadable,
  storageNode,
  StorageMesh,
  UnknownAttribute,
} from '@memkit/three/webgpu'
import { describeBadInput, ownErrors } from '@memkit/testing/bad-input'
import { createWorld } from 'bitecs'
import { uint } from 'three/tsl'
import { BoxGeometry, MeshBasicNodeMaterial, type WebGPURenderer } from 'three/webgpu'
import { expect } from 'vitest'

const column = (): Float32Array => new Float32Array(8)

/** As much of a renderer on a device as is read of it: Node has no canvas for one of three's. */
function rendererOn(device: GPUDevice): WebGPURenderer {
  const kept = new Map<object, object>()
  const get = (attribute: object): object => {
    if (!kept.has(attribute)) kept.set(attribute, {})
    return kept.get(attribute)!
  }
  return { backend: { isWebGPUBackend: true, device, get } } as unknown as WebGPURenderer
}

async function bench() {
  const Position = GpuSynced({ x: column(), y: column() })
  const Half = GpuSynced({ v: column(), w: column() }, { schema: struct({ v: f16, w: f32 }) })
  const Columns = GpuSynced({ x: column() }, { layout: 'columns' })
  const Packed = GpuSynced({ x: column() }, { rows: 'packed' })
  const components = [Position, Half, Columns, Packed]
  const mk = await attachMk(createWorld(), { gpu: () => dawnGpu(), components })
  const renderer = rendererOn(mk.device!)
  const geometry = new BoxGeometry()
  const mesh = (by = renderer, of = mk) =>
    new StorageMesh(by, of, geometry, new MeshBasicNodeMaterial(), { query: [Position] })
  return {
    ...{ mk, renderer, geometry, mesh, Position, Half, Columns, Packed },
    state: () => [mk.queries().length, mk.gpu.leaks().length, Object.keys(geometry.attributes)],
    works() {
      const rows = storageNode(renderer, mk, Position)
      expect(rows.element(uint(1))).toBeDefined()
      rows.dispose()
      const made = mesh()
      made.dispose()
    },
    end: () => mk.dispose(),
  }
}

const onThree = async () => attachMk(createWorld(), { gpu: threeGpu() })

describeBadInput(
  ownErrors(webgpu, plugin, three),
  bench,
  [
    [
      'a world on another backend',
      DeviceNotShared,
      async ({ mesh, renderer }) => mesh(renderer, await onThree()),
      { reason: 'the world is on the three backend' },
    ],
    [
      'a renderer without a device',
      DeviceNotShared,
      ({ mesh }) => mesh(rendererOn(null as never)),
      { reason: 'the renderer isn’t initialised yet' },
    ],
    [
      'an object that isn’t a renderer',
      DeviceNotShared,
      ({ mk, Position }) => storageNode({} as WebGPURenderer, mk, Position),
    ],
    [
      'a component in columns',
      RowsNotReadable,
      ({ mk, renderer, Columns }) => storageNode(renderer, mk, Columns),
      { kept: 'columns' },
    ],
    [
      'packed rows',
      RowsNotReadable,
      ({ mk, renderer, Packed }) => storageNode(renderer, mk, Packed),
      { kept: 'packed rows' },
    ],
    ['an unflagged component', NotGpuSynced, ({ mk, renderer }) => storageNode(renderer, mk, {} as never)],
    [
      'a field that is not there',
      UnknownField,
      ({ mk, renderer, Position }) => storageNode(renderer, mk, Position).element(uint(1), 'z'),
      { fields: 'x, y' },
    ],
    [
      'halves',
      FieldNotDrawable,
      ({ mk, renderer, Half }) => storageNode(renderer, mk, Half).element(uint(1), 'v'),
      { type: 'f16' },
    ],
    [
      'an attribute that is not there',
      UnknownAttribute,
      async ({ geometry }) => {
        const mesh = new SyncedMesh(await onThree(), geometry, new MeshBasicNodeMaterial(), { query: [{}] })
        return attributeNode(mesh, 'place')
      },
      { attribute: 'place', attributes: 'position, normal, uv' },
    ],
  ],
  {},
)
