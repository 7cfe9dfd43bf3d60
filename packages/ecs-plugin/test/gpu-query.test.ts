import {
  addComponent,
  addEntity,
  And,
  createRelation,
  createWorld,
  getWorldComponents,
  Hierarchy,
  Not,
  onAdd,
  Or,
  query,
  removeComponent,
  removeEntity,
  removeQuery,
  resetWorld,
} from 'bitecs'
import { DummyBackend, MkBufferUsage, MkGpu, type MkDeviceBuffer } from '@memkit/gpu'
import { integersFrom } from '@memkit/testing/random'
import { describe, expect, it } from 'vitest'
import { attachMk, GpuSynced, NO_ENTITY, type GpuQuery, type MkSync } from '../src/index.ts'

async function setUp() {
  const gpu = new MkGpu(new DummyBackend())
  const world = createWorld()
  const mk = await attachMk(world, { gpu })
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const spawn = (...components: object[]): number => {
    const entity = addEntity(world)
    for (const component of components) addComponent(world, entity, component)
    return entity
  }
  return { gpu, world, mk, frame, spawn }
}

/** What the device has in the list, in ascending order. */
async function listed(list: GpuQuery): Promise<number[]> {
  if (list.count === 0) return []
  return [...new Uint32Array(await list.indices.read())].sort((a, b) => a - b)
}

async function drawArgs(mk: MkSync<object>, list: GpuQuery): Promise<number[]> {
  return [
    ...new Uint32Array(await mk.coordinator.download(list.drawArgs.buffer, 0, list.drawArgs.buffer.size)),
  ]
}

