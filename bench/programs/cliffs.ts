import { createHeap, f32, struct, type Heap } from '@memkit/core'
import { attachMk, GpuSynced, type MkSync } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { STORAGE_USAGE, type Place } from '../place.ts'
import { columnsOf, measured, type LifeEntry } from './life.ts'
import type { Run } from './program.ts'

/** Frames before anything is measured: what runs once a frame is compiled late. */
const WARM_UP = 5000

/** Each in a process of its own. */
export function cliffVariants(): string[] {
  return ['mark heap', 'mark plain', 'objects detect', 'objects all', 'packed heap', 'packed plain']
}

/** Where a store, a mode or a kind of rows could cost many times what another does. */
export async function cliffs({ gpu }: Place, run: Run): Promise<LifeEntry[]> {
  const { quick, variant = '' } = run
  run.progress(0, variant)
  const [kind, detail] = variant.split(' ')
  if (kind === 'mark') return await oneMark(gpu, detail as Columns, quick)
  if (kind === 'objects') return await objects(gpu, detail as 'detect' | 'all', quick)
  return await packed(gpu, detail as Columns, quick)
}

type Columns = 'heap' | 'plain'

const storeName = (columns: Columns): string => (columns === 'heap' ? 'heap columns' : 'Float32Array')

interface World {
  readonly mk: MkSync
  readonly ids: readonly number[]
}

/** A world with so many entities that have a component. */
async function worldOf(gpu: MkGpu, heap: Heap, entities: number, component: object): Promise<World> {
  const world = createWorld()
  const ids = Array.from({ length: entities }, () => {
    const entity = addEntity(world)
    addComponent(world, entity, component)
    return entity
  })
  const mk = await attachMk(world, { gpu, heap, components: [component] })
  await mk.coordinator.ready()
  return { mk, ids }
}

function heapFor(entities: number): Heap {
  return createHeap({ bytes: entities * 96 + (32 << 20) })
}

/** P9: a frame with one mark, by how many rows there are. */
async function oneMark(gpu: MkGpu, columns: Columns, quick: boolean): Promise<LifeEntry[]> {
  const make = async (entities: number): Promise<() => number> => {
    const heap = heapFor(entities)
    const component = GpuSynced(columnsOf(columns === 'heap' ? heap : undefined, entities), {
      changes: 'marked',
      capacity: entities + 1,
    })
    const { mk, ids } = await worldOf(gpu, heap, entities, component)
    let turn = 0
    const frame = (): void => {
      const entity = ids[(turn++ * 7919) % entities]
      component.x[entity] = turn
      mk.beginFrame()
      mk.mark(component, entity)
      mk.endFrame()
    }
    for (let i = 0; i < WARM_UP; i++) frame()
    return () => {
      const start = performance.now()
      for (let i = 0; i < 20; i++) frame()
      return (performance.now() - start) / 20
    }
  }
  const store = storeName(columns)
  const few = '10 000 rows'
  return await measured(
    'a frame with one mark',
    [
      { name: few, store, run: await make(10_000) },
      { name: '1 000 000 rows', store, against: few, run: await make(1_000_000) },
    ],
    quick ? 51 : 301,
    10,
  )
}

/** P10: an array of objects, and a loop that puts their numbers side by side. */
async function objects(gpu: MkGpu, changes: 'detect' | 'all', quick: boolean): Promise<LifeEntry[]> {
  const entities = 100_000
  const make = (): { x: number; y: number; z: number; w: number }[] =>
    Array.from({ length: entities + 1 }, (_, i) => ({ x: i + 0.5, y: i + 1.5, z: 2.5, w: 0.5 + (i % 7) }))
  const store = 'array of objects'
  const schema = struct({ x: f32, y: f32, z: f32, w: f32 })
  const component = GpuSynced(make(), { schema, changes, capacity: entities + 1 })
  const { mk } = await worldOf(gpu, heapFor(entities), entities, component)
  const own = make()
  const rows = new Float32Array(own.length * 4)
  const target = gpu.createDeviceBuffer(rows.byteLength, STORAGE_USAGE)
  const byHand = (): void => {
    for (let i = 0, to = 0; i < own.length; i++, to += 4) {
      const entry = own[i]
      rows[to] = entry.x
      rows[to + 1] = entry.y
      rows[to + 2] = entry.z
      rows[to + 3] = entry.w
    }
    gpu.write(target, 0, rows.buffer)
  }
  let turn = 0
  const timed = (all: { x: number }[], sync: () => void) => async (): Promise<number> => {
    move(all, ++turn)
    const start = performance.now()
    sync()
    const took = performance.now() - start
    await gpu.waitIdle()
    return took
  }
  const name = 'a loop by hand, and one writeBuffer'
  return await measured(
    '100 000 × 16 B in objects, every x changed',
    [
      { name, store, run: timed(own, byHand) },
      { name: changes, store, against: name, run: timed(component, () => frame(mk)) },
    ],
    quick ? 31 : 201,
    quick ? 20 : 100,
  )
}

/** By a function of its own, which is compiled: unoptimised code boxes each number, and garbage is collected while others are measured. */
function move(all: readonly { x: number }[], turn: number): void {
  const value = turn + 0.25
  for (let i = 0; i < all.length; i++) all[i].x = value
}

/** P11: packed rows are compared through a table of entities. */
async function packed(gpu: MkGpu, columns: Columns, quick: boolean): Promise<LifeEntry[]> {
  const entities = 100_000
  const store = storeName(columns)
  const make = async (rows: 'entity' | 'packed') => {
    const heap = heapFor(entities)
    const component = GpuSynced(columnsOf(columns === 'heap' ? heap : undefined, entities), {
      changes: 'detect',
      rows,
      capacity: entities + 1,
    })
    return { component, ...(await worldOf(gpu, heap, entities, component)) }
  }
  const [byEntity, byTable] = [await make('entity'), await make('packed')]
  const entries: LifeEntry[] = []
  for (const share of [0, 0.01, 1]) {
    const count = entities * share
    let turn = 0
    const timed =
      ({ mk, component, ids }: typeof byEntity) =>
      async (): Promise<number> => {
        turn++
        for (let i = 0; i < count; i++) component.x[ids[(i * 7919 + turn) % entities]] = turn
        const start = performance.now()
        frame(mk)
        const took = performance.now() - start
        await gpu.waitIdle()
        return took
      }
    const cases = [
      { name: 'entity rows', store, run: timed(byEntity) },
      { name: 'packed rows', store, against: 'entity rows', run: timed(byTable) },
    ]
    const table = `100 000 × 16 B, detect, ${share * 100} % changed`
    entries.push(...(await measured(table, cases, quick ? 51 : 301, quick ? 50 : 300)))
  }
  return entries
}

function frame(mk: MkSync): void {
  mk.beginFrame()
  mk.endFrame()
}
