import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { afterEach, describe, expect, it } from 'vitest'
import { attachMk, f32, GpuSynced, halfValue, struct, vec2f, type MkSync } from '../src/index.ts'

// What tools see of a world: the components and queries that are synced, and rows on either side.

const open: MkSync<object>[] = []
afterEach(() => {
  for (const mk of open.splice(0)) mk.dispose()
})

async function attach(world: object): Promise<MkSync<object>> {
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  open.push(mk)
  return mk
}

function spawn(world: object, component: object, count: number): number[] {
  return Array.from({ length: count }, () => {
    const entity = addEntity(world)
    addComponent(world, entity, component)
    return entity
  })
}

function frame(mk: MkSync<object>, work = (): void => {}): void {
  mk.beginFrame()
  work()
  mk.endFrame()
}

describe('mk.synced and mk.queries', () => {
  it('list what is synced, and how', async () => {
    const Place = GpuSynced({ x: new Float32Array(10) }, { label: 'Place', changes: 'marked' })
    const Tight = GpuSynced({ x: new Float32Array(10) }, { label: 'Tight', rows: 'packed', with: [Place] })
    const world = createWorld()
    spawn(world, Place, 3)
    const both = spawn(world, Place, 2)
    for (const entity of both) addComponent(world, entity, Tight)
    const mk = await attach(world)
    const shown = mk.query([Place])
    frame(mk)
    expect(mk.synced()).toMatchObject([
      {
        component: Place,
        label: 'Place',
        changes: 'marked',
        rowKind: 'entity',
        direction: 'upload',
        entities: 5,
      },
      {
        component: Tight,
        label: 'Tight',
        changes: 'detect',
        rowKind: 'packed',
        direction: 'upload',
        entities: 2,
      },
    ])
    const [place, tight] = mk.synced()
    expect(place.buffer).toBe(mk.buffer(Place))
    // Row 0 is free, as no entity has id 0: rows by entity reach to the highest id.
    expect([place.buffer.rows, tight.buffer.rows]).toEqual([6, 2])
    expect(mk.report.mirrors.find(({ mirror }) => mirror === place.mirror)).toMatchObject({ rows: 5 })
    expect(mk.queries()).toEqual([shown])
    shown.dispose()
    expect(mk.queries()).toEqual([])
  })

  it('are refused after dispose, which isDisposed tells', async () => {
    const mk = await attach(createWorld())
    expect(mk.isDisposed).toBe(false)
    mk.dispose()
    expect(mk.isDisposed).toBe(true)
    expect(() => mk.synced()).toThrowError(expect.objectContaining({ code: 'Disposed' }))
    expect(() => mk.queries()).toThrowError(expect.objectContaining({ code: 'Disposed' }))
  })
})

describe('buffer.entityOf', () => {
  it('is the entity of a row, or −1 for a free row', async () => {
    const Place = GpuSynced({ x: new Float32Array(10) })
    const Tight = GpuSynced({ x: new Float32Array(10) }, { rows: 'packed' })
    const world = createWorld()
    const [first, second] = spawn(world, Place, 3)
    addComponent(world, second, Tight)
    const mk = await attach(world)
    removeEntity(world, first)
    frame(mk)
    const place = mk.buffer(Place)
    // Row 0 never has an entity; entity 1 was removed; there is no row 4.
    expect([-1, 0, 1, 2, 3, 4, 2.5].map((row) => place.entityOf(row))).toEqual([-1, -1, -1, 2, 3, -1, -1])
    expect([0, 1].map((row) => mk.buffer(Tight).entityOf(row))).toEqual([second, -1])
    expect(mk.query([Place]).indices.entityOf(0)).toBe(-1)
  })
})

