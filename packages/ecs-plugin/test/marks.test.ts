import { addComponent, addEntity, createWorld, observe, onSet, removeEntity, resetWorld, set } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { attachMk, GpuSynced, SharedMarker, type GpuSyncedOptions, type MkOptions } from '../src/index.ts'

afterEach(() => vi.unstubAllGlobals())

function spawn(world: object, ...components: object[]): number {
  const entity = addEntity(world)
  for (const component of components) addComponent(world, entity, component)
  return entity
}

/** A component that takes only what is marked, on three entities whose rows are on the device. */
async function marked(options: GpuSyncedOptions = {}, mkOptions: MkOptions = {}) {
  const store = { x: new Float32Array(100) }
  const Thing = GpuSynced(store, { label: 'Thing', changes: 'marked', ...options } as never)
  const world = createWorld()
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), ...mkOptions })
  const warnings: { code: string; message: string }[] = []
  mk.on('warning', ({ code, message }) => warnings.push({ code, message }))
  const entities = [1, 2, 3].map(() => spawn(world, Thing))
  const frame = () => {
    mk.beginFrame()
    return mk.endFrame()
  }
  /** What the device has for an entity. */
  const onDevice = async (entity: number): Promise<number> =>
    new Float32Array(await mk.buffer(Thing).read())[mk.buffer(Thing).rowOf(entity)]
  frame()
  return { mk, Thing, store, world, entities, warnings, frame, onDevice }
}

describe("bitECS's set()", () => {
  it("marks without a call of memkit's", async () => {
    const { Thing, store, world, entities, frame, onDevice } = await marked()
    observe(world, onSet(Thing), (entity, { x }: { x: number }) => void (store.x[entity] = x))
    addComponent(world, entities[1], set(Thing, { x: 7 }))
    store.x[entities[0]] = 5
    expect(frame().rowsChanged).toBe(1)
    expect([await onDevice(entities[0]), await onDevice(entities[1])]).toEqual([0, 7])
  })

  it('marks an entity that enters with it, and still does after resetWorld', async () => {
    const { Thing, store, world, frame, onDevice } = await marked()
    const write = (): void => {
      observe(world, onSet(Thing), (entity, { x }: { x: number }) => void (store.x[entity] = x))
    }
    write()
    const entity = spawn(world, set(Thing, { x: 3 }))
    frame()
    expect(await onDevice(entity)).toBe(3)
    resetWorld(world)
    write()
    const next = spawn(world, Thing)
    frame()
    addComponent(world, next, set(Thing, { x: 4 }))
    expect(frame().rowsChanged).toBe(1)
    expect(await onDevice(next)).toBe(4)
  })

  it('is followed only for marked components, and not after dispose', async () => {
    const { mk, Thing, world, entities } = await marked()
    const Detected = GpuSynced({ y: new Float32Array(8) })
    spawn(world, Detected)
    mk.beginFrame()
    mk.endFrame()
    mk.dispose()
    // Nothing that was disposed of may be touched.
    expect(() => addComponent(world, entities[0], set(Thing, { x: 1 }))).not.toThrow()
  })
})

describe('forgotten marks in debug mode', () => {
  it.each(['entity', 'packed'] as const)(
    'are counted, warned about once, and packed no more than without debug (%s rows)',
    async (rows) => {
      const { mk, Thing, store, entities, warnings, frame, onDevice } = await marked(
        { rows },
        { debug: true },
      )
      expect(mk.forgottenMarks(Thing)).toBe(0)
      store.x[entities[0]] = 1
      mk.mark(Thing, entities[0])
      store.x[entities[1]] = 2
      store.x[entities[2]] = 3
      expect(frame().rowsChanged).toBe(1)
      expect(mk.forgottenMarks(Thing)).toBe(2)
      expect([await onDevice(entities[1]), await onDevice(entities[2])]).toEqual([0, 0])
      expect(warnings).toEqual([
        { code: 'ForgottenMarks', message: expect.stringMatching(/^Thing: 2 rows .* entity 3/) },
      ])
      // Still out of date: not counted again.
      frame()
      store.x[entities[1]] = 20
      frame()
      expect(mk.forgottenMarks(Thing)).toBe(2)
      // Once all rows are up to date, marks can be forgotten again.
      mk.markAll(Thing)
      frame()
      store.x[entities[1]] = 21
      frame()
      expect(mk.forgottenMarks(Thing)).toBe(3)
      expect(warnings).toHaveLength(1)
    },
  )

  it('are not reported for entities that enter, leave or move to another row', async () => {
    const { mk, Thing, store, world, entities, frame } = await marked({ rows: 'packed' }, { debug: true })
    for (const entity of entities) store.x[entity] = entity
    mk.markAll(Thing)
    frame()
    removeEntity(world, entities[0])
    frame()
    for (let i = 0; i < 40; i++) store.x[spawn(world, Thing)] = i
    frame()
    expect(mk.forgottenMarks(Thing)).toBe(0)
  })

  it('are found in a store that grows', async () => {
    const { mk, Thing, store, world, frame } = await marked({ capacity: 4 }, { debug: true })
    store.x = new Float32Array(4000)
    const last = Array.from({ length: 2000 }, () => spawn(world, Thing)).at(-1)!
    frame()
    store.x[last] = 1
    frame()
    expect(mk.forgottenMarks(Thing)).toBe(1)
  })

  it("aren't counted without debug, nor in other modes", async () => {
    const { mk, Thing } = await marked()
    expect(mk.forgottenMarks(Thing)).toBeUndefined()
    const other = await marked({ changes: 'detect' }, { debug: true })
    expect(other.mk.forgottenMarks(other.Thing)).toBeUndefined()
  })

  it('are reported later when other threads mark, whose marks come after their writes', async () => {
    const { mk, Thing, store, entities, frame } = await marked({}, { debug: true })
    const marker = mk.marker(Thing)
    store.x[entities[0]] = 1
    store.x[entities[1]] = 1
    frame()
    expect(mk.forgottenMarks(Thing)).toBe(0)
    marker.mark(entities[0])
    frame()
    expect(mk.forgottenMarks(Thing)).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 300))
    frame()
    expect(mk.forgottenMarks(Thing)).toBe(1)
  })
})

