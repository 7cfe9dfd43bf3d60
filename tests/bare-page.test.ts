// The page that Jest gives to unit tests (jest-environment-jsdom 29) lacks some of what every browser and Node have.
import { addComponent, addEntity, createWorld } from 'bitecs'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import { attachMk, createApp, GpuSynced, MkPlugin } from '@memkit/ecs-plugin'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const { TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage

const throwIfAborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'throwIfAborted')!

beforeEach(() => {
  vi.stubGlobal('structuredClone', undefined)
  Object.defineProperty(AbortSignal.prototype, 'throwIfAborted', { ...throwIfAborted, value: undefined })
  vi.spyOn(AbortSignal.prototype, 'reason', 'get').mockReturnValue(undefined)
})
afterEach(() => {
  Object.defineProperty(AbortSignal.prototype, 'throwIfAborted', throwIfAborted)
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('on a page without structuredClone, throwIfAborted and reasons', () => {
  it('moves bytes through mapped and unmapped staging buffers on the Dummy', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const staging = gpu.stagingBufferWithData(new Float32Array([1, 2]))
    const device = gpu.createDeviceBuffer(8, TRANSFER_SRC | TRANSFER_DST)
    await gpu.transfer(staging, device).done
    expect([...new Float32Array(await gpu.read(device))]).toEqual([1, 2])
    gpu.destroy()
  })

  it('syncs a world in an App, and by hand', async () => {
    const Thing = GpuSynced({ x: new Float32Array(4) })
    const world = createWorld()
    const entity = addEntity(world)
    addComponent(world, entity, Thing)
    const { signal } = new AbortController()
    const app = createApp(world).addPlugin(new MkPlugin({ gpu: new MkGpu(new DummyBackend()), signal }))
    await app.ready()
    Thing.x[entity] = 4
    app.tick(0)
    expect([...new Float32Array(await app.mk.buffer(Thing).read())]).toEqual([0, 4])
    app.dispose()
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), signal })
    mk.dispose()
  })

  it('reports an aborted start, and leaves the world free', async () => {
    const world = createWorld()
    const abort = new AbortController()
    abort.abort()
    const gpu = new MkGpu(new DummyBackend())
    await expect(attachMk(world, { gpu, signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' })
    const mk = await attachMk(world, { gpu })
    mk.dispose()
    gpu.destroy()
  })
})
