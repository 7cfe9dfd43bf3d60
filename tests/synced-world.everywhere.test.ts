import {
  addComponent,
  addEntity,
  createWorld,
  query,
  removeComponent,
  removeEntity,
  resetWorld,
} from 'bitecs'
import { attachMk, GpuSynced, MkBufferUsage, struct, u32, vec2f } from '@memkit/ecs-plugin'
import type { Changes, MkSync, OnRemove, RowKind } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { places } from '@memkit/testing/place'
import { randomFrom } from '@memkit/testing/random'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'

/** x, y and a tag of every entity, and how the row of one entity must look. */
function createStore(capacity: number) {
  return {
    x: new Float32Array(capacity),
    y: new Float32Array(capacity),
    tag: new Uint32Array(capacity),
  }
}

/** What the device must hold: the row of every entity as it was when last staged, zeros where there never was one. */
class Model {
  readonly rows = new Map<number, Uint32Array>()

  stage(entities: Iterable<number>, store: ReturnType<typeof createStore>): void {
    for (const entity of entities) {
      const row = new Float32Array([store.x[entity], store.y[entity], 0, 0])
      const words = new Uint32Array(row.buffer)
      words[2] = store.tag[entity]
      this.rows.set(entity, words)
    }
  }

  remove(entity: number): void {
    this.rows.set(entity, new Uint32Array(4))
  }

  bytes(rows: number): Uint32Array {
    const words = new Uint32Array(rows * 4)
    for (const [row, values] of this.rows) words.set(values, row * 4)
    return words
  }
}

// pos at 0, tag at 8, padded to the alignment of vec2f: 16 bytes a row.
const row = struct({ pos: vec2f.from('x', 'y'), tag: u32 })

/**
 * The whole path on one device: a bitECS world lives, and after every frame the device holds what the world held.
 *
 * @param open a device of its own for each test
 */
