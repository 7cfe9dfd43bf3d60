import { createAdded, createWorld, getStore, Not, Or, relation, trait, universe } from 'koota'
import type { Entity, World } from 'koota'
import { createWorld as createBitEcsWorld } from 'bitecs'
import { f32, struct, u32, vec2f, type Schema } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  attachMk,
  createApp,
  GpuSynced,
  InvalidOption,
  MkPlugin,
  NoColumns,
  NotAWorld,
  NotGpuSynced,
  Schedule,
  UnsupportedColumn,
  UnsupportedTerm,
  WorldAlreadyAttached,
} from '../src/index.ts'
import type { GpuQuery, MkOptions, MkSync, Synced } from '../src/index.ts'
import { attachKoota } from '../src/koota.ts'

const open: MkSync<object>[] = []
afterEach(() => {
  for (const mk of open.splice(0)) mk.dispose()
  universe.reset()
  vi.restoreAllMocks()
})

async function setUp(options: MkOptions = {}) {
  const world = createWorld()
  const mk = await attach(world, options)
  const frame = (): number => {
    mk.beginFrame()
    return mk.endFrame().rowsChanged
  }
  return { world, mk, frame }
}

async function attach(world: World, options: MkOptions = {}): Promise<MkSync<World>> {
  const mk = await attachKoota(world, { gpu: new MkGpu(new DummyBackend()), ...options })
  open.push(mk)
  return mk
}

/** The numbers that the device has in an entity's row; undefined when it has no row. */
async function row(
  mk: MkSync<World>,
  component: Synced<Schema>,
  entity: Entity,
): Promise<number[] | undefined> {
  const buffer = mk.buffer(component)
  const at = buffer.rowOf(entity)
  const floats = buffer.stride / 4
  if (at < 0) return undefined
  return [...new Float32Array(await buffer.read()).slice(at * floats, (at + 1) * floats)]
}

async function listed(list: GpuQuery): Promise<number[]> {
  if (list.count === 0) return []
  return [...new Uint32Array(await list.indices.read())].sort((a, b) => a - b)
}

