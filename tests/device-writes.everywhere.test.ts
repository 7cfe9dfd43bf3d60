import { addComponent, addEntity, createWorld, removeEntity, resetWorld } from 'bitecs'
import { attachMk, f32, GpuSynced, struct, u32, vec2f } from '@memkit/ecs-plugin'
import type { MkSync, SyncDirection } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'

const row = struct({ pos: vec2f.from('x', 'y'), id: u32, heat: f32 })

interface Resizable extends ArrayBuffer {
  resize(bytes: number): void
}

/** TypeScript's library of this project does not know them yet. */
function resizable(bytes: number): Resizable {
  const Buffer = ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable
  return new Buffer(bytes, { maxByteLength: 4096 })
}

/** Components that the device writes: its rows come back into the columns, and never over something newer. */
describe('rows that the device writes', () => {
  let gpu: MkGpu
  beforeEach(async () => {
    gpu = strict(await place.open())
  })
  afterEach(() => closeStrict(gpu))

  async function setUp(direction: SyncDirection) {
    const store = {
      x: new Float32Array(64),
      y: new Float32Array(64),
      id: new Uint32Array(64),
      // Plain numbers: these come back by value.
      heat: [] as number[],
    }
    const Thing = GpuSynced(store, { schema: row, direction, capacity: 8, label: 'Thing' })
    const world = createWorld()
    const mk = await attachMk(world, { gpu })
    const spawn = (x: number): number => {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      store.x[entity] = x
      store.y[entity] = store.heat[entity] = 0
      store.id[entity] = entity
      return entity
    }
    const frame = () => {
      mk.beginFrame()
      mk.endFrame()
    }
    /** What a shader would do: the queue runs it after this frame's upload. */
    const deviceSets = (entity: number, x: number, heat: number): void => {
      const { buffer, stride } = mk.buffer(Thing)
      gpu.write(buffer, entity * stride, new Float32Array([x]).buffer, 0, 4)
      gpu.write(buffer, entity * stride + 12, new Float32Array([heat]).buffer, 0, 4)
    }
    /** Frames until what is on its way has come back. */
    const settle = async (mk: MkSync<object>): Promise<void> => {
      for (let i = 0; i < 6; i++) {
        frame()
        await mk.coordinator.idle()
        await new Promise((resolve) => setTimeout(resolve, 0))
      }
    }
    return { store, Thing, world, mk, spawn, frame, deviceSets, settle }
  }

  describe.each<SyncDirection>(['download', 'both'])('direction %s', (direction) => {
    it("copies the device's values into the columns a few frames later", async () => {
      const { store, mk, spawn, frame, deviceSets, settle } = await setUp(direction)
      const [a, b] = [spawn(1), spawn(2)]
      frame()
      deviceSets(a, 10, 0.5)
      await settle(mk)
      expect([store.x[a], store.y[a], store.id[a], store.heat[a]]).toEqual([10, 0, a, 0.5])
      expect([store.x[b], store.id[b], store.heat[b]]).toEqual([2, b, 0])
      mk.dispose()
    })

    it('makes no calls while downloads are off, and resumes when they are on', async () => {
      const { store, Thing, mk, spawn, frame, deviceSets, settle } = await setUp(direction)
      const a = spawn(1)
      await settle(mk)
      mk.buffer(Thing).downloads = false
      await settle(mk)
      frame()
      expect(mk.report.apiCalls).toBe(0)
      deviceSets(a, 10, 0.5)
      await settle(mk)
      expect(store.x[a]).toBe(1)
      mk.buffer(Thing).downloads = true
      await settle(mk)
      expect(store.x[a]).toBe(10)
      mk.dispose()
    })

    it('starts an entity with its columns, even with a recycled id', async () => {
      const { store, Thing, world, mk, spawn, frame, deviceSets, settle } = await setUp(direction)
      const first = spawn(1)
      frame()
      deviceSets(first, 99, 9)
      await settle(mk)
      deviceSets(first, 100, 10)
      // What the device wrote for the dead entity is on its way when the id is given to the next.
      frame()
      removeEntity(world, first)
      const second = spawn(5)
      expect(second).toBe(first)
      await settle(mk)
      expect([store.x[second], store.heat[second]]).toEqual([5, 0])
      expect(new Float32Array(await mk.buffer(Thing).read())[second * 4]).toBe(5)
      deviceSets(second, 7, 0)
      await settle(mk)
      expect(store.x[second]).toBe(7)
      mk.dispose()
    })

    it('does not copy what the device wrote for a dead entity into the next owner of its id', async () => {
      const { store, world, mk, spawn, frame, deviceSets, settle } = await setUp(direction)
      const first = spawn(1)
      frame()
      deviceSets(first, 99, 9)
      frame()
      // It has come back by now, and waits for the next frame.
      await mk.coordinator.idle()
      await new Promise((resolve) => setTimeout(resolve, 0))
      removeEntity(world, first)
      expect(spawn(5)).toBe(first)
      mk.beginFrame()
      expect(store.x[first]).toBe(5)
      mk.endFrame()
      await settle(mk)
      expect([store.x[first], store.heat[first]]).toEqual([5, 0])
      mk.dispose()
    })

    it("leaves a number alone that already equals the device's", async () => {
      const { store, spawn, mk, deviceSets, settle } = await setUp(direction)
      const [a, b] = [spawn(1), spawn(2)]
      // No f32 is 0.1, nor this integer.
      store.heat[a] = 0.1
      store.heat[b] = 16_777_217
      await settle(mk)
      expect([store.heat[a], store.heat[b]]).toEqual([0.1, 16_777_217])
      deviceSets(a, 10, 0.2)
      await settle(mk)
      expect([store.heat[a], store.heat[b]]).toEqual([Math.fround(0.2), 16_777_217])
      mk.dispose()
    })

    it('follows columns that grow with their buffer', async () => {
      const memory = resizable(16)
      const heat = new Float32Array(memory)
      const Thing = GpuSynced({ heat }, { direction, capacity: 8, label: 'Thing' })
      const world = createWorld()
      const mk = await attachMk(world, { gpu })
      const spawn = (): number => {
        const entity = addEntity(world)
        addComponent(world, entity, Thing)
        return entity
      }
      spawn()
      mk.beginFrame()
      mk.endFrame()
      memory.resize(64)
      const entity = [0, 1, 2, 3, 4, 5].map(spawn)[5]
      heat[entity] = 1
      for (let i = 0; i < 6; i++) {
        mk.beginFrame()
        mk.endFrame()
        if (i === 0) gpu.write(mk.buffer(Thing).buffer, entity * 4, new Float32Array([9]).buffer, 0, 4)
        await mk.coordinator.idle()
        await new Promise((resolve) => setTimeout(resolve, 0))
      }
      expect(heat[entity]).toBe(9)
      expect(new Float32Array(await mk.buffer(Thing).read())[entity]).toBe(9)
      mk.dispose()
    })

    it("uploads replaced columns, and keeps the device's rows when columns only grow", async () => {
      const { store, Thing, mk, spawn, frame, deviceSets, settle } = await setUp(direction)
      const [a, b] = [spawn(1), spawn(2)]
      await settle(mk)
      deviceSets(a, 10, 0)
      frame()
      await mk.coordinator.idle()
      // A loaded game, in which one of the two has moved.
      store.x = store.x.slice()
      store.x[b] = 7
      await settle(mk)
      expect([store.x[a], store.x[b]]).toEqual([10, 7])
      const rows = new Float32Array(await mk.buffer(Thing).read())
      expect([rows[a * 4], rows[b * 4]]).toEqual([10, 7])
      mk.dispose()
    })

    it('keeps the rows of the device when the buffer grows', async () => {
      const { store, Thing, mk, spawn, frame, deviceSets, settle } = await setUp(direction)
      const first = spawn(1)
      frame()
      deviceSets(first, 42, 4)
      for (let i = 0; i < 30; i++) spawn(i)
      await settle(mk)
      expect(mk.buffer(Thing).capacity).toBeGreaterThan(30)
      expect([store.x[first], store.heat[first]]).toEqual([42, 4])
      mk.dispose()
    })
  })

  it('prefers a row that the CPU changed until the device writes a later value (both)', async () => {
    const { store, Thing, mk, spawn, frame, deviceSets, settle } = await setUp('both')
    const entity = spawn(1)
    frame()
    deviceSets(entity, 10, 1)
    await settle(mk)
    deviceSets(entity, 20, 2)
    frame()
    // Written between two frames, while the 20 is on its way back.
    store.x[entity] = 30
    await settle(mk)
    expect([store.x[entity], store.heat[entity]]).toEqual([30, 1])
    expect(new Float32Array(await mk.buffer(Thing).read())[entity * 4]).toBe(30)
    deviceSets(entity, 40, 4)
    await settle(mk)
    expect([store.x[entity], store.heat[entity]]).toEqual([40, 4])
    mk.dispose()
  })

  it('keeps CPU writes while columns disagree in length, and uploads them once they agree (both)', async () => {
    const { store, Thing, mk, spawn, frame, deviceSets, settle } = await setUp('both')
    const entity = spawn(1)
    frame()
    deviceSets(entity, 20, 2)
    frame()
    await mk.coordinator.idle()
    // The 20 has come back, but no frame has taken it yet.
    store.x[entity] = 30
    store.y = new Float32Array(100)
    for (let i = 0; i < 5; i++) {
      expect(frame).toThrowError(expect.objectContaining({ code: 'ColumnLengthMismatch' }))
      await new Promise((resolve) => setTimeout(resolve, 0))
      expect(store.x[entity]).toBe(30)
    }
    const longer = (column: Float32Array): Float32Array<ArrayBuffer> => {
      const array = new Float32Array(100)
      array.set(column)
      return array
    }
    store.x = longer(store.x)
    store.id = new Uint32Array(100)
    store.heat[entity] = 3
    await settle(mk)
    expect([store.x[entity], store.heat[entity]]).toEqual([30, 3])
    expect(new Float32Array(await mk.buffer(Thing).read())[entity * 4]).toBe(30)
    mk.dispose()
  })

  it('drops what comes back for a reset world (download)', async () => {
    const { store, world, Thing, mk, spawn, frame, deviceSets, settle } = await setUp('download')
    const first = spawn(1)
    frame()
    deviceSets(first, 99, 9)
    frame()
    await mk.coordinator.idle()
    resetWorld(world)
    const second = spawn(5)
    expect(second).toBe(first)
    await settle(mk)
    expect([store.x[second], store.heat[second]]).toEqual([5, 0])
    expect(new Float32Array(await mk.buffer(Thing).read())[second * 4]).toBe(5)
    mk.dispose()
  })

  it('uploads no CPU writes unless they are marked (download)', async () => {
    const { store, Thing, mk, spawn, frame, settle } = await setUp('download')
    const entity = spawn(1)
    frame()
    store.x[entity] = 3
    frame()
    const x = async (): Promise<number> => new Float32Array(await mk.buffer(Thing).read())[entity * 4]
    expect(await x()).toBe(1)
    store.x[entity] = 4
    mk.mark(Thing, entity)
    frame()
    expect(await x()).toBe(4)
    await settle(mk)
    expect(store.x[entity]).toBe(4)
    mk.dispose()
  })
})