describe('a GPU query', () => {
  it('lists matching entities from before and after its creation', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const [A, B] = [{}, {}]
    const first = spawn(A, B)
    spawn(A)
    const both = mk.query([A, B])
    frame()
    expect(await listed(both)).toEqual([first])
    const second = spawn(A, B)
    frame()
    expect(await listed(both)).toEqual([first, second])
    removeComponent(world, first, B)
    frame()
    expect([both.count, both.rowOf(first), both.rowOf(second)]).toEqual([1, -1, 0])
    expect(await listed(both)).toEqual([second])
    mk.dispose()
  })

  it('keeps indirect draw arguments: instances = entities', async () => {
    const { mk, frame, spawn } = await setUp()
    const A = {}
    const draw = mk.query([A], { draw: { vertexCount: 6 } })
    const indexed = mk.query([A], { draw: { indexCount: 36 } })
    frame()
    // vertexCount, instanceCount, firstVertex, firstInstance; indexCount, instanceCount, firstIndex, baseVertex, firstInstance
    expect(await drawArgs(mk, draw)).toEqual([6, 0, 0, 0])
    for (let i = 0; i < 3; i++) spawn(A)
    frame()
    expect(await drawArgs(mk, draw)).toEqual([6, 3, 0, 0])
    expect(await drawArgs(mk, indexed)).toEqual([36, 3, 0, 0, 0])
    mk.dispose()
  })

  it('draws several entities per instance, and fills leftover places with NO_ENTITY', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const A = {}
    const list = mk.query([A], { draw: { vertexCount: 3 * 4, perInstance: 4 } })
    /** The list to the end of the last instance, in order. */
    const places = async (): Promise<number[]> => {
      const bytes = await mk.coordinator.download(list.indices.buffer, 0, 32)
      return [...new Uint32Array(bytes)].slice(0, 4 * (await drawArgs(mk, list))[1])
    }
    const entities = Array.from({ length: 6 }, () => spawn(A))
    frame()
    // Six entities at four to an instance: two instances, and two places left over.
    expect(await drawArgs(mk, list)).toEqual([12, 2, 0, 0])
    expect(await places()).toEqual([...entities, NO_ENTITY, NO_ENTITY])
    expect([list.count, list.indices.rows]).toEqual([6, 6])
    removeEntity(world, entities[5])
    frame()
    expect(await places()).toEqual([...entities.slice(0, 5), NO_ENTITY, NO_ENTITY, NO_ENTITY])
    // One list entry; as many instances as before, so the arguments stay.
    expect(mk.report).toMatchObject({ rowsChanged: 1 })
    removeEntity(world, entities[4])
    frame()
    expect(await drawArgs(mk, list)).toEqual([12, 1, 0, 0])
    expect(await places()).toEqual(entities.slice(0, 4))
    mk.dispose()
  })

  it('has room for whole instances at any length of the list', async () => {
    const { mk, frame, spawn } = await setUp()
    const A = {}
    const list = mk.query([A], { draw: { vertexCount: 3, perInstance: 1000 } })
    for (let i = 0; i < 1025; i++) spawn(A)
    frame()
    expect(list.indices.capacity).toBeGreaterThanOrEqual(2000)
    const tail = await mk.coordinator.download(list.indices.buffer, 1025 * 4, 975 * 4)
    expect(new Uint32Array(tail).every((entity) => entity === NO_ENTITY)).toBe(true)
    mk.dispose()
  })

  it.each([0, -1, 1.5, 1025])('refuses %d entities per instance', async (perInstance) => {
    const { mk } = await setUp()
    expect(() => mk.query([{}], { draw: { vertexCount: 3, perInstance } })).toThrowError(
      expect.objectContaining({ code: 'InvalidOption', message: expect.stringContaining('perInstance') }),
    )
    mk.dispose()
  })

  it('costs nothing in a frame without changes, and O(changes) otherwise', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const A = {}
    const entities = Array.from({ length: 1000 }, () => spawn(A))
    mk.query([A], { draw: { vertexCount: 3 } })
    frame()
    frame()
    expect(mk.report.apiCalls).toBe(0)
    removeEntity(world, entities[998])
    frame()
    // The last took the place of the one that left, and its own is free: two entries, and the arguments of 16 bytes.
    expect(mk.report).toMatchObject({ rowsChanged: 3, bytesUploaded: 8 + 16 })
    mk.dispose()
  })

  it.each([
    ['Not', (a: object, b: object): object[] => [a, Not(b)]],
    ['Or', (a: object, b: object): object[] => [Or(a, b)]],
    ['Not and Or', (a: object, b: object, c: object): object[] => [Or(a, b), Not(c)]],
  ])(
    'agrees with bitECS on %s in a random program',
    async (_name, terms: (...parts: object[]) => object[]) => {
      const { world, mk, frame } = await setUp()
      const parts = [{}, {}, {}]
      const list = mk.query(terms(parts[0], parts[1], parts[2]))
      const random = integersFrom(1)
      const alive: number[] = []
      for (let step = 0; step < 200; step++) {
        for (let i = 0; i < 5; i++) {
          const entity = alive[random(Math.max(1, alive.length))]
          const part = parts[random(3)]
          if (entity === undefined || random(3) === 0) alive.push(addEntity(world))
          else if (random(8) === 0) removeEntity(world, alive.splice(alive.indexOf(entity), 1)[0])
          else if (random(2) === 0) addComponent(world, entity, part)
          else removeComponent(world, entity, part)
        }
        frame()
        const expected = [...query(world, terms(parts[0], parts[1], parts[2]))].sort((a, b) => a - b)
        expect(await listed(list), `step ${step}`).toEqual(expected)
      }
      mk.dispose()
    },
  )

  it('lists entities that return to a Not query after a frame without a bitECS query', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const [A, Hidden] = [{}, {}]
    const shown = mk.query([A, Not(Hidden)])
    const entity = spawn(A)
    frame()
    addComponent(world, entity, Hidden)
    frame()
    expect(shown.count).toBe(0)
    removeComponent(world, entity, Hidden)
    frame()
    expect(await listed(shown)).toEqual([entity])
    mk.dispose()
  })

  it('lists entities that were leaving a Not query when it was created, and returned', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const [A, Hidden] = [{}, {}]
    // bitECS has the query already, so that it keeps the entity listed until removals are committed.
    query(world, [A, Not(Hidden)])
    const entity = spawn(A)
    addComponent(world, entity, Hidden)
    const shown = mk.query([A, Not(Hidden)])
    removeComponent(world, entity, Hidden)
    frame()
    expect(await listed(shown)).toEqual([entity])
    mk.dispose()
  })

  it('works with a relation pair', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const ChildOf = createRelation<object>()
    const [parent, other] = [spawn(), spawn()]
    const children = mk.query([ChildOf(parent)])
    const child = spawn(ChildOf(parent))
    spawn(ChildOf(other))
    frame()
    expect(await listed(children)).toEqual([child])
    removeEntity(world, parent)
    frame()
    expect(children.count).toBe(0)
    mk.dispose()
  })

  it('lists rows of a packed component, even when they move', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const Visible = {}
    const Thing = GpuSynced({ id: new Uint32Array(50) }, { rows: 'packed' })
    const list = mk.query([Visible], { rowsOf: Thing })
    const entities = Array.from({ length: 10 }, () => spawn(Thing))
    entities.forEach((entity) => (Thing.id[entity] = entity))
    spawn(Visible)
    for (const i of [0, 4, 9]) addComponent(world, entities[i], Visible)
    const visibleIds = async (): Promise<number[]> => {
      const ids = new Uint32Array(await mk.buffer(Thing).read())
      return (await listed(list)).map((row) => ids[row]).sort((a, b) => a - b)
    }
    frame()
    expect(await visibleIds()).toEqual([entities[0], entities[4], entities[9]])
    // The last row moves into the gap.
    removeEntity(world, entities[2])
    frame()
    expect(mk.buffer(Thing).rowOf(entities[9])).toBe(2)
    expect(await visibleIds()).toEqual([entities[0], entities[4], entities[9]])
    removeEntity(world, entities[0])
    frame()
    expect(await visibleIds()).toEqual([entities[4], entities[9]])
    mk.dispose()
  })

  it.each(['entity', 'packed'] as const)('lists %s rows that had to wait for memory', async (rows) => {
    const { gpu, mk, frame, spawn } = await setUp()
    const C = GpuSynced({ x: new Float32Array(100) }, { rows, capacity: 2 })
    const list = mk.query([C], { rowsOf: C })
    frame()
    const { backend } = gpu
    backend.faults = { outOfMemory: 'throw', outOfMemoryAt: [gpu.calls.buffersCreated + 1] }
    const entities = [spawn(C), spawn(C), spawn(C)]
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrow(expect.objectContaining({ code: 'MirrorOutOfMemory' }))
    frame()
    expect(await listed(list)).toEqual(rows === 'entity' ? entities : [0, 1, 2])
  })

  it('grows, and follows a reset world and a removed query', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const A = {}
    const list = mk.query([A], { draw: { vertexCount: 3 } })
    for (let i = 0; i < 3000; i++) spawn(A)
    frame()
    expect([list.count, list.indices.capacity >= 3000]).toEqual([3000, true])
    removeQuery(world, [A])
    removeEntity(world, 17)
    frame()
    expect((await listed(list)).includes(17)).toBe(false)
    resetWorld(world)
    const only = spawn(A)
    frame()
    expect(await listed(list)).toEqual([only])
    expect((await drawArgs(mk, list))[1]).toBe(1)
    mk.dispose()
  })

  it('frees everything on dispose', async () => {
    const { gpu, mk, frame, spawn } = await setUp()
    const A = {}
    const before = gpu.leaks().length
    const list = mk.query([A], { draw: { vertexCount: 3 } })
    list.dispose()
    list.dispose()
    spawn(A)
    frame()
    await mk.coordinator.idle()
    frame()
    expect(gpu.leaks()).toHaveLength(before)
    mk.dispose()
  })
})