describe('a world of koota', () => {
  it('is on the device after every frame: existing, spawned, written, removed, re-added and destroyed entities', async () => {
    const Position = GpuSynced(trait({ x: 0, y: 0 }), { label: 'Position' })
    const Velocity = trait({ x: 1, y: 0.5 })
    const world = createWorld()
    const before = world.spawn(Position({ x: 1, y: 2 }), Velocity)
    const mk = await attach(world)
    const frame = (): number => {
      mk.beginFrame()
      world.query(Position, Velocity).updateEach(([position, velocity]) => {
        position.x += velocity.x
        position.y += velocity.y
      })
      return mk.endFrame().rowsChanged
    }
    expect(frame()).toBe(1)
    expect(await row(mk, Position, before)).toEqual([2, 2.5])

    const still = world.spawn(Position({ x: 7 }))
    // The one that moves, and the one that entered.
    expect(frame()).toBe(2)
    expect(await row(mk, Position, still)).toEqual([7, 0])
    // Only the one that moves.
    expect(frame()).toBe(1)
    expect(await row(mk, Position, before)).toEqual([4, 3.5])

    still.set(Position, { x: 8 })
    before.remove(Velocity)
    expect(frame()).toBe(1)
    expect(await row(mk, Position, still)).toEqual([8, 0])

    before.remove(Position)
    still.destroy()
    expect(frame()).toBe(0)
    expect([mk.buffer(Position).rowOf(before), mk.buffer(Position).rowOf(still)]).toEqual([-1, -1])

    before.add(Position({ x: -1, y: -2 }))
    expect(frame()).toBe(1)
    expect(await row(mk, Position, before)).toEqual([-1, -2])
  })

  it('reads the store of this world: the same trait holds other values in another world', async () => {
    const Position = GpuSynced(trait({ x: 0 }))
    const [first, second] = [createWorld(), createWorld()]
    const a = first.spawn(Position({ x: 1 }))
    const b = second.spawn(Position({ x: 2 }))
    // An entity of the second world is a number with the world in it; its row is not.
    expect([a.id(), b.id(), Number(b) > 2 ** 20]).toEqual([1, 1, true])
    for (const [world, entity, x] of [
      [first, a, 1],
      [second, b, 2],
    ] as const) {
      const mk = await attach(world)
      mk.beginFrame()
      mk.endFrame()
      expect(await row(mk, Position, entity)).toEqual([x])
    }
  })

  it("gives the row of an id to its next owner, in the same frame too, and no row to the dead entity's handle", async () => {
    const Position = GpuSynced(trait({ x: 0 }))
    const { world, mk, frame } = await setUp()
    const dead = world.spawn(Position({ x: 5 }))
    frame()
    dead.destroy()
    const next = world.spawn(Position({ x: 5 }))
    expect([next.id(), next.generation()]).toEqual([dead.id(), 1])
    const list = mk.query([Position])
    frame()
    expect(await row(mk, Position, next)).toEqual([5])
    expect([mk.buffer(Position).rowOf(next), mk.buffer(Position).rowOf(dead)]).toEqual([next.id(), -1])
    expect([list.rowOf(next), list.rowOf(dead)]).toEqual([0, -1])
    next.destroy()
    frame()
    expect(mk.buffer(Position).rowOf(next)).toBe(-1)
  })

  it('never shows the values of the previous owner of a row', async () => {
    const Position = GpuSynced(trait({ x: 0 }), { changes: 'marked', onRemove: 'zero' })
    const { world, mk, frame } = await setUp()
    const dead = world.spawn(Position({ x: 5 }))
    frame()
    dead.destroy()
    frame()
    expect(new Float32Array(await mk.buffer(Position).read())[dead.id()]).toBe(0)
    const next = world.spawn(Position({ x: 6 }))
    frame()
    expect(await row(mk, Position, next)).toEqual([6])
  })

  it('packs rows without gaps', async () => {
    const Position = GpuSynced(trait({ x: 0 }), { rows: 'packed' })
    const { world, mk, frame } = await setUp()
    const entities = [1, 2, 3].map((x) => world.spawn(Position({ x })))
    frame()
    entities[0].destroy()
    frame()
    expect(mk.buffer(Position).rows).toBe(2)
    // The last row has taken the place of the first.
    expect([...new Float32Array(await mk.buffer(Position).read())]).toEqual([3, 2])
    const table = mk.buffer(Position).rowTable
    frame()
    expect([...new Uint32Array(await table.read())]).toEqual([entities[2].id(), entities[1].id()])
  })

  it('marks what set() and updateEach() write, and needs mk.mark for direct writes to a store', async () => {
    const Position = GpuSynced(trait({ x: 0 }), { changes: 'marked' })
    const { world, mk, frame } = await setUp()
    const [a, b, c] = [1, 2, 3].map((x) => world.spawn(Position({ x })))
    frame()
    a.set(Position, { x: 10 })
    expect(frame()).toBe(1)
    getStore(world, Position).x[b.id()] = 20
    expect(frame()).toBe(0)
    mk.mark(Position, b)
    expect(frame()).toBe(1)
    expect(await row(mk, Position, b)).toEqual([20])
    world.query(Position).updateEach(([position]) => (position.x += 1))
    expect(frame()).toBe(3)
    expect(await row(mk, Position, c)).toEqual([4])
    // A mark of a dead entity has no effect.
    c.destroy()
    frame()
    const next = world.spawn(Position)
    frame()
    expect(next.id()).toBe(c.id())
    mk.mark(Position, c)
    expect(frame()).toBe(0)
  })

  it('follows columns replaced by typed arrays, and reports entities past their end', async () => {
    const Position = GpuSynced(trait({ x: 0 }))
    const { world, mk, frame } = await setUp()
    const entity = world.spawn(Position({ x: 1 }))
    const store = getStore(world, Position) as unknown as { x: Float32Array }
    store.x = new Float32Array(4)
    entity.set(Position, { x: 1.5 })
    frame()
    expect(await row(mk, Position, entity)).toEqual([1.5])
    for (let i = 0; i < 3; i++) world.spawn(Position)
    expect(frame).toThrow(/Entity 4 .* ends at id 3/)
  })

  it('is synced again after reset(), with the newly registered traits', async () => {
    const Position = GpuSynced(trait({ x: 0 }), { changes: 'marked' })
    const Late = GpuSynced(trait({ y: 0 }))
    const { world, mk, frame } = await setUp()
    world.spawn(Position({ x: 1 }))
    world.spawn(Position({ x: 2 }))
    const list = mk.query([Position])
    frame()
    world.reset()
    frame()
    expect([list.count, mk.buffer(Position).rowOf(1)]).toEqual([0, -1])
    const next = world.spawn(Position({ x: 3 }), Late({ y: 4 }))
    frame()
    expect([await row(mk, Position, next), await row(mk, Late, next)]).toEqual([[3], [4]])
    expect(await listed(list)).toEqual([next.id()])
    next.set(Position, { x: 5 })
    frame()
    expect(await row(mk, Position, next)).toEqual([5])
    // Reset and filled again between two frames: everything that was known of it is gone.
    world.reset()
    const [first] = [6, 7].map((x) => world.spawn(Position({ x })))
    frame()
    expect(await row(mk, Position, first)).toEqual([6])
    expect(list.count).toBe(2)
  })

  it('can be destroyed, and attached again after dispose()', async () => {
    const Position = GpuSynced(trait({ x: 0 }))
    const { world, mk, frame } = await setUp()
    world.spawn(Position)
    frame()
    world.destroy()
    frame()
    expect(mk.buffer(Position).rowOf(1)).toBe(-1)
    mk.dispose()
    world.init()
    const entity = world.spawn(Position({ x: 9 }))
    const again = await attach(world)
    again.beginFrame()
    again.endFrame()
    expect(await row(again, Position, entity)).toEqual([9])
  })

  it('receives what the device wrote in its own store', async () => {
    const Heat = GpuSynced(trait({ value: 0 }), { direction: 'download' })
    const { world, mk, frame } = await setUp()
    const entity = world.spawn(Heat({ value: 1 }))
    frame()
    // As a shader would: past the mirror.
    mk.gpu.write(mk.buffer(Heat).buffer, entity.id() * 4, new Float32Array([42]).buffer, 0, 4)
    for (let i = 0; i < 6; i++) {
      frame()
      await mk.coordinator.idle()
      // The device says in a later task that there is memory for the rows.
      await new Promise((resolve) => setTimeout(resolve, 0))
    }
    expect(entity.get(Heat)).toEqual({ value: 42 })
  })

  it('runs in an App', async () => {
    const Position = GpuSynced(trait({ x: 0 }))
    const world = createWorld()
    const entity = world.spawn(Position)
    const app = createApp(world)
      .addPlugin(new MkPlugin({ gpu: new MkGpu(new DummyBackend()) }, attachKoota))
      .addSystem(Schedule.Update, (w) => w.query(Position).updateEach(([position]) => (position.x += 1)))
    await app.ready()
    app.tick()
    app.tick()
    expect(new Float32Array(await app.mk.buffer(Position).read())[entity.id()]).toBe(2)
    app.dispose()
  })
})

