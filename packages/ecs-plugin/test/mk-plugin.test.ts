import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { createApp } from '../src/app.ts'
import { GpuSynced } from '../src/gpu-synced.ts'
import { MkPlugin, MkSystemSet } from '../src/mk-plugin.ts'
import { Schedule } from '../src/schedule.ts'

describe('MkPlugin on an App', () => {
  it('uploads what any system wrote, also in Last and added later; Render and what is ordered after FrameEnd see it', async () => {
    const Position = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, Position)
    const gpu = new MkGpu(new DummyBackend())
    const app = createApp(world).addPlugin(new MkPlugin({ gpu }))
    await app.ready()
    const rows: number[] = []
    app
      .addSystem(Schedule.Last, () => (Position.x[entity] = app.time.frame))
      .addSystem(Schedule.Last, () => rows.push(app.mk.report.rowsChanged), { after: MkSystemSet.FrameEnd })
    for (let frame = 1; frame <= 3; frame++) {
      app.tick(1 / 60)
      const onDevice = new Float32Array(await app.mk.buffer(Position).read())
      expect(onDevice[entity]).toBe(frame)
    }
    // One entity, written in each of three frames.
    expect(rows).toEqual([1, 1, 1])
    app.dispose()
    gpu.destroy()
  })

  it('abandons the frame of a system that threw, and the next one uploads what both wrote', async () => {
    const Position = GpuSynced({ x: new Float32Array(4), y: new Float32Array(4) })
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, Position)
    const gpu = new MkGpu(new DummyBackend())
    const app = createApp(world)
      .addPlugin(new MkPlugin({ gpu }))
      .addSystem(Schedule.Update, () => {
        Position.x[entity] += 1
        if (app.time.frame === 1) throw new Error('in mid-frame')
        Position.y[entity] += 1
      })
    await app.ready()
    expect(() => app.tick(0)).toThrow('in mid-frame')
    app.tick(0)
    const row = new Float32Array(await app.mk.buffer(Position).read(), entity * 8, 2)
    // x was raised in both frames, y in the second alone.
    expect([...row]).toEqual([2, 1])
    expect(app.mk.report.abandoned).toBe(1)
    app.dispose()
    gpu.destroy()
  })
})