describe('a shared marker', () => {
  it.each(['entity', 'packed'] as const)('marks for the next stage once (%s rows)', async (rows) => {
    const { mk, Thing, store, entities, frame, onDevice } = await marked({ rows })
    const marker = mk.marker(Thing)
    for (const entity of entities) store.x[entity] = entity + 0.5
    marker.mark(entities[2])
    marker.mark(entities[2])
    expect(frame().rowsChanged).toBe(1)
    expect([await onDevice(entities[1]), await onDevice(entities[2])]).toEqual([0, 3.5])
    expect(frame().rowsChanged).toBe(0)
    marker.markRange(entities[0], 2)
    expect(frame().rowsChanged).toBe(2)
    expect(await onDevice(entities[0])).toBe(1.5)
  })

  it('is sent as its buffer, and is the same on the other side', async () => {
    const { mk, Thing, store, entities, frame } = await marked()
    // What postMessage does.
    const there = SharedMarker.from(structuredClone(mk.marker(Thing)))
    expect(there).not.toBe(mk.marker(Thing))
    expect(there.capacity).toBe(2 ** 20)
    store.x[entities[0]] = 1
    there.mark(entities[0])
    expect(frame().rowsChanged).toBe(1)
  })

  it('takes every bit of every word and clears it', () => {
    const marker = SharedMarker.create(5000, -1)
    const wanted = [0, 31, 32, 63, 1023, 1024, 2047, 4999, 2 ** 20 - 1]
    for (const row of wanted) marker.mark(row)
    const seen: number[] = []
    const rows = { mark: (row: number) => void seen.push(row) }
    expect(marker.collect(rows)).toBe(false)
    expect(seen.sort((a, b) => a - b)).toEqual(wanted)
    expect([marker.collect(rows), seen.length]).toEqual([false, wanted.length])
  })

  it('marks every row past its capacity, with one warning; a bigger one can be created while the old one works', async () => {
    const { mk, Thing, store, entities, warnings, frame } = await marked()
    const small = mk.marker(Thing)
    expect(mk.marker(Thing)).toBe(small)
    for (const entity of entities) store.x[entity] = 1
    small.mark(small.capacity)
    expect(frame().rowsChanged).toBe(3)
    small.mark(small.capacity + 5)
    frame()
    expect(warnings.map(({ code }) => code)).toEqual(['MarkerFull'])
    // As if there were entities beyond half of it: a marker has room for twice as many as there are.
    expect(SharedMarker.create(2 ** 20 + 1, -1).capacity).toBe(2 ** 21)
    store.x[entities[0]] = 2
    small.mark(entities[0])
    expect(frame().rowsChanged).toBe(1)
  })

  it('ignores entities that are dead or have no row', async () => {
    const { mk, Thing, world, entities, frame } = await marked()
    const marker = mk.marker(Thing)
    removeEntity(world, entities[1])
    marker.mark(entities[1])
    marker.mark(77)
    expect(frame().rowsChanged).toBe(0)
  })

  it('ignores the version of versioned ids', () => {
    const marker = SharedMarker.create(16, 0xfffff)
    marker.mark(0x3000005)
    const seen: number[] = []
    marker.collect({ mark: (row) => void seen.push(row) })
    expect(seen).toEqual([5])
  })

  it('refuses non-entities and non-markers', async () => {
    const { mk, Thing } = await marked()
    const marker = mk.marker(Thing)
    for (const entity of [-1, 0.5, Number.NaN, Infinity])
      expect(() => marker.mark(entity)).toThrowError(expect.objectContaining({ code: 'RowOutOfRange' }))
    for (const posted of [
      undefined,
      null,
      {},
      { buffer: new ArrayBuffer(64) },
      { buffer: new SharedArrayBuffer(64) },
    ])
      expect(() => SharedMarker.from(posted as never)).toThrowError(
        expect.objectContaining({ code: 'InvalidOption' }),
      )
    expect(() => mk.marker({} as never)).toThrowError(expect.objectContaining({ code: 'NotGpuSynced' }))
  })

  it('says what the page needs when there is no shared memory', async () => {
    const { mk, Thing } = await marked()
    vi.stubGlobal('SharedArrayBuffer', undefined)
    expect(() => mk.marker(Thing)).toThrowError(
      expect.objectContaining({
        code: 'SharedMemoryUnavailable',
        message: expect.stringContaining('Cross-Origin-Embedder-Policy: require-corp'),
      }),
    )
  })
})
