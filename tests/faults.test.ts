// What must be survived, row by row (docs/reliability.md, Faults). Loss of the device has files of its own: loss-at-every-call.*.test.ts.
import { attachMk, GpuSynced, MkBufferUsage } from '@memkit/ecs-plugin'
import type { MkSync, Synced, SyncDirection } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu, type DummyFaults } from '@memkit/gpu'
import {
  addComponent,
  addEntity,
  createWorld,
  observe,
  onAdd,
  onRemove,
  removeComponent,
  removeEntity,
} from 'bitecs'
import { afterEach, describe, expect, it, vi } from 'vitest'

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

interface Running {
  readonly backend: DummyBackend
  readonly world: object
  readonly mk: MkSync<object>
  readonly Thing: { x: Float32Array } & Synced
  /** An entity of its own number. */
  readonly spawn: () => number
  readonly frame: (work?: () => void) => void
  /** What the device holds for each entity, by asking it. */
  readonly onDevice: (entities: readonly number[]) => Promise<number[]>
}

async function run(faults: DummyFaults = {}, direction: SyncDirection = 'upload'): Promise<Running> {
  const backend = new DummyBackend({ faults })
  const Thing = GpuSynced({ x: new Float32Array(5000) }, { capacity: 4, direction, label: 'Thing' })
  const world = createWorld()
  const mk = await attachMk(world, { gpu: new MkGpu(backend, { debug: true }) })
  return {
    backend,
    world,
    mk,
    Thing,
    spawn() {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      Thing.x[entity] = entity
      return entity
    },
    frame(work) {
      mk.beginFrame()
      work?.()
      mk.endFrame()
    },
    async onDevice(entities) {
      const values = new Float32Array(await mk.buffer(Thing).read())
      return entities.map((entity) => values[entity])
    },
  }
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('completion never comes', () => {
  it('continues frames, reports what is waiting, bounds memory, and ends with equal contents', async () => {
    const { backend, mk, Thing, spawn, frame, onDevice } = await run()
    await mk.coordinator.ready()
    backend.faults = { neverComplete: true }
    const entities: number[] = []
    for (let i = 0; i < 600; i++) {
      frame(() => {
        // Ever more rows and frame memory: buffers are replaced, and those before wait for a serial that never completes.
        for (let k = 0; k < 5; k++) entities.push(spawn())
        for (const entity of entities) Thing.x[entity]++
        mk.coordinator.stageForUpload(mk.coordinator.frameAlloc(Uint8Array, 256 + i * 64))
      })
      expect(mk.report.slotsInFlight).toBe(Math.min(i + 1, 3))
      // The device has said that there is memory: the buffer before is let go of.
      await tick()
    }
    const { deferredFrees, slotsInFlight } = mk.coordinator.stats
    expect(slotsInFlight).toBe(3)
    expect(deferredFrees).toBeGreaterThan(0)
    expect(deferredFrees).toBeLessThanOrEqual(256)
    expect(mk.gpu.stats.buffers.buffers).toBeLessThanOrEqual(256 + 16)
    expect(await onDevice(entities)).toEqual(entities.map((entity) => Thing.x[entity]))
    mk.dispose()
    expect(mk.gpu.leaks()).toEqual([])
  })
})

describe('completion comes 100 ms late', () => {
  it('continues frames, frees what waits once it comes, and resolves nothing early', async () => {
    const { mk, Thing, spawn, frame, onDevice } = await run()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { backend } = mk.gpu
    ;(backend as DummyBackend).faults = { completionDelayMs: 100 }
    const entities: number[] = []
    let done = 0
    for (let i = 0; i < 40; i++) {
      frame(() => {
        for (let k = 0; k < 20; k++) entities.push(spawn())
      })
      const { serial } = mk.report
      void mk.gpu.whenCompleted(serial).then(() => (done = serial))
      // A frame every 16 ms: six of them, and the one that has just begun, fit into the 100.
      await vi.advanceTimersByTimeAsync(16)
      expect(mk.gpu.serial - done).toBeGreaterThanOrEqual(Math.min(i + 1, 6))
      expect(mk.report.slotsInFlight).toBeLessThanOrEqual(3)
    }
    expect(done).toBeGreaterThan(0)
    const { reallocations, deferredFrees } = mk.coordinator.stats
    // 800 rows, from 4: 42, 84, 168, 336, 672, 1 344.
    expect(reallocations).toBeGreaterThanOrEqual(6)
    expect(deferredFrees).toBeLessThan(reallocations)
    await vi.advanceTimersByTimeAsync(500)
    frame()
    await vi.advanceTimersByTimeAsync(500)
    frame()
    expect(mk.coordinator.stats.deferredFrees).toBe(0)
    expect(mk.coordinator.stats.slotsInFlight).toBe(0)
    vi.useRealTimers()
    expect(await onDevice(entities)).toEqual(entities.map((entity) => Thing.x[entity]))
    mk.dispose()
  })
})

describe('a map is rejected', () => {
  it('rejects the read, and nothing else', async () => {
    const { backend, mk, spawn, frame, onDevice } = await run()
    const entity = spawn()
    frame()
    backend.faults = { failMapsAt: [1] }
    await expect(onDevice([entity])).rejects.toMatchObject({ code: 'NotMappable' })
    expect(await onDevice([entity])).toEqual([entity])
    mk.dispose()
    expect(mk.gpu.leaks()).toEqual([])
  })

  it('returns rows that were on their way back with a later frame', async () => {
    const { mk, Thing, spawn, frame } = await run({ failMapsAt: [1, 2] }, 'both')
    const entity = spawn()
    frame()
    const { buffer } = mk.buffer(Thing)
    mk.gpu.write(buffer, entity * 4, new Float32Array([77]).buffer, 0, 4)
    for (let i = 0; i < 5; i++) {
      await tick()
      frame()
    }
    expect(Thing.x[entity]).toBe(77)
    mk.dispose()
    expect(mk.gpu.leaks()).toEqual([])
  })
})

describe('a system throws in mid-frame', () => {
  it('begins the next frame, drops all that was staged by hand, and uploads all that the ECS holds', async () => {
    const { mk, Thing, spawn, frame, onDevice } = await run()
    const [a, b] = [spawn(), spawn()]
    frame()
    const { coordinator, gpu } = mk
    const usage = MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST
    const own = gpu.createDeviceBuffer(16, usage)
    const warnings: string[] = []
    mk.on('warning', ({ code }) => warnings.push(code))
    const broken = (): void =>
      frame(() => {
        Thing.x[a] = 10
        coordinator.stageForUpload(coordinator.frameAlloc(Uint32Array, 4).fill(9), { buffer: own, offset: 0 })
        mk.stage()
        Thing.x[b] = 20
        throw new Error('a mistake')
      })
    expect(broken).toThrowError('a mistake')
    // Nothing of it has reached the device.
    expect(await onDevice([a, b])).toEqual([a, b])
    frame()
    expect(mk.report).toMatchObject({ abandoned: 1, rowsChanged: 2 })
    expect(await onDevice([a, b])).toEqual([10, 20])
    expect([...new Uint32Array(await gpu.read(own))]).toEqual([0, 0, 0, 0])
    expect(warnings).toEqual(['FrameAbandoned'])
    mk.dispose()
  })
})

describe("a listener of the user's throws", () => {
  it('leaves frame, growth, loss and recovery unaffected, and reports the error once', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { backend, mk, spawn, frame, onDevice } = await run()
    const heard: string[] = []
    for (const event of ['reallocated', 'lost', 'restored', 'warning', 'frame'] as const) {
      mk.on(event, () => {
        throw new Error(`in ${event}`)
      })
      mk.on(event, () => heard.push(event))
    }
    const entities = Array.from({ length: 20 }, spawn)
    frame()
    mk.beginFrame()
    frame()
    backend.lose()
    await tick()
    frame()
    await mk.restore(new MkGpu(new DummyBackend(), { debug: true }))
    frame()
    expect(await onDevice(entities)).toEqual(entities)
    expect(new Set(heard)).toEqual(new Set(['reallocated', 'frame', 'warning', 'lost', 'restored']))
    expect(said).toHaveBeenCalledTimes(1)
    mk.dispose()
  })
})

