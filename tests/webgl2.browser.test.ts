import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { MkGpu, WebGl2Backend } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, Not, removeEntity } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { describeStores } from './suites/stores.ts'
import { describeSyncedWorld } from './suites/synced-world.ts'

async function open(): Promise<MkGpu> {
  const gl = new OffscreenCanvas(8, 8).getContext('webgl2')!
  return new MkGpu(new WebGl2Backend(gl), { debug: true })
}

describe('on WebGL2 in Chromium', () => {
  describeSyncedWorld(open)
  describeStores(open)

  it('a GPU query is drawn by its count: there is no INDIRECT', async () => {
    const gpu = await open()
    const Thing = GpuSynced({ x: new Float32Array(20) }, { rows: 'packed', label: 'Thing' })
    const Hidden = {}
    const world = createWorld()
    const mk = await attachMk(world, { gpu })
    const shown = mk.query([Thing, Not(Hidden)], { draw: { vertexCount: 6 }, rowsOf: Thing })
    const entities = Array.from({ length: 5 }, () => addEntity(world))
    for (const entity of entities) {
      addComponent(world, entity, Thing)
      Thing.x[entity] = entity * 10
    }
    addComponent(world, entities[2], Hidden)
    removeEntity(world, entities[0])
    mk.beginFrame()
    mk.endFrame()
    expect(shown.count).toBe(3)
    const rows = new Uint32Array(await shown.indices.read())
    const xs = new Float32Array(await mk.buffer(Thing).read())
    // Entities 2, 4 and 5 are alive and shown.
    expect([...rows].map((row) => xs[row]).sort((a, b) => a - b)).toEqual([20, 40, 50])
    expect(() => shown.drawArgs).toThrowError(
      expect.objectContaining({ code: 'UsageUnsupported', message: expect.stringContaining('INDIRECT') }),
    )
    mk.dispose()
    gpu.destroy()
  })
})
