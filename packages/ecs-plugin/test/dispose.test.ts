import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  $internal,
  addComponent,
  addEntity,
  createRelation,
  createWorld,
  Not,
  observe,
  onAdd,
  onRemove,
  query,
  removeEntity,
} from 'bitecs'
import type { InternalWorld, World } from 'bitecs'
import { MkCoordinator } from '@memkit/coordinator'
import { createHeap } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe, expect, it, vi } from 'vitest'
import { attachMk, GpuSynced, perGeneration, type MkSync, type SyncedBuffer } from '../src/index.ts'

const dummy = (): MkGpu => new MkGpu(new DummyBackend())
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))
const registered = (world: World) => {
  const { queries, queriesHashMap, notQueries, componentMap } = (world as InternalWorld)[$internal]
  let ofComponents = 0
  for (const { queries } of componentMap.values()) ofComponents += queries.size
  return { queries: queries.size, table: queriesHashMap.size, not: notQueries.size, ofComponents }
}

describe('a borrowed gpu after dispose', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  async function alive(refs: readonly WeakRef<object>[]): Promise<number> {
    for (let i = 0; i < 4; i++) {
      await turn()
      collect()
    }
    // The last one may still lie in a register of the test.
    return refs.slice(0, -1).filter((ref) => ref.deref() !== undefined).length
  }

  it('keeps no heap of an attached world', async () => {
    const gpu = dummy()
    const world = createWorld()
    const Thing = GpuSynced({ id: new Uint32Array(10) }, { label: 'Thing' })
    addComponent(world, addEntity(world), Thing)
    const refs: WeakRef<object>[] = []
    for (let i = 0; i < 20; i++) {
      const mk = await attachMk(world, { gpu, heapBytes: 1 << 20 })
      refs.push(new WeakRef(mk.coordinator.heap))
      mk.beginFrame()
      mk.endFrame()
      mk.dispose()
    }
    expect(await alive(refs)).toBe(0)
    expect(gpu.leaks()).toEqual([])
    gpu.destroy()
  })

  it('keeps no heap of a coordinator created by hand', async () => {
    const gpu = dummy()
    const refs: WeakRef<object>[] = []
    for (let i = 0; i < 20; i++) {
      const co = new MkCoordinator(gpu, { heapBytes: 1 << 20 })
      await co.ready()
      refs.push(new WeakRef(co.heap))
      co.dispose()
    }
    expect(await alive(refs)).toBe(0)
    gpu.destroy()
  })

  it('keeps no heap while a buffer, a perGeneration and a query are still referenced', async () => {
    const gpu = dummy()
    const kept: unknown[] = []
    const refs: WeakRef<object>[] = []
    for (let i = 0; i < 5; i++) {
      const world = createWorld()
      const Thing = GpuSynced({ id: new Uint32Array(10) }, { label: 'Thing' })
      const mk = await attachMk(world, { gpu, components: [Thing], heapBytes: 1 << 20 })
      const buffer = mk.buffer(Thing)
      refs.push(new WeakRef(mk.coordinator.heap))
      kept.push(
        buffer,
        perGeneration([buffer], () => buffer.buffer),
      )
      mk.dispose()
    }
    expect(await alive(refs)).toBe(0)
    expect(kept).toHaveLength(10)
    gpu.destroy()
  })
})

