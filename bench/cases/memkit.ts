import { createHeap, DirtyRows, f32, mat4x4f, struct, vec4f } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { rowsDone, STORAGE_USAGE, type Place } from '../place.ts'
import { RowData, type Shape, type Uploader } from './uploader.ts'

/** What a component's data lies in. */
export type Store = 'heap columns' | 'heap rows' | 'Float32Array columns' | 'number[] columns'
export type Changes = 'detect' | 'marked' | 'all'

/** Of a new bitECS world. */
const FIRST_ENTITY = 1

/** memkit as a game meets it: a bitECS world attached, `beginFrame` … `endFrame` timed. */
export async function memkitCase(
  place: Place,
  shape: Shape,
  changes: Changes,
  store: Store,
  name = `memkit ${changes}, ${store}`,
): Promise<Uploader> {
  const { rows, stride } = shape
  const heap = createHeap({ bytes: rows * stride * 4 + (64 << 20) })
  const floats = stride / 4
  const world = createWorld()
  const data = makeStore(heap, shape, store)
  const component = GpuSynced(data.component, { changes, capacity: rows + 1, label: 'Row' })
  for (let i = 0; i < rows; i++) addComponent(world, addEntity(world), component)
  const mk = await attachMk(world, { gpu: place.gpu, heap, components: [component] })
  await mk.coordinator.ready()
  mk.beginFrame()
  mk.endFrame()
  const list = new Uint32Array(rows)
  return {
    name,
    change: (changed) => data.change(changed),
    upload:
      changes === 'marked'
        ? (changed) => {
            mk.beginFrame()
            for (let i = 0; i < changed.length; i++) list[i] = changed[i] + FIRST_ENTITY
            mk.mark(component, list.length === changed.length ? list : list.subarray(0, changed.length))
            mk.endFrame()
          }
        : () => {
            mk.beginFrame()
            mk.endFrame()
          },
    done: () => rowsDone(place, mk.buffer(component).buffer),
    read: async () => (await mk.buffer(component).read()).slice(stride, (rows + 1) * stride),
    expected: () => data.rows(floats),
    heapBytes: () => heap.stats.used,
    dispose: () => mk.dispose(),
  }
}

interface GameData {
  readonly component: object
  change(rows: Uint32Array): void
  rows(floats: number): Float32Array
}

function makeStore(heap: ReturnType<typeof createHeap>, shape: Shape, store: Store): GameData {
  const { rows, stride } = shape
  const floats = stride / 4
  if (store === 'heap rows') {
    const component = heap.rows(struct(stride === 16 ? { place: vec4f } : { matrix: mat4x4f }), rows)
    const data = new RowData(shape, component.f32.subarray(floats, (rows + 1) * floats))
    return { component, change: (changed) => data.change(changed), rows: () => data.values }
  }
  const names = Array.from({ length: floats }, (_, k) => `c${String(k).padStart(2, '0')}`)
  const component: Record<string, Float32Array | number[]> =
    store === 'heap columns'
      ? heap.columns(Object.fromEntries(names.map((each) => [each, f32])), rows)
      : Object.fromEntries(
          names.map((each) => [
            each,
            store === 'number[] columns' ? new Array<number>(rows + 1).fill(0) : new Float32Array(rows + 1),
          ]),
        )
  const columns = names.map((each) => component[each])
  let turn = 0
  return {
    component,
    change(changed) {
      turn++
      for (let k = 0; k < floats; k++) {
        const column = columns[k]
        for (let i = 0; i < changed.length; i++) column[changed[i] + 1] = turn + ((changed[i] + k) & 1023)
      }
    },
    rows() {
      const all = new Float32Array(rows * floats)
      for (let k = 0; k < floats; k++)
        for (let row = 0; row < rows; row++) all[row * floats + k] = columns[k][row + 1]
      return all
    },
  }
}