describe("an observer of the user's throws", () => {
  it('makes addComponent throw in onAdd, and the row exists nevertheless', async () => {
    const { world, mk, Thing, spawn } = await run()
    mk.dispose()
    let angry = true
    observe(world, onAdd(Thing), () => {
      if (angry) throw new Error('mine')
    })
    // Ours comes second.
    const again = await attachMk(world, { gpu: mk.gpu })
    const entity = addEntity(world)
    expect(() => addComponent(world, entity, Thing)).toThrowError('mine')
    Thing.x[entity] = 5
    again.beginFrame()
    again.endFrame()
    expect(new Float32Array(await again.buffer(Thing).read())[entity]).toBe(5)
    angry = false
    const other = spawn()
    again.beginFrame()
    again.endFrame()
    expect(again.report.rowsChanged).toBe(1)
    expect(again.buffer(Thing).rowOf(other)).toBe(other)
    again.dispose()
  })

  it('frees the row nevertheless when it throws in onRemove', async () => {
    const world = createWorld()
    const Thing = GpuSynced({ x: new Float32Array(10) }, { rows: 'packed', label: 'Thing' })
    let angry = false
    observe(world, onRemove(Thing), () => {
      if (angry) throw new Error('mine')
    })
    const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
    const entities = [1, 2, 3].map(() => {
      const entity = addEntity(world)
      addComponent(world, entity, Thing)
      return entity
    })
    const frame = (): void => {
      mk.beginFrame()
      mk.endFrame()
    }
    frame()
    angry = true
    expect(() => removeComponent(world, entities[0], Thing)).toThrowError('mine')
    expect(() => removeEntity(world, entities[2])).toThrowError('mine')
    frame()
    expect(mk.buffer(Thing).rows).toBe(1)
    expect(entities.map((entity) => mk.buffer(Thing).rowOf(entity))).toEqual([-1, 0, -1])
    mk.dispose()
  })
})
