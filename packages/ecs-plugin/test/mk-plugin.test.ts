import { addComponent, addEntity, createWorld } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe, expect, it } from 'vitest'
import { attachMk, createApp, GpuSynced, MkPlugin, MkSystemSet, Schedule } from '../src/index.ts'

const dummy = (): MkGpu => new MkGpu(new DummyBackend())

describe('MkPlugin', () => {
  it('begins the frame before every other system and ends it after, also those added later', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, Thing)
    const seen: string[] = []
    const app = createApp(world)
      .addPlugin(new MkPlugin({ gpu: dummy() }))
      .addSystem(Schedule.First, () => seen.push(`first: frame open ${app.mk.coordinator.isFrameOpen}`))
      .addSystem(Schedule.Last, () => (Thing.x[entity] = 3))
      .addSystem(Schedule.Last, () => seen.push(`after: ${app.mk.report.rowsChanged} row`), {
        after: MkSystemSet.FrameEnd,
      })
    await app.ready()
    app.addSystem(Schedule.Last, () => (Thing.x[entity] += 1))
    app.tick(0)
    expect(seen).toEqual(['first: frame open true', 'after: 1 row'])
    expect([...new Float32Array(await app.mk.buffer(Thing).read())]).toEqual([0, 4])
    app.dispose()
  })

  it("uploads what can be staged when one component can't, and lets the tick throw", async () => {
    const Good = GpuSynced({ x: new Float32Array(4) })
    const Short = GpuSynced({ x: new Float32Array(1) })
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, Good)
    const app = createApp(world).addPlugin(new MkPlugin({ gpu: dummy() }))
    await app.ready()
    app.tick(0)
    addComponent(world, entity, Short)
    Good.x[entity] = 5
    expect(() => app.tick(0)).toThrowError(expect.objectContaining({ code: 'EntityBeyondColumn' }))
    expect([...new Float32Array(await app.mk.buffer(Good).read())]).toEqual([0, 5])
    Short.x = new Float32Array(2)
    app.tick(0)
    expect(app.mk.report.abandoned).toBe(0)
    app.dispose()
  })

  it('can be aborted at any moment of its start, which leaves the world free', async () => {
    // An await apart each: somewhere in these the device arrives, the world is attached, the App becomes ready.
    for (let moment = 0; moment < 40; moment++) {
      const world = createWorld()
      const app = createApp(world).addPlugin(new MkPlugin({ gpu: dummy() }))
      const ready = app.ready().catch(() => undefined)
      for (let i = 0; i < moment; i++) await Promise.resolve()
      app.dispose()
      await ready
      const mk = await attachMk(world, { gpu: dummy() })
      mk.dispose()
    }
  })

  it('mounts, unmounts and mounts again at once, on the same world and even with the same plugin', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, Thing)
    const plugin = new MkPlugin({ gpu: dummy() })
    for (let mount = 1; mount <= 3; mount++) {
      const app = createApp(world).addPlugin(plugin)
      await app.ready()
      Thing.x[entity] = mount
      app.tick(0)
      expect([...new Float32Array(await app.mk.buffer(Thing).read())]).toEqual([0, mount])
      app.dispose()
    }
  })

  it('rejects ready() with the error of its gpu, and can be made ready again', async () => {
    let attempts = 0
    const gpu = (): Promise<GPUDevice> => Promise.reject(new Error(`attempt ${++attempts}`))
    const app = createApp(createWorld()).addPlugin(new MkPlugin({ gpu }))
    await expect(app.ready()).rejects.toThrow('attempt 1')
    await expect(app.ready()).rejects.toThrow('attempt 2')
    expect(() => app.mk).toThrowError(expect.objectContaining({ code: 'NotReady' }))
    app.dispose()
  })
})