/** A bitECS world with as many entities that have such a component, without a sync: what the game has anyway. */
export function worldAlone(place: Place, shape: Shape): Uploader {
  const data = new RowData(shape)
  const component = { data: undefined }
  const world = createWorld()
  for (let i = 0; i < shape.rows; i++) addComponent(world, addEntity(world), component)
  return {
    name: 'bitECS world without memkit',
    change: (changed) => data.change(changed),
    upload() {},
    done: () => place.gpu.waitIdle(),
    read: () => Promise.resolve(data.values.buffer),
    expected: () => data.values,
    // Keeps the world.
    dispose: () => void addEntity(world),
  }
}

/** The same bytes copied once from one array to another, the floor for touching them; nothing is uploaded. */
export function floorCase(place: Place, shape: Shape): Uploader {
  const data = new RowData(shape)
  const copy = new Float32Array(data.values.length)
  return {
    name: 'TypedArray.set of all rows',
    change: (changed) => data.change(changed),
    upload: () => copy.set(data.values),
    done: () => place.gpu.waitIdle(),
    read: () => Promise.resolve(copy.buffer),
    expected: () => data.values,
    dispose() {},
  }
}

/** A mirror without an ECS: the game writes rows through a view and marks them. */
export async function mirrorCase(place: Place, shape: Shape): Promise<Uploader> {
  const { rows, stride } = shape
  const heap = createHeap({ bytes: rows * stride * 2 + (32 << 20) })
  const co = new MkCoordinator(place.gpu, { heap })
  await co.ready()
  const mirror = co.createMirror({ rows, stride })
  const data = new RowData(shape, mirror.view(Float32Array))
  return {
    name: 'memkit mirror, marked',
    change: (changed) => data.change(changed),
    upload(changed) {
      co.beginFrame()
      for (let i = 0; i < changed.length; i++) mirror.mark(changed[i])
      co.endFrame()
    },
    done: () => rowsDone(place, mirror.buffer),
    read: () => place.gpu.read(mirror.buffer, 0, rows * stride),
    expected: () => data.values,
    heapBytes: () => heap.stats.used,
    dispose: () => co.dispose(),
  }
}

/** Above this share of changed rows everything goes up. */
const BEVY_FULL_ABOVE = 0.15

/**
 * The rule of Bevy's sparse buffers on memkit's own parts: a full upload above 15 % changed, gathered rows and a compute scatter below. No planner, no
 * costs, no runs.
 */
export async function bevyRuleCase(place: Place, shape: Shape): Promise<Uploader | undefined> {
  const { gpu } = place
  if (!(await gpu.prepareScatter())) return undefined
  const { rows, stride } = shape
  const most = Math.ceil(rows * BEVY_FULL_ABOVE)
  const packed = most * (stride + 4)
  const heap = createHeap({ bytes: rows * stride + packed + rows + (1 << 20) })
  const source = heap.alloc(rows * stride, 64).offset
  const staged = heap.alloc(packed, 64).offset
  const dirty = new DirtyRows(rows, {
    buffer: heap.buffer,
    offset: heap.alloc(DirtyRows.bytesFor(rows)).offset,
  })
  const data = new RowData(shape, new Float32Array(heap.buffer, source, (rows * stride) / 4))
  const target = gpu.createDeviceBuffer(rows * stride, STORAGE_USAGE)
  const payload = gpu.createDeviceBuffer(packed, STORAGE_USAGE)
  return {
    name: 'Bevy’s rule on memkit’s parts',
    change: (changed) => data.change(changed),
    upload(changed) {
      const count = changed.length
      if (count === 0) return
      if (count > most) return gpu.write(target, 0, heap.buffer, source, rows * stride)
      for (let i = 0; i < count; i++) dirty.set(changed[i])
      heap.kernels.gather(
        dirty.offset,
        dirty.summaryOffset,
        0,
        rows,
        source,
        stride,
        staged,
        staged + count * stride,
      )
      gpu.write(payload, 0, heap.buffer, staged, count * (stride + 4))
      gpu.scatter(target, { payload, stride, count, payloadOffset: 0, indexOffset: count * stride })
      gpu.submit()
      dirty.clear()
    },
    done: () => rowsDone(place, target),
    read: () => gpu.read(target, 0, rows * stride),
    expected: () => data.values,
    heapBytes: () => heap.stats.used,
    dispose() {
      target.destroy()
      payload.destroy()
    },
  }
}
