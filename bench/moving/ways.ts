import { createHeap, f32, mat4x4f, pitchFor, struct, vec4f } from '@memkit/core'
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld, query, type World } from 'bitecs'
import type { Place } from '../place.ts'
import { columnSystem, floatsOf, interleave, rowSystem, type Kind } from './systems.ts'

/** One way of having what every entity has on the device in every frame. */
export interface Way {
  readonly name: string
  /** What the data lies in. */
  readonly store: string
  /** Opens the frame; part of the sync's time. */
  begin(): void
  /** The game's own loop. */
  system(): void
  /** Brings all of it to the device. */
  sync(): void
  /** The buffers that a pass reads. */
  buffers(): readonly GPUBuffer[]
  /** Bytes of what the device should hold, in the order of `buffers`. */
  expected(): readonly Uint8Array[]
  dispose(): void
}

/** Entities, and what each has. */
export interface Crowd {
  readonly entities: number
  readonly kind: Kind
}

type MakeWay = (place: Place, crowd: Crowd) => Way | Promise<Way>

// STORAGE | VERTEX | COPY_DST | COPY_SRC
const USAGE = 0x80 | 0x20 | 0x8 | 0x4

/** What people write by hand, in the order of the baselines in the docs; then memkit. */
export const makers: readonly MakeWay[] = [
  arrayOfStructs,
  bufferPerColumn,
  interleaved,
  (place, crowd) => memkitRows(place, crowd, 'all'),
  (place, crowd) => memkitColumns(place, crowd, 'all', 'rows'),
  (place, crowd) => memkitColumns(place, crowd, 'detect', 'rows'),
  (place, crowd) => memkitColumns(place, crowd, 'all', 'columns'),
  (place, crowd) => memkitColumns(place, crowd, 'detect', 'columns'),
]

function arrayOfStructs({ device }: Place, crowd: Crowd): Way {
  const { slots, floats, speeds } = sizesOf(crowd)
  const rows = new Float32Array(slots * floats)
  const component = {}
  const world = populated(component, crowd)
  const run = rowSystem(crowd.kind, rows, speeds)
  const buffer = device!.createBuffer({ size: rows.byteLength, usage: USAGE })
  return {
    name: 'rows by hand, one writeBuffer',
    store: 'Float32Array of rows',
    begin() {},
    system: () => run(query(world, [component])),
    sync: () => device!.queue.writeBuffer(buffer, 0, rows),
    buffers: () => [buffer],
    expected: () => [bytesOf(rows)],
    dispose: () => buffer.destroy(),
  }
}

function bufferPerColumn({ device }: Place, crowd: Crowd): Way {
  const { slots, floats, speeds } = sizesOf(crowd)
  const columns = Array.from({ length: floats }, () => new Float32Array(slots))
  const component = {}
  const world = populated(component, crowd)
  const run = columnSystem(crowd.kind, columns, speeds)
  const buffers = columns.map(({ byteLength }) => device!.createBuffer({ size: byteLength, usage: USAGE }))
  return {
    name: 'a buffer and a writeBuffer per column',
    store: 'Float32Array columns',
    begin() {},
    system: () => run(query(world, [component])),
    sync() {
      for (let k = 0; k < floats; k++) device!.queue.writeBuffer(buffers[k], 0, columns[k])
    },
    buffers: () => buffers,
    expected: () => columns.map(bytesOf),
    dispose: () => buffers.forEach((buffer) => buffer.destroy()),
  }
}

function interleaved({ device }: Place, crowd: Crowd): Way {
  const { slots, floats, speeds } = sizesOf(crowd)
  const columns = Array.from({ length: floats }, () => new Float32Array(slots))
  const rows = new Float32Array(slots * floats)
  const component = {}
  const world = populated(component, crowd)
  const run = columnSystem(crowd.kind, columns, speeds)
  const weave = interleave(columns, rows)
  const buffer = device!.createBuffer({ size: rows.byteLength, usage: USAGE })
  return {
    name: 'columns interleaved by hand, one writeBuffer',
    store: 'Float32Array columns',
    begin() {},
    system: () => run(query(world, [component])),
    sync() {
      weave()
      device!.queue.writeBuffer(buffer, 0, rows)
    },
    buffers: () => [buffer],
    expected: () => [bytesOf(rows)],
    dispose: () => buffer.destroy(),
  }
}