describe('entities with a row', () => {
  it('match `with` too, modifiers included', async () => {
    const [Visible, Dead] = [trait(), trait()]
    const Position = GpuSynced(trait({ x: 0 }), { with: [Visible, Not(Dead)] })
    const { world, mk, frame } = await setUp()
    const both = world.spawn(Position({ x: 1 }), Visible)
    const hidden = world.spawn(Position({ x: 2 }))
    frame()
    const rows = (): number[] => [both, hidden].map((entity) => mk.buffer(Position).rowOf(entity))
    expect(rows()).toEqual([both.id(), -1])
    hidden.add(Visible)
    both.add(Dead)
    frame()
    expect(rows()).toEqual([-1, hidden.id()])
    both.remove(Dead)
    frame()
    expect(rows()).toEqual([both.id(), hidden.id()])
  })

  it('exclude the world itself with its traits', async () => {
    const Time = GpuSynced(trait({ now: 0 }))
    const { world, mk, frame } = await setUp()
    world.add(Time({ now: 3 }))
    frame()
    expect(mk.buffer(Time).rows).toBe(0)
  })
})

describe('a GPU query of a world of koota', () => {
  it('follows traits, Not, Or and relation pairs', async () => {
    const [A, B] = [trait(), trait()]
    const ChildOf = relation()
    const { world, mk, frame } = await setUp()
    const parent = world.spawn()
    const a = world.spawn(A)
    const ab = world.spawn(A, B, ChildOf(parent))
    const b = world.spawn(B)
    const lists = [[A], [A, Not(B)], [Or(A, B)], [ChildOf(parent)], [B, ChildOf('*')]].map((terms) =>
      mk.query(terms),
    )
    const ids = async (): Promise<number[][]> => {
      frame()
      return Promise.all(lists.map(listed))
    }
    const [A1, AB1, B1] = [a.id(), ab.id(), b.id()]
    expect(await ids()).toEqual([[A1, AB1], [A1], [A1, AB1, B1], [AB1], [AB1]])
    ab.remove(B)
    expect(await ids()).toEqual([[A1, AB1], [A1, AB1], [A1, AB1, B1], [AB1], []])
    ab.remove(ChildOf(parent))
    b.add(ChildOf(parent))
    expect(await ids()).toEqual([[A1, AB1], [A1, AB1], [A1, AB1, B1], [B1], [B1]])
    a.destroy()
    parent.destroy()
    expect(await ids()).toEqual([[AB1], [AB1], [AB1, B1], [], []])
  })

  it("refuses terms whose changes koota doesn't report", async () => {
    const A = trait({ x: 0 })
    const Added = createAdded()
    const ChildOf = relation()
    const { mk } = await setUp()
    expect(() => mk.query([Added(A)])).toThrow(UnsupportedTerm)
    expect(() => mk.query([Or(Added(A), A)])).toThrow(/Added term/)
    expect(() => mk.query([Not(A)])).toThrow(/destroyed/)
    expect(() => mk.query([ChildOf])).toThrow(/ChildOf\(parent\)/)
    expect(() => mk.query([{ x: [] }])).toThrow(InvalidOption)
    const loose = [Or, Not] as unknown as ((...terms: unknown[]) => object)[]
    for (const modifier of loose)
      for (const relations of [ChildOf, ChildOf('*')])
        expect(() => mk.query([A, modifier(relations)])).toThrow(UnsupportedTerm)
  })

  it('refuses Not by itself, for which koota still lists dead entities', () => {
    const A = trait()
    const world = createWorld()
    const entity = world.spawn()
    world.query(Not(A))
    entity.destroy()
    expect(world.query(Not(A))).toContain(entity)
  })
})