describe('buffer.readCpu and buffer.read', () => {
  const schema = struct({ at: vec2f.from('x', 'y'), heat: f32 })

  function thing(options: { changes?: 'detect' | 'marked'; rows?: 'entity' | 'packed' } = {}) {
    const column = (): Float32Array => new Float32Array(5001)
    return GpuSynced({ x: column(), y: column(), heat: column() }, { schema, ...options })
  }

  it('return the same after a frame, in part and in full, over several chunks', async () => {
    const Thing = thing()
    const world = createWorld()
    const entities = spawn(world, Thing, 5000)
    const mk = await attach(world)
    for (const entity of entities) {
      Thing.x[entity] = entity
      Thing.y[entity] = -entity
      Thing.heat[entity] = NaN
    }
    frame(mk)
    const buffer = mk.buffer(Thing)
    expect(buffer.readCpu()).toEqual(await buffer.read())
    expect(buffer.readCpu(1000, 2000)).toEqual(await buffer.read(1000, 2000))
    // vec2f at 0, f32 at 8, rounded up to 16.
    expect(buffer.readCpu(7, 1).byteLength).toBe(16)
    expect([...new Float32Array(buffer.readCpu(4999, 2))]).toEqual([4999, -4999, NaN, 0, 5000, -5000, NaN, 0])
    expect(buffer.readCpu(0, 0).byteLength).toBe(0)
  })

  it('differ where a mark was forgotten or a row was written since', async () => {
    const Thing = thing({ changes: 'marked' })
    const world = createWorld()
    const [entity] = spawn(world, Thing, 2)
    const mk = await attach(world)
    frame(mk)
    frame(mk, () => (Thing.heat[entity] = 5))
    const buffer = mk.buffer(Thing)
    const device = new Float32Array(await buffer.read(entity, 1))
    expect([device[2], new Float32Array(buffer.readCpu(entity, 1))[2]]).toEqual([0, 5])
    // Looking changes nothing: the row is not marked by it.
    frame(mk)
    expect(mk.report.rowsChanged).toBe(0)
  })

  it('look up the entities of packed rows', async () => {
    const Thing = thing({ rows: 'packed' })
    const world = createWorld()
    const entities = spawn(world, Thing, 4)
    const mk = await attach(world)
    for (const entity of entities) Thing.x[entity] = entity * 10
    removeEntity(world, entities[0])
    frame(mk)
    const buffer = mk.buffer(Thing)
    expect(buffer.rows).toBe(3)
    const cpu = new Float32Array(buffer.readCpu())
    for (let row = 0; row < 3; row++) expect(cpu[row * 4]).toBe(buffer.entityOf(row) * 10)
    expect(buffer.readCpu()).toEqual(await buffer.read())
  })

  it('return the last contents of a free row', async () => {
    const Thing = thing()
    const world = createWorld()
    const [entity] = spawn(world, Thing, 2)
    Thing.x[entity] = 8
    const mk = await attach(world)
    frame(mk)
    frame(mk, () => {
      removeEntity(world, entity)
      Thing.x[entity] = 9
    })
    expect(new Float32Array(mk.buffer(Thing).readCpu(entity, 1))[0]).toBe(8)
  })

  it('return the mirrors of queries and row tables', async () => {
    const Thing = thing({ rows: 'packed' })
    const world = createWorld()
    const entities = spawn(world, Thing, 3)
    const mk = await attach(world)
    const { indices } = mk.query([Thing])
    const { rowTable } = mk.buffer(Thing)
    frame(mk)
    expect([...new Uint32Array(indices.readCpu())].sort((a, b) => a - b)).toEqual(entities)
    expect(rowTable.readCpu()).toEqual(await rowTable.read())
  })

  it("refuse rows that don't exist", async () => {
    const Thing = thing()
    const world = createWorld()
    spawn(world, Thing, 2)
    const mk = await attach(world)
    frame(mk)
    const buffer = mk.buffer(Thing)
    for (const [first, count] of [
      [-1, 1],
      [0, 4],
      [3, 1],
      [0.5, 1],
      [0, -1],
    ]) {
      expect(() => buffer.readCpu(first, count)).toThrowError(
        expect.objectContaining({ code: 'RowsOutOfRange' }),
      )
      expect(() => buffer.read(first, count)).toThrowError(
        expect.objectContaining({ code: 'RowsOutOfRange' }),
      )
    }
  })
})

it('return 16-bit floats', () => {
  expect(halfValue(0x3e00)).toBe(1.5)
})
