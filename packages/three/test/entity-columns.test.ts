import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { SyncedMesh, threeGpu, type AttributeSource } from '@memkit/three'
import { addComponent, addEntity, createWorld, Not, removeComponent, removeEntity } from 'bitecs'
import { BoxGeometry, MeshBasicMaterial, type InstancedBufferAttribute } from 'three'
import { describe, expect, it } from 'vitest'

async function setUp(layout: 'rows' | 'columns' = 'rows') {
  const store = { x: new Float32Array(2000), y: new Float32Array(2000) }
  const Position = layout === 'rows' ? GpuSynced(store) : GpuSynced(store, { layout: 'columns' })
  const Look = GpuSynced({ kind: new Uint32Array(2000) })
  const Dead = {}
  const world = createWorld()
  const mk = await attachMk(world, { gpu: threeGpu(), components: [Position, Look] })
  const spawn = (): number => {
    const e = addEntity(world)
    addComponent(world, e, Position)
    addComponent(world, e, Look)
    store.x[e] = e
    store.y[e] = -e
    Look.kind[e] = e % 5
    return e
  }
  const frame = (): void => {
    mk.beginFrame()
    mk.endFrame()
  }
  const mesh = new SyncedMesh(mk, new BoxGeometry(), new MeshBasicMaterial(), {
    query: [Position, Look, Not(Dead)],
    attributes: { x: [Position, 'x'], y: [Position, 'y'], kind: Look },
    instances: 'entity',
  })
  const attribute = (name: string) => mesh.geometry.getAttribute(name) as InstancedBufferAttribute
  return { world, mk, store, Position, Look, Dead, spawn, frame, mesh, attribute }
}

describe.each(['rows', 'columns'] as const)("instances: 'entity', in %s", (layout) => {
  it('has the columns themselves as attributes, and knows who is alive', async () => {
    const { world, store, Look, Dead, spawn, frame, mesh, attribute } = await setUp(layout)
    const alive = new Set<number>()
    const check = (): void => {
      expect(mesh.count).toBe(mesh.geometry.instanceCount)
      expect([attribute('x').array, attribute('y').array]).toEqual([store.x, store.y])
      expect(attribute('kind').array).toBe(Look.kind)
      const shown = Array.from({ length: mesh.count }, (_, e) => e).filter(
        (e) => attribute('alive').array[e] === 1,
      )
      expect(new Set(shown)).toEqual(alive)
      for (let e = 0; e < mesh.count + 3; e++) expect(mesh.entityOf(e)).toBe(alive.has(e) ? e : -1)
    }
    frame()
    check()
    for (const count of [200, 100, 500]) {
      for (let i = 0; i < count; i++) alive.add(spawn())
      frame()
      check()
    }
    const list = [...alive]
    for (const [i, e] of list.entries())
      if (i % 3 === 0) {
        removeEntity(world, e)
        alive.delete(e)
      } else if (i % 5 === 0) {
        addComponent(world, e, Dead)
        alive.delete(e)
      }
    frame()
    check()
    for (const e of list)
      if (!alive.has(e) && e % 2 === 0 && list.indexOf(e) % 3 !== 0) {
        removeComponent(world, e, Dead)
        alive.add(e)
      }
    for (let i = 0; i < 50; i++) alive.add(spawn())
    frame()
    check()
    for (const e of alive) removeEntity(world, e)
    alive.clear()
    frame()
    check()
  })

  it('uploads what the flush found changed, of the columns of that component', async () => {
    const { store, spawn, frame, attribute } = await setUp(layout)
    const entities = Array.from({ length: 100 }, spawn)
    frame()
    const names = ['x', 'kind', 'alive']
    for (const name of names) attribute(name).clearUpdateRanges()
    const versions = (): number[] => names.map((name) => attribute(name).version)
    const before = versions()
    frame()
    expect(versions()).toEqual(before)
    store.x[entities[20]] = -1
    frame()
    expect(versions()).toEqual([before[0] + 1, before[1], before[2]])
    const [{ start, count }] = attribute('x').updateRanges
    expect(start).toBeLessThanOrEqual(entities[20])
    expect(start + count).toBeGreaterThan(entities[20])
  })
})

it('follows columns that are replaced', async () => {
  const { store, spawn, frame, mesh, attribute } = await setUp()
  spawn()
  frame()
  const { geometry } = mesh
  for (const name of ['x', 'y'] as const) {
    const longer = new Float32Array(4000)
    longer.set(store[name])
    store[name] = longer
  }
  frame()
  expect([attribute('x').array, attribute('y').array]).toEqual([store.x, store.y])
  expect(attribute('x').array).toBe(store.x)
  expect(mesh.geometry).not.toBe(geometry)
})

it('says which way it took, and why', async () => {
  const { mk, Position, spawn, frame, mesh } = await setUp()
  spawn()
  spawn()
  frame()
  expect(mesh.explain()).toMatch(/instances: 'entity'.* 3 instances are drawn for 2 entities/)
  const gathered = (attributes: Record<string, AttributeSource>): string => {
    const options = { query: [Position], attributes }
    const made = new SyncedMesh(mk, new BoxGeometry(), new MeshBasicMaterial(), options)
    frame()
    return made.explain()
  }
  expect(gathered({ place: Position })).toMatch(
    /instances: 'query': the 2 entities .* 'place' can’t be a column itself: it lies in 2 columns\.$/,
  )
  expect(gathered({ x: [Position, 'x'] })).toMatch(/columns would be attributes as they are\.$/)
})