describe('what memkit registered with bitECS', () => {
  const Position = GpuSynced({ x: new Float32Array(100) }, { label: 'Position' })
  const Visible = {}
  const Tag = {}

  it('is removed after 2 000 queries of relation targets', async () => {
    const world = createWorld()
    const ChildOf = createRelation()
    const parents = Array.from({ length: 50 }, () => addEntity(world))
    for (const parent of parents) query(world, [ChildOf(parent)])
    const before = registered(world)
    const mk = await attachMk(world, { gpu: dummy(), components: [Position] })
    for (let i = 0; i < 2000; i++) mk.query([ChildOf(parents[i % 50]), Tag]).dispose()
    mk.dispose()
    // `removeEntity` visits every query of a world, and adding a component those of the component.
    expect(registered(world)).toEqual(before)
  })

  it('is removed for every kind of term', async () => {
    const world = createWorld()
    const before = registered(world)
    const mk = await attachMk(world, { gpu: dummy(), components: [Position] })
    for (const terms of [[Position], [Position, Visible], [Position, Not(Tag)], [Not(Position)]])
      mk.query(terms)
    addComponent(world, addEntity(world), Position)
    mk.beginFrame()
    mk.endFrame()
    removeEntity(world, 1)
    mk.dispose()
    expect(registered(world)).toEqual(before)
  })

  it("is separate from the user's queries and observers of the same terms, whichever came first", async () => {
    const world = createWorld()
    const heard: string[] = []
    const listen = (terms: object[]): void => {
      observe(world, onAdd(...terms), (entity) => void heard.push(`+${entity}`))
      observe(world, onRemove(...terms), (entity) => void heard.push(`-${entity}`))
    }
    const early = query(world, [Position])
    const mk = await attachMk(world, { gpu: dummy(), components: [Position] })
    mk.query([Position])
    const list = mk.query([Visible])
    const late = query(world, [Visible])
    listen([Position])
    listen([Visible])
    list.dispose()
    mk.dispose()
    const entity = addEntity(world)
    addComponent(world, entity, Position)
    addComponent(world, entity, Visible)
    expect([query(world, [Position]), query(world, [Visible])]).toEqual([[entity], [entity]])
    expect([query(world, [Position]) === early, query(world, [Visible]) === late]).toEqual([true, true])
    removeEntity(world, entity)
    expect(heard).toEqual([`+${entity}`, `+${entity}`, `-${entity}`, `-${entity}`])
  })

  it('still works after the user removed their query of the same terms', async () => {
    const world = createWorld()
    const gpu = dummy()
    const mk = await attachMk(world, { gpu, components: [Position] })
    const list = mk.query([Position, Visible])
    const entity = addEntity(world)
    addComponent(world, entity, Position)
    addComponent(world, entity, Visible)
    mk.beginFrame()
    mk.endFrame()
    expect(list.count).toBe(1)
    removeEntity(world, entity)
    mk.beginFrame()
    mk.endFrame()
    expect(list.count).toBe(0)
    mk.dispose()
  })
})

describe('a buffer that outlives its sync', () => {
  const members: readonly (readonly [string, (buffer: SyncedBuffer) => unknown])[] = [
    ['buffer', (buffer) => buffer.buffer],
    ['gpuBuffer', (buffer) => buffer.gpuBuffer],
    ['binding', (buffer) => buffer.binding],
    ['generation', (buffer) => buffer.generation],
    ['rows', (buffer) => buffer.rows],
    ['capacity', (buffer) => buffer.capacity],
    ['stride', (buffer) => buffer.stride],
    ['schema', (buffer) => buffer.schema],
    ['downloads', (buffer) => buffer.downloads],
    ['downloads', (buffer) => void (buffer.downloads = true)],
    ['rowOf', (buffer) => buffer.rowOf(1)],
    ['entityOf', (buffer) => buffer.entityOf(1)],
    ['rowTable', (buffer) => buffer.rowTable],
    ['wgsl', (buffer) => buffer.wgsl(0, 0)],
    ['vertexLayout', (buffer) => buffer.vertexLayout()],
    ['read', (buffer) => buffer.read()],
    ['readCpu', (buffer) => buffer.readCpu()],
  ]

  it.each(members)('throws Disposed from %s', async (_, use) => {
    const Thing = GpuSynced({ id: new Uint32Array(10) }, { rows: 'packed', label: 'Thing' })
    const mk = await attachMk(createWorld(), { gpu: dummy(), components: [Thing] })
    const list = mk.query([Thing])
    const buffer = mk.buffer(Thing)
    const { rowTable } = buffer
    const { indices } = list
    const bound = perGeneration([buffer], () => 1)
    bound()
    list.dispose()
    expect(() => use(indices)).toThrow(expect.objectContaining({ code: 'Disposed' }))
    mk.dispose()
    for (const kept of [buffer, rowTable as SyncedBuffer])
      expect(() => use(kept)).toThrow(expect.objectContaining({ code: 'Disposed' }))
    expect(bound).toThrow(expect.objectContaining({ code: 'Disposed' }))
  })
})

