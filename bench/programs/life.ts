import { createHeap, f32, type Heap } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import { attachMk, GpuSynced, type MkSync } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, query, removeEntity, type World } from 'bitecs'
import { interleave, type Timing } from '../interleave.ts'
import { STORAGE_USAGE, type Place } from '../place.ts'
import type { Run } from './program.ts'

/** One case of a table about life: how long it takes, and what it is compared with. */
export interface LifeEntry {
  readonly table: string
  readonly name: string
  readonly store: string
  /** Milliseconds. */
  readonly time: Timing
  /** What was measured in the same rounds to divide by. */
  readonly against?: { readonly name: string; readonly time: Timing }
}

interface Case {
  readonly name: string
  readonly store: string
  readonly against?: string
  readonly run: () => number | Promise<number>
}

const idleVariants = ['idle heap marked', 'idle heap detect', 'idle plain detect']

/** Pieces that are staged in a frame. */
const PIECES = 1000
const teleportVariants = ['teleport in order', 'teleport in any order', 'teleport apart']

/** Each in a process of its own. */
export function lifeVariants(): string[] {
  return ['spawn 4', 'spawn 8', ...idleVariants, 'million marked', 'million detect', ...teleportVariants]
}

export async function life({ gpu }: Place, run: Run): Promise<LifeEntry[]> {
  const { quick, variant = '' } = run
  run.progress(0, variant)
  const [kind, detail, changes] = variant.split(' ')
  if (kind === 'spawn') return await spawning(gpu, Number(detail), quick)
  if (kind === 'idle') return await idle(gpu, detail, changes as 'marked' | 'detect', quick)
  if (kind === 'million') return await million(gpu, detail as 'marked' | 'detect', quick)
  return await teleport(gpu, variant.slice('teleport '.length), quick)
}

export async function measured(
  table: string,
  cases: readonly Case[],
  rounds: number,
  warmUp: number,
): Promise<LifeEntry[]> {
  const times = await interleave(
    cases.map((each) => each.run),
    rounds,
    warmUp,
  )
  return cases.map(({ name, store, against }, i) => {
    const base = cases.findIndex((each) => each.name === against)
    const entry = { table, name, store, time: times[i] }
    return base < 0 ? entry : { ...entry, against: { name: cases[base].name, time: times[base] } }
  })
}

const QUADS = { x: f32, y: f32, z: f32, w: f32 }

export function columnsOf(
  heap: Heap | undefined,
  entities: number,
): Record<'x' | 'y' | 'z' | 'w', Float32Array> {
  if (heap !== undefined) return heap.columns(QUADS, entities)
  const column = (): Float32Array => new Float32Array(entities + 1)
  return { x: column(), y: column(), z: column(), w: column() }
}

/** P12: 1 000 of 10 000 entities die and as many are spawned; what bitECS itself takes for it. */
async function spawning(gpu: MkGpu, components: number, quick: boolean): Promise<LifeEntry[]> {
  const entities = 10_000
  const count = 1000
  const store = 'heap columns'
  const make = async (isSynced: boolean, hasQueries: boolean): Promise<Case['run']> => {
    const capacity = entities * 3
    const heap = createHeap({ bytes: components * capacity * 16 * 3 + (32 << 20) })
    const stores = Array.from({ length: components }, () => {
      const columns = columnsOf(heap, capacity)
      return isSynced ? GpuSynced(columns, { changes: 'marked', capacity }) : columns
    })
    const world = createWorld()
    const game = new Lives(world, stores)
    game.spawn(entities)
    query(world, stores)
    if (hasQueries) for (const each of stores) query(world, [each])
    const mk = isSynced ? await attachMk(world, { gpu, heap, components: stores }) : undefined
    await mk?.coordinator.ready()
    return async () => {
      mk?.beginFrame()
      const start = performance.now()
      game.die(count)
      game.spawn(count)
      query(world, stores)
      const took = performance.now() - start
      mk?.endFrame()
      await gpu.waitIdle()
      return took
    }
  }
  const [bare, each] = ['bitECS by itself', 'a query per component']
  const cases: Case[] = [
    { name: bare, store, run: await make(false, false) },
    { name: `${bare}, and marked`, against: bare, store, run: await make(true, false) },
    { name: each, store, run: await make(false, true) },
    { name: `${each}, and marked`, against: each, store, run: await make(true, true) },
  ]
  return await measured(`spawn, ${components} components`, cases, quick ? 101 : 401, 40)
}

