import { addComponent, addEntity, createWorld, removeEntity } from 'bitecs'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { describe, expect, it } from 'vitest'
import { attachMk, GpuSynced, type MkOptions } from '../src/index.ts'

const dummy = (): MkGpu => new MkGpu(new DummyBackend())

async function setUp(options: MkOptions) {
  const world = createWorld()
  const Thing = GpuSynced({ id: new Uint32Array(100) }, { rows: 'packed', label: 'Thing' })
  const mk = await attachMk(world, options)
  const events: string[] = []
  mk.on('lost', ({ reason }) => events.push(`lost: ${reason}`))
  mk.on('restored', () => events.push('restored'))
  const spawn = (): number => {
    const entity = addEntity(world)
    addComponent(world, entity, Thing)
    Thing.id[entity] = entity
    return entity
  }
  const frame = () => {
    mk.beginFrame()
    return mk.endFrame()
  }
  const onDevice = async (): Promise<number[]> =>
    [...new Uint32Array(await mk.buffer(Thing).read())].sort((a, b) => a - b)
  return { world, mk, Thing, events, spawn, frame, onDevice }
}

/** Lets promises that are settled run their course. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

describe('a lost device', () => {
  it('makes frames do nothing while changes gather, and restore uploads everything again', async () => {
    const first = dummy()
    const { mk, Thing, world, events, spawn, frame, onDevice } = await setUp({ gpu: first })
    const list = mk.query([Thing], { draw: { vertexCount: 3 } })
    const entities = [spawn(), spawn(), spawn()]
    frame()
    const { generation } = mk.buffer(Thing)
    first.destroy()
    await settle()
    expect(events).toEqual(['lost: destroyed'])
    removeEntity(world, entities[0])
    const later = spawn()
    expect(frame()).toMatchObject({ apiCalls: 0, bytesUploaded: 0 })
    await expect(mk.buffer(Thing).read()).rejects.toMatchObject({ code: 'DeviceLost' })
    const second = dummy()
    await mk.restore(second)
    expect(mk.gpu).toBe(second)
    frame()
    expect(events).toEqual(['lost: destroyed', 'restored'])
    expect(mk.buffer(Thing).generation).toBeGreaterThan(generation)
    expect(await onDevice()).toEqual([later, entities[1], entities[2]].sort((a, b) => a - b))
    const draw = new Uint32Array(await mk.coordinator.download(list.drawArgs.buffer, 0, 16))
    expect([...draw]).toEqual([3, 3, 0, 0])
    mk.dispose()
    // A borrowed gpu stays the owner's.
    expect(second.isLost).toBe(false)
    second.destroy()
  })

  it('is requested again when gpu is a function, whose devices memkit owns', async () => {
    const made: MkGpu[] = []
    const gpu = async (): Promise<MkGpu> => {
      made.push(dummy())
      return made[made.length - 1]
    }
    const { mk, events, spawn, frame, onDevice } = await setUp({ gpu })
    const entity = spawn()
    frame()
    made[0].destroy()
    await settle()
    expect(events).toEqual(['lost: destroyed', 'restored'])
    expect(made).toHaveLength(2)
    frame()
    expect(await onDevice()).toEqual([entity])
    mk.dispose()
    await settle()
    expect(made.map(({ isLost }) => isLost)).toEqual([true, true])
    expect(made).toHaveLength(2)
  })

  it('is requested again with a pause while the function fails', async () => {
    let calls = 0
    const made: MkGpu[] = []
    const gpu = async (): Promise<MkGpu> => {
      calls++
      if (calls === 2) throw new Error('no adapter yet')
      made.push(dummy())
      return made[made.length - 1]
    }
    const { mk, events } = await setUp({ gpu })
    const restored = new Promise<void>((resolve) => void mk.on('restored', () => resolve()))
    made[0].destroy()
    await restored
    expect([calls, events.at(-1)]).toEqual([3, 'restored'])
    mk.dispose()
  })

  it("isn't requested after dispose, and a pending one is destroyed", async () => {
    const made: MkGpu[] = []
    let arrive: () => void = () => undefined
    const gpu = (): Promise<MkGpu> =>
      new Promise((resolve) => {
        arrive = () => {
          made.push(dummy())
          resolve(made[made.length - 1])
        }
        if (made.length === 0) arrive()
      })
    const { mk } = await setUp({ gpu })
    made[0].destroy()
    await settle()
    mk.dispose()
    arrive()
    await settle()
    expect(made.map(({ isLost }) => isLost)).toEqual([true, true])
  })

  it("is refused when it isn't a device, and accepted the next time", async () => {
    const first = dummy()
    const { mk, frame, spawn, onDevice } = await setUp({ gpu: first })
    const entity = spawn()
    first.destroy()
    await settle()
    await expect(mk.restore({} as never)).rejects.toMatchObject({ code: 'NotAGpu' })
    const gone = dummy()
    gone.destroy()
    await settle()
    await expect(mk.restore(gone)).rejects.toMatchObject({ code: 'DeviceLost' })
    await mk.restore(dummy())
    frame()
    expect(await onDevice()).toEqual([entity])
    mk.dispose()
  })
})
