import { attachMk, GpuSynced, MkBufferUsage, type Strategy } from '@memkit/ecs-plugin'
import type { Restored } from '@memkit/coordinator'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, Not, removeComponent, removeEntity } from 'bitecs'
import { describe, expect, it } from 'vitest'
import { costModels } from './model/program.ts'
import { fromEnv } from './model/property.ts'
import type { Doom } from '@memkit/testing/device-calls'
import { doomedPlaces } from '@memkit/testing/place'
import type { DoomedGpu, DoomedPlace } from '@memkit/testing/place/place'

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

/**
 * Runs a program of six frames once for each call that it makes, and loses the device at that call: in growth, in downloads, in
 * queries, in frame memory, between frames. Another device is asked for by itself.
 *
 * @param open makes a device @param exact whether a program makes the same calls each time it runs
 */
describe.each(Object.entries(doomedPlaces))('%s', (_, { open, whens, strategies, exact }) => {
  // A real device takes a quarter of a second for each. MEMKIT_LOSS_EVERY=1: at every call, without exception.
  const every = exact ? 1 : fromEnv('MEMKIT_LOSS_EVERY', 9)
  it.each(strategies)(
    'has equal contents after it is lost at any call of six frames and restored (%s)',
    async (strategy) => {
      const { calls } = await play(open, strategy, undefined)
      expect(calls).toBeGreaterThan(60)
      let lost = 0
      let tried = 0
      for (const when of whens)
        for (let call = when === 'before' ? 1 : Math.ceil(every / 2); call <= calls; call += every) {
          tried++
          try {
            if ((await play(open, strategy, { call, when })).lost) lost++
          } catch (error) {
            throw new Error(`lost ${when} call ${call} of ${calls}: ${String(error)}`, { cause: error })
          }
        }
      console.log(`${strategy}: ${calls} calls, ${lost} devices lost`)
      // When a real device answers differs from time to time, and with it the last few calls.
      expect(lost).toBeGreaterThan(tried * (exact ? 0.999 : 0.9))
    },
    400_000,
  )
})

