import { addComponent, addEntity, createWorld } from 'bitecs'
import * as coordinator from '@memkit/coordinator'
import * as coordinatorCopy from '@memkit/coordinator?second-copy'
import * as core from '@memkit/core'
import * as coreCopy from '@memkit/core?second-copy'
import * as plugin from '@memkit/ecs-plugin'
import * as pluginCopy from '@memkit/ecs-plugin?second-copy'
import * as gpuCopy from '@memkit/gpu?second-copy'
import type { MkGpu } from '@memkit/gpu'
import { place } from '@memkit/testing/place'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

type EcsPlugin = typeof plugin

/**
 * Two copies of the packages on one page, as a dev server makes them that pre-bundles some and not others: what one made, the other takes.
 *
 * @param open a device of its own for each test, behind an MkGpu of the first copy
 * @param openCopy the same of the second copy
 */
describe('two copies of the packages', () => {
  const made: { dispose?(): void; destroy?(): void }[] = []
  const keep = <T extends { dispose?(): void } | { destroy?(): void }>(thing: T): T => {
    made.push(thing)
    return thing
  }
  let gpu: MkGpu
  beforeEach(async () => {
    gpu = await place.open()
  })
  afterEach(() => {
    for (const each of made.splice(0).toReversed()) {
      each.dispose?.()
      each.destroy?.()
    }
    gpu.destroy()
  })

  /** Rows of one component with one number each, on the device, after a frame. */
  async function rowsAfterFrame(mk: plugin.MkSync<object>, component: object): Promise<number[]> {
    mk.beginFrame()
    mk.endFrame()
    return [...new Float32Array(await mk.buffer(component as plugin.Synced).read())]
  }

  /** A world with one entity that has the component. */
  function worldWith(component: object): { world: object; entity: number } {
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, component)
    return { world, entity }
  }

  it('have separate classes', () => {
    expect(pluginCopy.MkPlugin).not.toBe(plugin.MkPlugin)
    expect(pluginCopy.attachMk).not.toBe(plugin.attachMk)
    expect(coreCopy.Heap).not.toBe(core.Heap)
    expect(gpuCopy.MkGpu).not.toBe(gpu.constructor)
  })

  it("recognise each other's MkGpu, heap and errors by `instanceof`", async () => {
    expect(gpu instanceof gpuCopy.MkGpu).toBe(true)
    expect(core.createHeap({ bytes: 1 << 16 }) instanceof coreCopy.Heap).toBe(true)
    const error: unknown = await plugin.attachMk({}).catch((reason: unknown) => reason)
    expect(error instanceof coreCopy.MkError).toBe(true)
    expect(coreCopy.hasCode(error, 'NotAWorld')).toBe(true)
    expect(coreCopy.hasCode(error, 'HeapFull')).toBe(false)
    for (const other of [undefined, null, 1, 'MkGpu', {}, new Error('none of ours')]) {
      expect((other as object) instanceof gpuCopy.MkGpu).toBe(false)
      expect((other as object) instanceof coreCopy.MkError).toBe(false)
    }
  })

  it('keep subclasses apart', () => {
    class Mine extends coreCopy.Heap {}
    expect(coreCopy.createHeap({ bytes: 1 << 16 }) instanceof Mine).toBe(false)
    expect(new Mine({ bytes: 1 << 16 }) instanceof Mine).toBe(true)
    const full = new core.NoOpenFrame({ call: 'endFrame()' })
    expect(full instanceof core.NoOpenFrame).toBe(true)
    expect(full instanceof core.HeapFull).toBe(false)
  })

  it('sync a component that one flagged with its own schema, on a borrowed MkGpu of the other', async () => {
    const Thing = plugin.GpuSynced({ x: new Float32Array(4) }, { schema: core.struct({ x: core.f32 }) })
    const { world, entity } = worldWith(Thing)
    const mk = await pluginCopy.attachMk(world, { gpu })
    expect(mk.gpu).toBe(gpu)
    Thing.x[entity] = 5
    expect(await rowsAfterFrame(mk, Thing)).toEqual([0, 5])
    mk.dispose()
    expect(gpu.isLost).toBe(false)
  })

  it('accept an MkGpu of the other from a function and after a loss', async () => {
    const Thing = plugin.GpuSynced({ x: new Float32Array(4) })
    const { world, entity } = worldWith(Thing)
    const own = await place.open(gpuCopy)
    const mk = keep(await plugin.attachMk(world, { gpu: () => Promise.resolve(own) }))
    expect(mk.gpu).toBe(own)
    const next = await place.open(gpuCopy)
    await mk.restore(next)
    expect(mk.gpu).toBe(next)
    Thing.x[entity] = 3
    expect(await rowsAfterFrame(mk, Thing)).toEqual([0, 3])
    mk.dispose()
    expect(next.isLost).toBe(false)
    next.destroy()
  })

  it('share the coordinator of one with the MkGpu of the other', () => {
    const co = new coordinatorCopy.MkCoordinator(gpu)
    expect(co.gpu).toBe(gpu)
    co.dispose()
    expect(gpu.isLost).toBe(false)
    expect(gpu.leaks()).toEqual([])
  })

  it.each(['auto', 'js'] as const)(
    'read stores in a heap of the other in place, and continue when it is full (%s kernels)',
    async (kernels) => {
      const heap = core.createHeap({ bytes: 16 << 20, kernels })
      const Thing = plugin.GpuSynced(heap.columns({ x: core.f32 }, 4095))
      const { world, entity } = worldWith(Thing)
      const mk = keep(await pluginCopy.attachMk(world, { gpu }))
      expect(mk.coordinator.heap).toBe(heap)
      heap.alloc(heap.stats.largestFree, 16, 'a game that filled it')
      for (let i = 1; i < 4000; i++) addComponent(world, addEntity(world), Thing)
      Thing.x.fill(2)
      Thing.x[entity] = 7
      const rows = await rowsAfterFrame(mk, Thing)
      expect(rows.slice(0, 3)).toEqual([0, 7, 2])
      expect(rows).toHaveLength(4001)
    },
  )

  it('let a store be its own mirror for only one world', async () => {
    const heap = core.createHeap({ bytes: 1 << 20 })
    const Thing = plugin.GpuSynced(heap.rows(core.struct({ x: core.f32 }), 3), { changes: 'all' })
    const { world, entity } = worldWith(Thing)
    const other = worldWith(Thing)
    const first = keep(await plugin.attachMk(world, { gpu, components: [Thing] }))
    const second = keep(await pluginCopy.attachMk(other.world, { gpu, components: [Thing] }))
    Thing.f32[entity] = 4
    expect((await rowsAfterFrame(first, Thing)).slice(0, 2)).toEqual([0, 4])
    expect((await rowsAfterFrame(second, Thing)).slice(0, 2)).toEqual([0, 4])
    const [mirror, otherMirror] = [first, second].map((mk) => mk.synced()[0].mirror as coordinator.Mirror)
    expect(mirror.offset).not.toBe(otherMirror.offset)
  })

  const pairs: readonly [string, EcsPlugin, EcsPlugin][] = [
    ['the first', plugin, pluginCopy],
    ['the second', pluginCopy, plugin],
  ]
  describe.each(pairs)('with %s first', (_, one, two) => {
    it('run the MkPlugin of one in the App of the other', async () => {
      const Thing = one.GpuSynced({ x: new Float32Array(4) })
      const { world, entity } = worldWith(Thing)
      const app = keep(two.createApp(world).addPlugin(new one.MkPlugin({ gpu }) as never))
      app.addSystem(two.Schedule.Update, () => (Thing.x[entity] = 9))
      await app.ready()
      app.tick(0)
      expect(app.mk.report.rowsChanged).toBe(1)
      expect([...new Float32Array(await app.mk.buffer(Thing).read())]).toEqual([0, 9])
    })

    it('attach a world once', async () => {
      const world = createWorld()
      const mk = keep(await one.attachMk(world, { gpu }))
      await expect(two.attachMk(world, { gpu })).rejects.toMatchObject({ code: 'WorldAlreadyAttached' })
      mk.dispose()
      const again = await two.attachMk(world, { gpu })
      again.dispose()
    })
  })

  it("tell the buffers of the other's coordinator from the user's after a loss", async () => {
    const one = keep(new coordinator.MkCoordinator(gpu, { calibrate: false }))
    const two = keep(new coordinatorCopy.MkCoordinator(gpu, { calibrate: false }))
    two.createMirror({ rows: 4, stride: 4 })
    const mine = gpu.createDeviceBuffer(16, plugin.MkBufferUsage.TRANSFER_DST)
    let others: readonly { readonly buffer: unknown }[] = []
    one.on('restored', (info) => (others = info.others))
    const next = keep(await place.open())
    await one.restore(next)
    expect(others.map(({ buffer }) => buffer)).toEqual([mine])
  })
})