describe('every gpu that a function returned', () => {
  const events = ['lost', 'restored', 'reallocated', 'warning'] as const
  const acts = ['dispose', 'restore', 'restore twice, dispose'] as const

  /** A world whose device is lost, and restored at the second try; `act` runs at one moment of that. */
  async function run(
    act: (typeof acts)[number],
    arm: (mk: MkSync<World>, fire: () => void, atThirdAsk: (fire: () => void) => void) => void,
  ) {
    const made: { gpu: MkGpu; destroy: { readonly mock: { readonly calls: unknown[] } } }[] = []
    const world = createWorld()
    const things = ['A', 'B'].map((label) => GpuSynced({ id: new Uint32Array(10) }, { label }))
    let asked = 0
    let thirdAsk = (): void => undefined
    const gpu = async (): Promise<MkGpu> => {
      if (++asked === 2) throw new Error('no adapter yet')
      if (asked === 3) thirdAsk()
      const backend = new DummyBackend()
      made.push({ gpu: new MkGpu(backend), destroy: vi.spyOn(backend, 'destroy') })
      return made.at(-1)!.gpu
    }
    const mk = await attachMk(world, { gpu, components: things, heapBytes: 1 << 20 })
    const lent: MkGpu[] = []
    let fired = 0
    const restore = (): void => {
      lent.push(dummy())
      void mk.restore(lent.at(-1)!).catch((error: { code?: string }) => expect(error.code).toBe('Disposed'))
    }
    mk.on('warning', () => undefined)
    const perform = (): void => {
      if (fired++ > 0) return
      if (act === 'dispose') return mk.dispose()
      restore()
      if (act === 'restore') return
      restore()
      mk.dispose()
    }
    arm(mk, perform, (then) => void (thirdAsk = then))
    made[0].gpu.destroy()
    await vi.advanceTimersByTimeAsync(500)
    expect(fired).toBeGreaterThan(0)
    if (!mk.isDisposed) {
      mk.beginFrame()
      expect(mk.endFrame().lost).toBe(false)
    }
    mk.dispose()
    await vi.advanceTimersByTimeAsync(500)
    expect(made.map(({ destroy }) => destroy.mock.calls.length)).toEqual(made.map(() => 1))
    for (const device of lent) {
      expect([device.isLost, device.leaks()]).toEqual([false, []])
      device.destroy()
    }
    expect(vi.getTimerCount()).toBe(0)
  }

  it.each(events.flatMap((event) => acts.map((act) => [act, event] as const)))(
    'is destroyed once when a listener calls %s in %s',
    async (act, event) => {
      vi.useFakeTimers()
      try {
        await run(act, (mk, fire) => void mk.on(event, fire))
      } finally {
        vi.useRealTimers()
      }
    },
  )

  it.each(acts)(
    'is destroyed once whatever happens during a recovery: %s',
    { timeout: 60_000 },
    async (act) => {
      vi.useFakeTimers()
      try {
        // Microtasks after the loss, and after the try that brings a device: each takes fewer than these.
        for (let at = 0; at < 16; at++)
          for (const after of ['lost', 'third ask'] as const)
            await run(act, (mk, fire, atThirdAsk) => {
              const later = (left: number): void =>
                left === 0 ? fire() : queueMicrotask(() => later(left - 1))
              if (after === 'lost') mk.on('lost', () => later(at))
              else atThirdAsk(() => later(at))
            })
      } finally {
        vi.useRealTimers()
      }
    },
  )
})

it('leaves a given heap as it was', async () => {
  const heap = createHeap({ bytes: 8 << 20 })
  const before = heap.stats.blocks
  const gpu = dummy()
  const mk = await attachMk(createWorld(), { gpu, heap })
  mk.dispose()
  expect(heap.stats.blocks).toBe(before)
  gpu.destroy()
})

describe.each(['entity', 'packed'] as const)('in the middle of a frame, with %s rows', (rows) => {
  it.each(['reallocated', 'warning', 'frame'] as const)(
    'lets a listener of %s dispose: the call returns, and nothing is left',
    async (event) => {
      const heap = createHeap({ bytes: 64 << 20 })
      const { blocks } = heap.stats
      // Each of the first times that it is called.
      for (let at = 1; at <= 6; at++) {
        const gpu = dummy()
        const world = createWorld()
        const things = ['A', 'B'].map((label) =>
          GpuSynced({ x: new Float32Array(2000) }, { label, rows, capacity: 8 }),
        )
        const mk = await attachMk(world, { gpu, heap, components: things })
        mk.query([things[0]])
        mk.query([things[0]], { rowsOf: things[1], draw: { vertexCount: 3 } })
        let calls = 0
        mk.on('warning', () => undefined)
        mk.on(event, () => void (++calls === at && mk.dispose()))
        for (let frame = 1; frame <= 6 && !mk.isDisposed; frame++) {
          for (let i = 0; i < 50 * frame; i++) {
            const entity = addEntity(world)
            for (const thing of things) addComponent(world, entity, thing)
          }
          mk.beginFrame()
          // Abandoned: a warning.
          if (!mk.isDisposed) mk.beginFrame()
          if (!mk.isDisposed) mk.endFrame()
        }
        expect(mk.isDisposed).toBe(true)
        expect([heap.stats.blocks, gpu.leaks(), registered(world)]).toEqual([
          blocks,
          [],
          { queries: 0, table: 0, not: 0, ofComponents: 0 },
        ])
        gpu.destroy()
      }
    },
  )
})