describe.each(Object.entries(places))('a synced world on %s', (_, { open }) => {
  let gpu: MkGpu
  beforeEach(async () => {
    gpu = strict(await open())
  })
  afterEach(() => closeStrict(gpu))

  async function deviceWords(
    mk: MkSync<object>,
    component: Parameters<typeof mk.buffer>[0],
  ): Promise<Uint32Array> {
    return new Uint32Array(await mk.buffer(component).read())
  }

  describe('entities that come and go', () => {
    const lives: [Changes, RowKind, OnRemove][] = []
    for (const changes of ['detect', 'marked', 'all'] as const)
      for (const rows of ['entity', 'packed'] as const)
        for (const onRemove of ['keep', 'zero'] as const) lives.push([changes, rows, onRemove])

    it.each(lives)(
      'match the model after every frame (%s, %s rows, onRemove %s)',
      async (changes, rows, onRemove) => {
        const capacity = 700
        const store = createStore(capacity)
        // 16 rows at the start, so that the buffer grows five times on the way to several hundred entities.
        const Thing = GpuSynced(store, { schema: row, changes, rows, onRemove, capacity: 16, label: 'Thing' })
        const world = createWorld()
        const mk = await attachMk(world, { gpu })
        const buffer = mk.buffer(Thing)
        const random = randomFrom(7)
        const model = new Model()
        const alive = new Set<number>()
        const write = (entity: number): void => {
          store.x[entity] = random() * 100 - 50
          store.y[entity] = random() < 0.1 ? -0 : random()
          store.tag[entity] = Math.floor(random() * 2 ** 32)
          mk.mark(Thing, entity)
        }

        for (let frame = 0; frame < 30; frame++) {
          mk.beginFrame()
          for (const entity of [...alive]) {
            const dice = random()
            if (dice < 0.08) {
              if (dice < 0.05) removeEntity(world, entity)
              else removeComponent(world, entity, Thing)
              alive.delete(entity)
              if (onRemove === 'zero') model.remove(entity)
            } else if (dice < 0.4) write(entity)
          }
          const births = frame % 5 === 4 ? 0 : Math.floor(random() * 60)
          for (let i = 0; i < births && alive.size < capacity - 60; i++) {
            const entity = addEntity(world)
            addComponent(world, entity, Thing)
            write(entity)
            alive.add(entity)
          }
          model.stage(alive, store)
          mk.endFrame()
          const words = await deviceWords(mk, Thing)
          if (rows === 'entity') expect(words, `frame ${frame}`).toEqual(model.bytes(buffer.rows))
          else {
            expect(buffer.rows).toBe(alive.size)
            expect([...alive].map((entity) => buffer.rowOf(entity)).sort((a, b) => a - b)).toEqual(
              [...alive.keys()].map((_, i) => i),
            )
            const expected = new Uint32Array(alive.size * 4)
            for (const entity of alive) expected.set(model.rows.get(entity)!, buffer.rowOf(entity) * 4)
            expect(words, `frame ${frame}`).toEqual(expected)
          }
        }
        expect(alive.size).toBeGreaterThan(200)
        expect(buffer.generation).toBeGreaterThan(1)
        mk.dispose()
      },
    )

    it('include those that existed before attach', async () => {
      const store = createStore(10)
      const Thing = GpuSynced(store, { schema: row })
      const world = createWorld()
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      store.x[entity] = 3
      const mk = await attachMk(world, { gpu })
      mk.beginFrame()
      mk.endFrame()
      const model = new Model()
      model.stage([entity], store)
      expect(await deviceWords(mk, Thing)).toEqual(model.bytes(2))
      mk.dispose()
    })

    it('show the new entity when an id is recycled within a frame', async () => {
      const store = createStore(10)
      const Thing = GpuSynced(store, { schema: row, changes: 'marked' })
      const world = createWorld()
      const mk = await attachMk(world, { gpu })
      const first = addEntity(world)
      addComponent(world, first, Thing)
      store.x[first] = 1
      mk.beginFrame()
      mk.endFrame()
      mk.beginFrame()
      removeEntity(world, first)
      const second = addEntity(world)
      addComponent(world, second, Thing)
      // bitECS hands out the last id that was freed.
      expect(second).toBe(first)
      store.x[second] = 2
      mk.endFrame()
      expect(new Float32Array((await deviceWords(mk, Thing)).buffer)[second * 4]).toBe(2)
      mk.dispose()
    })

    it('are followed through resetWorld', async () => {
      const store = createStore(10)
      const Thing = GpuSynced(store, { schema: row, onRemove: 'zero' })
      const world = createWorld()
      const mk = await attachMk(world, { gpu })
      for (let i = 1; i <= 3; i++) {
        const entity = addEntity(world)
        addComponent(world, entity, Thing)
        store.x[entity] = i
      }
      mk.beginFrame()
      mk.endFrame()
      resetWorld(world)
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      store.x[entity] = 9
      mk.beginFrame()
      mk.endFrame()
      const model = new Model()
      model.stage([entity], store)
      // Three rows were in use besides row 0; two of them are zero again.
      expect(await deviceWords(mk, Thing)).toEqual(model.bytes(4))
      mk.dispose()
    })

    it('have rows only with the `with` components', async () => {
      const Visible = {}
      const store = createStore(10)
      const Thing = GpuSynced(store, { schema: row, with: [Visible], onRemove: 'zero' })
      const world = createWorld()
      const mk = await attachMk(world, { gpu })
      const [seen, hidden] = [addEntity(world), addEntity(world)]
      for (const entity of [seen, hidden]) {
        addComponent(world, entity, Thing)
        store.tag[entity] = entity + 100
      }
      addComponent(world, seen, Visible)
      mk.beginFrame()
      mk.endFrame()
      expect(mk.buffer(Thing).rowOf(seen)).toBe(seen)
      expect(mk.buffer(Thing).rowOf(hidden)).toBe(-1)
      expect((await deviceWords(mk, Thing))[seen * 4 + 2]).toBe(seen + 100)
      removeComponent(world, seen, Visible)
      mk.beginFrame()
      mk.endFrame()
      expect((await deviceWords(mk, Thing))[seen * 4 + 2]).toBe(0)
      mk.dispose()
    })

    it('are followed when a column is replaced by a bigger one', async () => {
      const store = createStore(4)
      const Thing = GpuSynced(store, { schema: row })
      const world = createWorld()
      const mk = await attachMk(world, { gpu })
      const model = new Model()
      const entities: number[] = []
      for (let frame = 0; frame < 3; frame++) {
        for (let i = 0; i < 3; i++) {
          const entity = addEntity(world)
          addComponent(world, entity, Thing)
          entities.push(entity)
        }
        const length = entities.length + 1
        if (length > store.x.length) {
          const bigger = createStore(length)
          bigger.x.set(store.x)
          bigger.y.set(store.y)
          bigger.tag.set(store.tag)
          Object.assign(store, bigger)
        }
        for (const entity of entities) store.x[entity] = entity + frame / 10
        model.stage(entities, store)
        mk.beginFrame()
        mk.endFrame()
        expect(await deviceWords(mk, Thing)).toEqual(model.bytes(length))
      }
      mk.dispose()
    })
  })

  describe('calls', () => {
    it('are zero in a frame without changes, and few after few changes', async () => {
      const count = 20_000
      const store = createStore(count + 1)
      const Thing = GpuSynced(store, { schema: row })
      const world = createWorld()
      for (let i = 0; i < count; i++) addComponent(world, addEntity(world), Thing)
      // A call costs as much as 100 bytes: rows farther apart than that go up in calls of their own, whatever the device.
      const costs = { callThread: 100, callDevice: 0, byteThread: 1, byteDevice: 0 }
      const mk = await attachMk(world, { gpu, strategy: 'runs', costs })
      for (const entity of query(world, [Thing])) store.tag[entity] = entity
      mk.beginFrame()
      expect(mk.endFrame().rowsChanged).toBe(count)

      mk.beginFrame()
      const idle = mk.endFrame()
      expect(idle).toMatchObject({
        rowsChanged: 0,
        bytesChanged: 0,
        bytesUploaded: 0,
        apiCalls: 0,
        submits: 0,
      })
      expect(idle.mirrors[0].strategy).toBe('none')

      store.x[100] = 1
      store.x[101] = 1
      store.x[15_000] = 1
      mk.beginFrame()
      // Two runs (rows 100–101 and row 15 000): two writes of 32 and 16 bytes.
      expect(mk.endFrame()).toMatchObject({ rowsChanged: 3, bytesUploaded: 48, writes: 2 })
      const words = await deviceWords(mk, Thing)
      expect(new Float32Array(words.buffer)[15_000 * 4]).toBe(1)
      mk.dispose()
    })

    it('depend on bits: NaN equals itself, −0 differs from 0', async () => {
      const store = createStore(4)
      const Thing = GpuSynced(store, { schema: row })
      const world = createWorld()
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      const mk = await attachMk(world, { gpu })
      store.x[entity] = Number.NaN
      mk.beginFrame()
      expect(mk.endFrame().rowsChanged).toBe(1)
      mk.beginFrame()
      expect(mk.endFrame().rowsChanged).toBe(0)
      store.y[entity] = -0
      mk.beginFrame()
      expect(mk.endFrame().rowsChanged).toBe(1)
      mk.dispose()
    })
  })

  describe('several worlds and attachments', () => {
    it('keep two worlds on one store apart', async () => {
      const store = createStore(10)
      const Thing = GpuSynced(store, { schema: row })
      const [a, b] = [createWorld(), createWorld()]
      addComponent(a, addEntity(a), Thing)
      const mkA = await attachMk(a, { gpu })
      const mkB = await attachMk(b, { gpu })
      addEntity(b)
      addComponent(b, addEntity(b), Thing)
      store.tag[1] = 11
      store.tag[2] = 22
      for (const mk of [mkA, mkB]) {
        mk.beginFrame()
        mk.endFrame()
      }
      const wordsA = await deviceWords(mkA, Thing)
      const wordsB = await deviceWords(mkB, Thing)
      expect([wordsA.length / 4, wordsA[1 * 4 + 2]]).toEqual([2, 11])
      expect([wordsB.length / 4, wordsB[1 * 4 + 2], wordsB[2 * 4 + 2]]).toEqual([3, 0, 22])
      mkA.dispose()
      mkB.dispose()
    })

    it('leave nothing behind on dispose, and can be attached again at once', async () => {
      const store = createStore(10)
      const Thing = GpuSynced(store, { schema: row, usage: MkBufferUsage.INDIRECT & gpu.capabilities.usages })
      const world = createWorld()
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      store.tag[entity] = 5
      for (let life = 0; life < 3; life++) {
        const mk = await attachMk(world, { gpu })
        mk.beginFrame()
        mk.endFrame()
        expect((await deviceWords(mk, Thing))[entity * 4 + 2]).toBe(5)
        mk.dispose()
        mk.dispose()
        await gpu.waitIdle()
        expect(gpu.leaks()).toEqual([])
      }
    })
  })
})