describe('further uses of one list', () => {
  it('keeps more draw arguments, one set per shape, for the lifetime of the query', async () => {
    const { gpu, world, mk, frame, spawn } = await setUp()
    const A = {}
    const list = mk.query([A], { draw: { vertexCount: 6 } })
    const words = async (args: { buffer: MkDeviceBuffer }): Promise<number[]> => [
      ...new Uint32Array(await mk.coordinator.download(args.buffer)),
    ]
    const entities = Array.from({ length: 5 }, () => spawn(A))
    frame()
    const before = gpu.leaks().length
    const shadow = list.draw({ vertexCount: 3 })
    const mesh = list.draw({ indexCount: 36 })
    const batch = list.draw({ vertexCount: 6, perInstance: 4 })
    expect(list.draw({ vertexCount: 6 })).toBe(list.drawArgs)
    expect(list.draw({ vertexCount: 3 })).toBe(shadow)
    expect(gpu.leaks()).toHaveLength(before + 3)
    frame()
    expect(await words(shadow)).toEqual([3, 5, 0, 0])
    expect(await words(mesh)).toEqual([36, 5, 0, 0, 0])
    expect(await words(batch)).toEqual([6, 2, 0, 0])
    removeEntity(world, entities[0])
    frame()
    expect([(await words(list.drawArgs))[1], (await words(shadow))[1], (await words(mesh))[1]]).toEqual([
      4, 4, 4,
    ])
    expect([batch.offset, (await words(batch))[1]]).toEqual([0, 1])
    list.dispose()
    expect(() => shadow.buffer).toThrowError(expect.objectContaining({ code: 'Disposed' }))
    expect(() => list.draw({ vertexCount: 3 })).toThrowError(expect.objectContaining({ code: 'Disposed' }))
    mk.dispose()
  })

  it('makes room for the whole instances of draw arguments that are added later', async () => {
    const { mk, frame, spawn } = await setUp()
    const A = {}
    const list = mk.query([A])
    for (let i = 0; i < 1020; i++) spawn(A)
    frame()
    list.draw({ vertexCount: 3, perInstance: 1000 })
    frame()
    expect(list.indices.capacity).toBeGreaterThanOrEqual(2000)
    const tail = await mk.coordinator.download(list.indices.buffer, 1020 * 4)
    expect(new Set(new Uint32Array(tail))).toEqual(new Set([NO_ENTITY]))
    mk.dispose()
  })

  it.each([
    // entities, workgroups: at most 4 in a dimension
    [0, [0, 1, 1, 0]],
    [1, [1, 1, 1, 1]],
    [8, [4, 1, 1, 8]],
    [9, [3, 2, 1, 9]],
    [17, [3, 3, 1, 17]],
    [31, [4, 4, 1, 31]],
  ])('dispatches over %i entities in two dimensions when one is too short', async (count, expected) => {
    const gpu = new MkGpu(new DummyBackend({ capabilities: { maxComputeWorkgroupsPerDimension: 4 } }))
    const world = createWorld()
    const mk = await attachMk(world, { gpu })
    const A = {}
    const list = mk.query([A], { dispatch: { workgroupSize: 2 } })
    for (let i = 0; i < count; i++) addComponent(world, addEntity(world), A)
    mk.beginFrame()
    mk.endFrame()
    const { buffer, offset } = list.dispatchArgs
    expect([...new Uint32Array(await mk.coordinator.download(buffer, offset, 16))]).toEqual(expected)
    expect(buffer.usage & (MkBufferUsage.STORAGE | MkBufferUsage.INDIRECT)).toBe(
      MkBufferUsage.STORAGE | MkBufferUsage.INDIRECT,
    )
    // Nothing changes, nothing goes up.
    mk.beginFrame()
    expect(mk.endFrame().apiCalls).toBe(0)
    mk.dispose()
  })

  it('tells which entities are listed, in the order of the list', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const A = {}
    const list = mk.query([A])
    expect(list.entities).toHaveLength(0)
    const entities = Array.from({ length: 4 }, () => spawn(A))
    frame()
    const seen = list.entities
    expect([seen, list.entities === seen]).toEqual([Uint32Array.from(entities), true])
    removeEntity(world, entities[1])
    frame()
    expect(list.entities).toEqual(Uint32Array.of(entities[0], entities[3], entities[2]))
    expect(list.entities).toEqual(new Uint32Array(await list.indices.read()))
    mk.dispose()
  })

  it('reports that there is no gpuBuffer where the backend has none', async () => {
    const { mk } = await setUp()
    const list = mk.query([{}], { draw: { vertexCount: 3 }, dispatch: { workgroupSize: 64 } })
    for (const get of [
      () => list.drawArgs.gpuBuffer,
      () => list.dispatchArgs.gpuBuffer,
      () => list.dispatchArgs.binding,
    ])
      expect(get).toThrowError(expect.objectContaining({ code: 'WrongBackend', expected: 'webgpu' }))
    mk.dispose()
  })
})