async function memkitRows(place: Place, crowd: Crowd, changes: 'all' | 'detect'): Promise<Way> {
  const { slots, floats, speeds } = sizesOf(crowd)
  const heap = createHeap({ bytes: slots * floats * 16 + (16 << 20) })
  const schema =
    crowd.kind === 'transform' ? struct({ place: vec4f, turn: vec4f }) : struct({ matrix: mat4x4f })
  const store = heap.rows(schema, crowd.entities)
  const run = rowSystem(crowd.kind, store.f32, speeds)
  return await memkitWay(place, crowd, store, heap, run, { changes, layout: 'rows' }, 'heap rows', () => [
    bytesOf(store.f32.subarray(0, slots * floats)),
  ])
}

async function memkitColumns(
  place: Place,
  crowd: Crowd,
  changes: 'all' | 'detect',
  layout: 'rows' | 'columns',
): Promise<Way> {
  const { slots, floats, speeds } = sizesOf(crowd)
  const heap = createHeap({ bytes: slots * floats * 16 + (16 << 20) })
  const names = Array.from({ length: floats }, (_, k) => `c${String(k).padStart(2, '0')}`)
  const store = heap.columns(Object.fromEntries(names.map((name) => [name, f32])), crowd.entities)
  const columns = names.map((name) => store[name])
  const run = columnSystem(crowd.kind, columns, speeds)
  const rows = (): Uint8Array[] => {
    const all = new Float32Array(slots * floats)
    for (let k = 0; k < floats; k++)
      for (let row = 0; row < slots; row++) all[row * floats + k] = columns[k][row]
    return [bytesOf(all)]
  }
  const sections = (): Uint8Array[] => {
    const pitch = pitchFor(slots)
    const all = new Float32Array(pitch * floats)
    columns.forEach((column, k) => all.set(column, k * pitch))
    return [bytesOf(all)]
  }
  const expected = layout === 'rows' ? rows : sections
  return await memkitWay(place, crowd, store, heap, run, { changes, layout }, 'heap columns', expected)
}

async function memkitWay(
  { gpu }: Place,
  crowd: Crowd,
  store: object,
  heap: ReturnType<typeof createHeap>,
  run: (entities: ArrayLike<number>) => void,
  { changes, layout }: { changes: 'all' | 'detect'; layout: 'rows' | 'columns' },
  storeName: string,
  expected: Way['expected'],
): Promise<Way> {
  const component = GpuSynced(store as Record<string, Float32Array>, {
    changes,
    layout,
    capacity: crowd.entities + 1,
    label: 'Body',
  })
  const world = populated(component, crowd)
  const mk = await attachMk(world, { gpu, heap, components: [component] })
  await mk.coordinator.ready()
  return {
    name: layout === 'rows' ? `memkit rows, ${changes}` : `memkit columns, ${changes}`,
    store: storeName,
    begin: () => mk.beginFrame(),
    system: () => run(query(world, [component])),
    sync: () => void mk.endFrame(),
    buffers: () => [mk.buffer(component).gpuBuffer],
    expected,
    dispose: () => mk.dispose(),
  }
}

function sizesOf({ entities, kind }: Crowd): { slots: number; floats: number; speeds: Float32Array } {
  // Entity ids start at 1.
  const slots = entities + 1
  const speeds = new Float32Array(4 * slots).map((_, i) => ((i * 7919) % 1000) / 1000 - 0.5)
  return { slots, floats: floatsOf[kind], speeds }
}

function populated(component: object, { entities }: Crowd): World {
  const world = createWorld()
  for (let i = 0; i < entities; i++) addComponent(world, addEntity(world), component)
  return world
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