describe('a trait', () => {
  it('has an f32 for each of its numbers, or its given schema', async () => {
    const Named = GpuSynced(trait({ name: 'a', x: 1, visible: true, y: 2, at: () => ({ u: 0 }) }))
    const Placed = GpuSynced(trait({ at: () => ({ x: 0, y: 0 }), kind: 0 }), {
      schema: struct({ pos: vec2f.from('at.x', 'at.y'), kind: u32 }),
    })
    const { world, mk, frame } = await setUp()
    const entity = world.spawn(Named({ x: 3 }), Placed({ at: { x: 4, y: 5 }, kind: 6 }))
    frame()
    expect(mk.buffer(Named).schema.fields.map(({ name, type }) => [name, type])).toEqual([
      ['x', f32],
      ['y', f32],
    ])
    expect(await row(mk, Named, entity)).toEqual([3, 2])
    const buffer = mk.buffer(Placed)
    const view = new DataView(await buffer.read(), entity.id() * buffer.stride)
    expect([view.getFloat32(0, true), view.getFloat32(4, true), view.getUint32(8, true)]).toEqual([4, 5, 6])
  })

  it('created with a function, an array of objects, is read by schema', async () => {
    const schema = struct({ pos: vec2f.from('x', 'y') })
    const Body = GpuSynced(
      trait(() => ({ x: 0, y: 0 })),
      { schema },
    )
    const { world, mk, frame } = await setUp()
    const entity = world.spawn(Body({ x: 1, y: 2 }))
    frame()
    expect(await row(mk, Body, entity)).toEqual([1, 2])
    entity.get(Body)!.x = 3
    expect(frame()).toBe(1)
    expect(await row(mk, Body, entity)).toEqual([3, 2])
  })

  it('is refused when it has nothing to upload, or no schema says what', () => {
    const loose = GpuSynced as (component: object, options?: object) => unknown
    expect(() => loose(trait())).toThrow(NoColumns)
    expect(() => loose(trait({ name: 'a' }))).toThrow(NoColumns)
    expect(() => loose(relation())).toThrow(NoColumns)
    expect(() => loose(trait(() => ({ x: 0 })))).toThrow(UnsupportedColumn)
    expect(() => loose(trait({ x: 0 }), { schema: struct({ z: f32 }) })).toThrow(/no such column/)
  })
})

describe('attachKoota', () => {
  it('refuses a non-koota world, as attachMk refuses a koota world', async () => {
    const koota = createWorld()
    await expect(attachKoota({} as World)).rejects.toThrow(NotAWorld)
    await expect(attachKoota(null as never)).rejects.toThrow(NotAWorld)
    await expect(attachKoota(createBitEcsWorld() as never)).rejects.toThrow(/koota/)
    await expect(attachMk(koota)).rejects.toThrow(/attachKoota/)
    await expect(attachKoota(createWorld({ lazy: true }))).rejects.toThrow(/init\(\)/)
  })

  it('refuses an attached world and unflagged traits', async () => {
    const { world, mk } = await setUp()
    const Plain = trait({ x: 0 })
    await expect(attachKoota(world)).rejects.toThrow(WorldAlreadyAttached)
    await expect(attach(createWorld(), { components: [Plain] })).rejects.toThrow(NotGpuSynced)
    expect(() => mk.buffer(Plain as never)).toThrow(NotGpuSynced)
    expect(() => mk.mark(Plain as never, 1)).toThrow(NotGpuSynced)
  })

  it('syncs only the listed traits, before any entity has them', async () => {
    const [A, B] = [GpuSynced(trait({ x: 0 })), GpuSynced(trait({ x: 0 }))]
    const { world, mk, frame } = await setUp({ components: [A] })
    world.spawn(A, B)
    frame()
    expect(mk.report.mirrors).toHaveLength(1)
    expect(mk.buffer(A).rows).toBe(2)
  })
})