describe('bad input', () => {
  it('refuses Hierarchy terms, with the reason', async () => {
    const { mk } = await setUp()
    const ChildOf = createRelation()
    expect(() => mk.query([Hierarchy(ChildOf)])).toThrowError(
      expect.objectContaining({ code: 'UnsupportedTerm', message: expect.stringContaining('observers') }),
    )
    mk.dispose()
  })

  it('refuses nested terms and hooks of observe(), and registers nothing', async () => {
    const { world, mk } = await setUp()
    const [A, B] = [{}, {}]
    const before = getWorldComponents(world).length
    for (const [terms, term] of [
      [[And(A, Not(B))], 'nested Not'],
      [[Or(A, Or(B))], 'nested Or'],
      [[A, Not(And(B))], 'nested And'],
      [[onAdd(A)], 'add'],
    ] as const)
      expect(() => mk.query(terms)).toThrowError(expect.objectContaining({ code: 'UnsupportedTerm', term }))
    expect(getWorldComponents(world)).toHaveLength(before)
    mk.dispose()
  })

  it("refuses invalid draw counts, an unflagged rowsOf, and drawArgs that weren't requested", async () => {
    const { gpu, mk } = await setUp()
    const A = {}
    const before = gpu.leaks().length
    for (const vertexCount of [-1, 1.5, Number.NaN, 2 ** 32])
      expect(() => mk.query([A], { draw: { vertexCount } })).toThrowError(
        expect.objectContaining({ code: 'InvalidOption', option: 'draw.vertexCount' }),
      )
    for (const terms of [[], [7], [null], ['A']])
      expect(() => mk.query(terms)).toThrowError(
        expect.objectContaining({ code: 'InvalidOption', option: 'terms' }),
      )
    expect(() => mk.query([A], { rowsOf: {} })).toThrowError(
      expect.objectContaining({ code: 'NotGpuSynced' }),
    )
    expect(gpu.leaks()).toHaveLength(before)
    expect(() => mk.query([A]).drawArgs).toThrowError(
      expect.objectContaining({ code: 'InvalidOption', option: 'draw' }),
    )
    expect(() => mk.query([A]).dispatchArgs).toThrowError(
      expect.objectContaining({ code: 'InvalidOption', option: 'dispatch' }),
    )
    mk.dispose()
  })
})