/** Entities that die and are born, in an order that looks random. */
class Lives {
  readonly #world: World
  readonly #stores: readonly Record<string, Float32Array>[]
  readonly #all: number[] = []
  #at = 1

  constructor(world: World, stores: readonly Record<string, Float32Array>[]) {
    this.#world = world
    this.#stores = stores
  }

  spawn(count: number): void {
    for (let i = 0; i < count; i++) {
      const entity = addEntity(this.#world)
      for (const store of this.#stores) {
        addComponent(this.#world, entity, store)
        store['x'][entity] = entity
        store['y'][entity] = 1
      }
      this.#all.push(entity)
    }
  }

  die(count: number): void {
    const all = this.#all
    for (let i = 0; i < count; i++) {
      this.#at = (Math.imul(this.#at, 1_103_515_245) + 12_345) & 0x7fff_ffff
      const k = this.#at % all.length
      removeEntity(this.#world, all[k])
      all[k] = all[all.length - 1]
      all.pop()
    }
  }
}

/** P13: frames in which none of 100 components changes. */
async function idle(
  gpu: MkGpu,
  store: string,
  changes: 'marked' | 'detect',
  quick: boolean,
): Promise<LifeEntry[]> {
  const components = 100
  const entities = 1000
  const heap = createHeap({ bytes: components * entities * 64 + (32 << 20) })
  const stores = Array.from({ length: components }, (_, k) =>
    GpuSynced(columnsOf(store === 'heap' ? heap : undefined, entities), {
      changes,
      capacity: entities + 1,
      label: `C${k}`,
    }),
  )
  const world = createWorld()
  for (let i = 0; i < entities; i++) {
    const entity = addEntity(world)
    for (const component of stores) addComponent(world, entity, component)
  }
  const mk = await attachMk(world, { gpu, heap, components: stores })
  await mk.coordinator.ready()
  // As in a game that has run for a while: what is run once per frame is compiled late.
  for (let i = 0; i < 5000; i++) frame(mk)
  const name = store === 'heap' ? 'heap columns' : 'Float32Array'
  const run = (): number => {
    const start = performance.now()
    for (let i = 0; i < 10; i++) frame(mk)
    return (performance.now() - start) / 10
  }
  return await measured(
    'an idle frame of 100 components',
    [{ name: changes, store: name, run }],
    quick ? 101 : 601,
    10,
  )
}

function frame(mk: MkSync): void {
  mk.beginFrame()
  mk.endFrame()
}

/** P14: a million entities that are there before memkit, without a query of the game's. */
async function million(gpu: MkGpu, changes: 'marked' | 'detect', quick: boolean): Promise<LifeEntry[]> {
  const entities = 1_000_000
  const attach: number[] = []
  const first: number[] = []
  const byHand: number[] = []
  const own: number[] = []
  const rows = entities + 1
  // In memory that was used before, so that handing out new pages is not measured.
  const heap = createHeap({ bytes: entities * 50 })
  const component = GpuSynced(columnsOf(heap, entities), { changes })
  const bytes = new Float32Array(rows * 4)
  for (let round = -1; round < (quick ? 3 : 9); round++) {
    const world = createWorld()
    for (let i = 0; i < entities; i++) {
      const entity = addEntity(world)
      addComponent(world, entity, component)
      for (const column of [component.x, component.y, component.z, component.w]) column[entity] = entity
    }
    const start = performance.now()
    const mk = await attachMk(world, { gpu, heap })
    const attached = performance.now()
    await mk.coordinator.ready()
    const began = performance.now()
    frame(mk)
    const ended = performance.now()
    Object.values(component).forEach((column, i) => bytes.set(column, i * rows))
    const target = gpu.createDeviceBuffer(bytes.byteLength, STORAGE_USAGE)
    const copied = performance.now()
    gpu.write(target, 0, bytes.buffer)
    const written = performance.now()
    await gpu.waitIdle()
    target.destroy()
    mk.dispose()
    if (round < 0) continue
    attach.push(attached - start)
    first.push(ended - began)
    byHand.push(written - ended)
    // Handing out the pages of a new buffer takes the system longer than all the rest.
    own.push(ended - began - (written - copied))
  }
  const table = `10⁶ entities that are there, ${changes}`
  const store = 'heap columns'
  const against = {
    name: 'copying the columns, and one writeBuffer into a new buffer',
    time: timing(byHand),
  }
  return [
    { table, name: 'attach', store, time: timing(attach) },
    { table, name: 'first frame', store, time: timing(first), against },
    { table, name: 'first frame without its writeBuffer', store, time: timing(own) },
  ]
}

function timing(times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]
  return { median: at(0.5), lower: at(0.25), upper: at(0.75) }
}

const orders: Readonly<Record<string, (i: number) => number>> = {
  'in order': (i) => i * 64,
  'in any order': (i) => ((i * 7919) % PIECES) * 64,
  apart: (i) => ((i * 7919) % PIECES) * 256,
}

/** P15: 1 000 pieces of 64 bytes that go to places of the user's own. */
async function teleport(gpu: MkGpu, order: string, quick: boolean): Promise<LifeEntry[]> {
  const floats = 16
  const target = gpu.createDeviceBuffer(PIECES * 64 * 4, STORAGE_USAGE)
  const co = new MkCoordinator(gpu, { heap: createHeap({ bytes: 32 << 20 }) })
  await co.ready()
  let turn = 0
  const places = Float64Array.from({ length: PIECES }, (_, i) => orders[order](i))
  const values = new Float32Array(PIECES * floats)
  const against = 'a writeBuffer each'
  const run = async (): Promise<number> => {
    const value = ++turn
    const start = performance.now()
    co.beginFrame()
    for (let i = 0; i < PIECES; i++) {
      const view = co.frameAlloc(Float32Array, floats)
      for (let k = 0; k < floats; k++) view[k] = value
      co.stageForUpload(view, { buffer: target, offset: places[i] })
    }
    co.endFrame()
    const took = performance.now() - start
    await gpu.waitIdle()
    return took
  }
  const cases: Case[] = [
    { name: against, store: 'Float32Array', run: byWrites(gpu, target, values, places, () => ++turn) },
    { name: 'with targets', store: 'frame arena', against, run },
  ]
  const table = `1 000 × 64 bytes to places of their own, ${order}`
  const entries = await measured(table, cases, quick ? 201 : 1001, 300)
  co.dispose()
  target.destroy()
  return entries
}

function byWrites(
  gpu: MkGpu,
  target: ReturnType<MkGpu['createDeviceBuffer']>,
  values: Float32Array<ArrayBuffer>,
  places: Float64Array,
  next: () => number,
): Case['run'] {
  const native = (gpu.backend as { device?: GPUDevice }).device
  return async () => {
    const value = next()
    const start = performance.now()
    for (let i = 0; i < places.length; i++) {
      for (let k = i * 16; k < i * 16 + 16; k++) values[k] = value
      if (native) native.queue.writeBuffer(target.native as GPUBuffer, places[i], values.buffer, i * 64, 64)
      else gpu.write(target, places[i], values.buffer, i * 64, 64)
    }
    const took = performance.now() - start
    await gpu.waitIdle()
    return took
  }
}
