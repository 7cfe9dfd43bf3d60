import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { addComponent, addEntity } from 'bitecs'
import { attachMk, createHeap, GpuSynced } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { afterEach, describe, expect, it } from 'vitest'
import { useEverything } from './everything.ts'
import { watchListeners, watchObservers, type LeftBehind } from './left-behind.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A Dummy that has done all work when a call returns, or does it when it is told to. */
const dummies = { 'at once': 0, 'when told to': Infinity }

const watches: LeftBehind[] = []
afterEach(() => watches.splice(0).forEach((watch) => watch.stop()))
function watched(watch: LeftBehind): LeftBehind {
  watches.push(watch)
  return watch
}

describe.each(Object.entries(dummies))('after dispose, with work done %s', (_, transferDelayUs) => {
  it('leaves no buffer on a borrowed gpu, and no block in a heap', async () => {
    const backend = new DummyBackend({ transferDelayUs })
    const gpu = new MkGpu(backend, { debug: true })
    const errors: unknown[] = []
    gpu.onError((error) => errors.push(error))
    const heap = createHeap({ bytes: 4 << 20 })
    const { mk, pending } = await useEverything({ gpu, heap })
    // More than the components: queries, frame buffers, readbacks that are under way.
    expect(gpu.leaks().length).toBeGreaterThan(8)
    expect(heap.leaks().length).toBeGreaterThan(8)
    mk.dispose()
    expect(heap.leaks()).toEqual([])
    backend.finish()
    await Promise.allSettled(pending)
    await turn()
    expect(gpu.leaks()).toEqual([])
    expect(gpu.isLost).toBe(false)
    expect(errors).toEqual([])
    gpu.destroy()
  })

  it('settles every promise when the gpu is destroyed', async () => {
    const gpu = new MkGpu(new DummyBackend({ transferDelayUs }))
    const { mk, pending } = await useEverything({ gpu })
    mk.dispose()
    gpu.destroy()
    const ends = await Promise.allSettled(pending)
    const codes = new Set(
      ends.map((end) => (end.status === 'fulfilled' ? 'done' : (end.reason as { code?: string }).code)),
    )
    for (const code of codes) expect(['done', 'DeviceLost', 'BufferDestroyed']).toContain(code)
  })
})

describe('after dispose', () => {
  it('leaves no observers and no listeners', async () => {
    const observers = watched(watchObservers())
    const listeners = watched(watchListeners())
    const { signal } = new AbortController()
    const gpu = new MkGpu(new DummyBackend())
    const { mk, world, churn } = await useEverything({ gpu, signal })
    expect(observers.left().length).toBeGreaterThan(5)
    mk.dispose()
    expect(observers.left()).toEqual([])
    expect(listeners.left()).toEqual([])
    // The world lives on without us, and may be attached again.
    churn()
    const again = await attachMk(world, { gpu, heapBytes: 1 << 20 })
    again.beginFrame()
    again.endFrame()
    again.dispose()
    expect(observers.left()).toEqual([])
    expect(gpu.leaks()).toEqual([])
  })

  it('leaves nothing and destroys the gpu when it came from a function', async () => {
    const observers = watched(watchObservers())
    const listeners = watched(watchListeners())
    const made: MkGpu[] = []
    const { mk } = await useEverything({
      gpu: async () => {
        made.push(new MkGpu(new DummyBackend()))
        return made[made.length - 1]
      },
    })
    made[0].destroy()
    while (made.length < 2 || mk.gpu !== made[1]) await turn()
    mk.beginFrame()
    mk.endFrame()
    mk.dispose()
    expect(observers.left()).toEqual([])
    expect(listeners.left()).toEqual([])
    expect(made.map((gpu) => [gpu.isLost, gpu.leaks()])).toEqual([
      [true, []],
      [true, []],
    ])
  })

  it('leaves nothing of a query that was disposed by itself', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const { mk, frame } = await useEverything({ gpu })
    const Tag = {}
    const observers = watched(watchObservers())
    const before = gpu.leaks().length
    const query = mk.query([Tag], { draw: { vertexCount: 3 } })
    expect(observers.left().length).toBeGreaterThan(0)
    query.dispose()
    expect(observers.left()).toEqual([])
    // What it had is destroyed when no frame can use it any more.
    for (let i = 0; i < 5; i++) frame()
    await mk.coordinator.idle()
    for (let i = 0; i < 5; i++) frame()
    const labels = gpu.leaks().map(({ label }) => label)
    expect(labels.filter((label) => label.startsWith(query.label))).toEqual([])
    expect(before).toBeGreaterThan(0)
    mk.dispose()
    gpu.destroy()
  })

  it('does nothing when called again, in an open frame, or on a lost device', async () => {
    const gpu = new MkGpu(new DummyBackend())
    const { mk, pending } = await useEverything({ gpu })
    mk.beginFrame()
    mk.coordinator.stageForUpload(mk.coordinator.frameAlloc(Uint32Array, 4))
    mk.dispose()
    mk.dispose()
    await Promise.allSettled(pending)
    expect(gpu.leaks()).toEqual([])
    const other = await useEverything({ gpu })
    gpu.backend.lose()
    other.mk.dispose()
    await gpu.lost
    other.mk.dispose()
    expect(gpu.leaks()).toEqual([])
    await Promise.allSettled(other.pending)
  })

  it('leaves nothing of a sync that could not be created', async () => {
    const observers = watched(watchObservers())
    const gpu = new MkGpu(new DummyBackend({ maxBufferSize: 64 << 10 }))
    const world = {}
    await expect(attachMk(world, { gpu })).rejects.toMatchObject({ code: 'NotAWorld' })
    const { mk, world: real } = await useEverything({ gpu })
    mk.dispose()
    const Big = GpuSynced({ x: new Float32Array(8) }, { capacity: 1 << 20, label: 'Big' })
    addComponent(real, addEntity(real), Big)
    await expect(attachMk(real, { gpu, components: [Big] })).rejects.toMatchObject({ code: 'MirrorTooLarge' })
    expect(observers.left()).toEqual([])
    expect(gpu.leaks()).toEqual([])
  })
})

/** Runs a case of the program in a process of its own; it fails when that does not end by itself. */
async function timersAfter(name: string): Promise<{ during: number; after: number }> {
  const program = new URL('leave-nothing.node.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@memkit/source', '--import=tsx', program, name],
    { timeout: 25_000 },
  )
  return JSON.parse(stdout) as { during: number; after: number }
}

describe('timers after dispose', () => {
  it.each(['run', 'ready', 'back-off', 'back-off of a plugin', 'slow device'])(
    'are cleared: %s',
    async (name) => {
      const { during, after } = await timersAfter(name)
      expect(during).toBeGreaterThan(0)
      expect(after).toBe(0)
    },
    30_000,
  )
})