describe('the row table of packed rows', () => {
  it('holds the entity of every row on the device', async () => {
    const { world, mk, frame, spawn } = await setUp()
    const Thing = GpuSynced({ x: new Float32Array(5000) }, { rows: 'packed', label: 'Thing' })
    const entities = Array.from({ length: 20 }, () => spawn(Thing))
    frame()
    const table = mk.buffer(Thing).rowTable
    expect(mk.buffer(Thing).rowTable).toBe(table)
    const check = async (): Promise<void> => {
      frame()
      const words = [...new Uint32Array(await table.read())]
      expect(words).toHaveLength(mk.buffer(Thing).rows)
      expect(words.map((entity) => mk.buffer(Thing).rowOf(entity))).toEqual(words.map((_, row) => row))
    }
    await check()
    removeEntity(world, entities[3])
    await check()
    for (let i = 0; i < 3000; i++) spawn(Thing)
    await check()
    expect(table.wgsl(0, 2)).toBe('@group(0) @binding(2) var<storage, read> thingRows: array<u32>;\n')
    mk.dispose()
  })

  it.each([1, 2])('waits for the rows when buffer %i of the two has no memory', async (which) => {
    const { gpu, mk, frame, spawn } = await setUp()
    const C = GpuSynced({ x: new Float32Array(100) }, { rows: 'packed', capacity: 2 })
    const buffer = mk.buffer(C)
    const table = buffer.rowTable
    frame()
    gpu.backend.faults = { outOfMemory: 'throw', outOfMemoryAt: [gpu.calls.buffersCreated + which] }
    const entities = [spawn(C), spawn(C), spawn(C)]
    mk.beginFrame()
    expect(() => mk.endFrame()).toThrow(expect.objectContaining({ code: 'MirrorOutOfMemory' }))
    // Rows that are handed out are in the table.
    expect([...new Uint32Array(await table.read())]).toEqual(entities.slice(0, 2))
    frame()
    expect([...new Uint32Array(await table.read())]).toEqual(entities)
    expect(entities.map((entity) => buffer.rowOf(entity))).toEqual([0, 1, 2])
  })

  it("doesn't exist when rows are entity ids", async () => {
    const { mk } = await setUp()
    const Thing = GpuSynced({ x: new Float32Array(4) })
    expect(() => mk.buffer(Thing).rowTable).toThrowError(expect.objectContaining({ code: 'InvalidOption' }))
    mk.dispose()
  })
})
