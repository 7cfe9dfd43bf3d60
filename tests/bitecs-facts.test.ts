// What docs/bitecs.md says.
import * as bitecs from 'bitecs'
import { attachMk, GpuSynced, MkBufferUsage } from '@memkit/ecs-plugin'
import type { MkOptions, MkSync, Synced } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { createSoADeserializer, createSoASerializer } from 'bitecs/serialization'
import { afterEach, describe, expect, it } from 'vitest'
// @ts-expect-error bitECS's other build: a second copy of it, without types.
import * as otherCopy from '../node_modules/bitecs/dist/core/index.mjs'

const other = otherCopy as typeof bitecs
const attached: { dispose(): void }[] = []
afterEach(() => attached.splice(0).forEach((each) => each.dispose()))

async function attach(world: object, options: MkOptions = {}): Promise<MkSync<object>> {
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()), ...options })
  attached.push(mk)
  return mk
}

async function rows(mk: MkSync<object>, component: Synced): Promise<number[]> {
  mk.beginFrame()
  mk.endFrame()
  return [...new Float32Array(await mk.buffer(component).read())]
}

describe('a world of another copy of bitECS', () => {
  it('is synced while entities are added, removed and recycled', async () => {
    const Thing = GpuSynced({ x: new Float32Array(8) }, { onRemove: 'zero' })
    const world = other.createWorld()
    const mk = await attach(world)
    const [a, b] = [other.addEntity(world), other.addEntity(world)]
    for (const entity of [a, b]) other.addComponent(world, entity, Thing)
    Thing.x.fill(3)
    expect(await rows(mk, Thing)).toEqual([0, 3, 3])
    other.removeEntity(world, a)
    expect(await rows(mk, Thing)).toEqual([0, 0, 3])
    other.addComponent(world, other.addEntity(world), Thing)
    expect((await rows(mk, Thing)).filter((x) => x === 3)).toHaveLength(2)
  })

  it('treats existing prefabs as entities when it is attached, unlike a single copy', async () => {
    for (const [copy, counts] of [
      [bitecs, false],
      [other, true],
    ] as const) {
      const Thing = GpuSynced({ x: new Float32Array(8) })
      const world = copy.createWorld()
      const prefab = copy.addPrefab(world)
      copy.addComponent(world, prefab, Thing)
      const mk = await attach(world)
      await rows(mk, Thing)
      expect(mk.buffer(Thing).rowOf(prefab) >= 0).toBe(counts)
    }
  })

  it('is accepted with the exception that the error for a non-world names', async () => {
    await expect(attachMk({})).rejects.toThrow(/another copy of bitECS works, but its prefabs/)
  })
})

describe('the store of a relation', () => {
  it('is synced only when it is listed', async () => {
    const Gold = bitecs.createRelation(
      bitecs.withStore(() => GpuSynced({ amount: new Float32Array(8) }, { usage: MkBufferUsage.VERTEX })),
    )
    const world = bitecs.createWorld()
    const player = bitecs.addEntity(world)
    const holder = bitecs.addEntity(world)
    bitecs.addComponent(world, holder, Gold(player))
    const store = Gold(player) as { amount: Float32Array } & Synced
    store.amount[holder] = 5
    const found = await attach(world)
    found.beginFrame()
    found.endFrame()
    expect(found.synced()).toEqual([])
    found.dispose()
    const mk = await attach(world, { components: [store] })
    expect(await rows(mk, store)).toEqual([0, 0, 5])
  })
})

describe('a deserializer', () => {
  it("marks nothing: a marked component needs markAll, a compared one doesn't", async () => {
    const Marked = GpuSynced({ x: new Float32Array(4) }, { changes: 'marked' })
    const Compared = GpuSynced({ x: new Float32Array(4) })
    const components = [Marked, Compared]
    const world = bitecs.createWorld()
    const mk = await attach(world)
    const entity = bitecs.addEntity(world)
    for (const component of components) bitecs.addComponent(world, entity, component)
    for (const component of components) component.x[entity] = 9
    const saved = createSoASerializer(components)([entity])
    for (const component of components) component.x[entity] = 1
    mk.markAll(Marked)
    expect(await rows(mk, Marked)).toEqual([0, 1])
    createSoADeserializer(components)(saved)
    expect(Marked.x[entity]).toBe(9)
    expect(await rows(mk, Marked)).toEqual([0, 1])
    expect(await rows(mk, Compared)).toEqual([0, 9])
    mk.markAll(Marked)
    expect(await rows(mk, Marked)).toEqual([0, 9])
  })
})