async function play(
  open: DoomedPlace['open'],
  strategy: Strategy,
  doom: Doom | undefined,
): Promise<{ calls: number; lost: boolean }> {
  const columns = (): { x: Float32Array; n: Uint32Array } => ({
    x: new Float32Array(300),
    n: new Uint32Array(300),
  })
  const Plain = GpuSynced(columns(), { label: 'Plain', capacity: 16, onRemove: 'zero' })
  const Packed = GpuSynced(columns(), { label: 'Packed', capacity: 16, rows: 'packed' })
  const Both = GpuSynced(columns(), { label: 'Both', capacity: 16, direction: 'both' })
  const Hidden = {}
  const world = createWorld()
  const opened: DoomedGpu[] = []
  const errors: unknown[] = []
  const mk = await attachMk(world, {
    gpu: async () => {
      const one = await open()
      one.gpu.onError((error) => errors.push(error))
      opened.push(one)
      return one.gpu
    },
    components: [Plain, Packed, Both],
    strategy,
    costs: costModels[0],
    heapBytes: 4 << 20,
  })
  await mk.coordinator.ready()
  const [first] = opened
  const losses: string[] = []
  const restored: Restored[] = []
  const back = new Promise<void>((resolve) => {
    mk.on('restored', (event) => {
      restored.push(event)
      resolve()
    })
  })
  mk.on('lost', ({ reason }) => losses.push(reason))
  mk.on('warning', ({ message }) => errors.push(message))
  const shown = mk.query([Packed, Not(Hidden)], { draw: { vertexCount: 6 }, rowsOf: Packed })
  const { rowTable } = mk.buffer(Packed)
  const usage = MkBufferUsage.STORAGE | MkBufferUsage.TRANSFER_DST | MkBufferUsage.TRANSFER_SRC
  const own = mk.gpu.createDeviceBuffer(64, usage, { label: 'my own' })
  let slice: MkDeviceBuffer | undefined = mk.coordinator.uploadSlice(new Uint32Array(8), usage)
  const outcomes: Promise<string>[] = []
  const read = (bytes: Promise<ArrayBuffer>): void => {
    outcomes.push(
      bytes.then(
        () => 'read',
        (error: Error & { code?: string }) => error.code ?? error.message,
      ),
    )
  }
  const entities: number[] = []
  const spawn = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const entity = addEntity(world)
      entities.push(entity)
      for (const component of [Plain, Packed, Both]) {
        addComponent(world, entity, component)
        component.x[entity] = entity + 0.5
        component.n[entity] = entity * 3
      }
      if (entity % 3 === 0) addComponent(world, entity, Hidden)
    }
  }
  const frame = async (work: () => void): Promise<void> => {
    mk.beginFrame()
    work()
    mk.endFrame()
    // The device has answered, unless it is lost.
    await mk.coordinator.idle().catch(() => undefined)
    await tick()
  }
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) await tick()
  }
  await settle()
  const [restoredOwn, restoredSlice] = [own.label, slice]

  first.arm(doom)
  await frame(() => spawn(12))
  await frame(() => {
    for (const entity of entities) Plain.x[entity] += 100
    const { coordinator } = mk
    coordinator.stageForUpload(coordinator.frameAlloc(Uint32Array, 40).fill(7))
    // On a device that is known to be lost, or another one, the buffer is gone.
    if (!own.destroyed && !mk.gpu.isLost && mk.gpu === first.gpu)
      coordinator.stageForUpload(coordinator.frameAlloc(Uint32Array, 4).fill(8), { buffer: own, offset: 16 })
    read(mk.buffer(Both).read())
  })
  // All buffers grow.
  await frame(() => {
    spawn(40)
    for (const entity of entities) Both.n[entity]++
  })
  await frame(() => {
    for (const entity of entities.splice(3, 9)) removeEntity(world, entity)
    for (const entity of entities.slice(0, 5)) removeComponent(world, entity, Hidden)
    read(rowTable.read())
    try {
      slice = mk.coordinator.uploadSlice(new Uint32Array([1, 2, 3, 4]), usage)
    } catch (error) {
      expect(error).toMatchObject({ code: 'DeviceLost' })
    }
  })
  await frame(() => spawn(4))
  await frame(() => {
    for (const entity of entities) Packed.n[entity] = entity * 7
  })
  const calls = first.calls()
  first.arm(undefined)

  await settle()
  const lost = first.gpu.isLost
  if (lost) await back
  for (let i = 0; i < 3; i++) await frame(() => undefined)
  expect(losses.length).toBe(lost ? 1 : 0)
  expect(restored.length).toBe(lost ? 1 : 0)
  if (lost) {
    const [{ lost: gone, stale, others }] = restored
    expect(gone.length).toBeGreaterThan(0)
    expect(gone).toContain(restoredSlice)
    expect(stale.map(({ label }) => label)).toEqual(['Both'])
    expect(others.map(({ label }) => label)).toContain(restoredOwn)
  }
  for (const component of [Plain, Packed, Both]) {
    const buffer = mk.buffer(component)
    const bytes = await buffer.read()
    const [xs, ns] = [new Float32Array(bytes), new Uint32Array(bytes)]
    for (const entity of entities) {
      const row = buffer.rowOf(entity)
      expect([entity, xs[row * 2], ns[row * 2 + 1]]).toEqual([
        entity,
        component.x[entity],
        component.n[entity],
      ])
    }
  }
  const table = new Uint32Array(await rowTable.read())
  expect([...table].sort((a, b) => a - b)).toEqual([...entities].sort((a, b) => a - b))
  const listed = [...new Uint32Array(await shown.indices.read())].map((row) => table[row])
  const visible = entities.filter((entity) => entity % 3 !== 0 || entities.indexOf(entity) < 5)
  expect(listed.sort((a, b) => a - b)).toEqual(visible.sort((a, b) => a - b))
  if (mk.gpu.capabilities.indirect) {
    const args = new Uint32Array(await mk.coordinator.download(shown.drawArgs.buffer))
    expect([...args]).toEqual([6, visible.length, 0, 0])
  }
  for (const outcome of await Promise.all(outcomes)) expect(['read', 'DeviceLost']).toContain(outcome)
  expect(errors).toEqual([])
  mk.dispose()
  own.destroy()
  slice?.destroy()
  for (const { gpu } of opened) gpu.destroy()
  return { calls, lost }
}
