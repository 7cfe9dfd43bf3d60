import { addComponent, addEntity, createWorld, removeComponent, removeEntity, resetWorld } from 'bitecs'
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import type { Changes, RowKind, Schema, Synced } from '@memkit/ecs-plugin'
import type { MkGpu } from '@memkit/gpu'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Store } from '@memkit/testing/stores/store'
import { storeSpecs } from '@memkit/testing/stores/zoo'
import { places } from '@memkit/testing/place'
import { randomFrom } from '@memkit/testing/random'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'

/** Ids 0 … 39 at first; stores that can grow are replaced by longer ones on the way. */
const slots = 40
const frames = 10

/**
 * One scripted life for every store of the zoo, in every mode and with both kinds of row: spawn, write, despawn, recycle, grow, reset. After each frame every row on the device has the
 * bits that the zoo says.
 *
 * @param open a device of its own for each test
 */
describe.each(Object.entries(places))('every store on %s', (_, { open }) => {
  let gpu: MkGpu
  beforeEach(async () => {
    gpu = strict(await open())
  })
  afterEach(() => closeStrict(gpu))

  const modes: readonly Changes[] = ['detect', 'marked', 'all']
  const kinds: [Changes, RowKind | 'columns'][] = modes.flatMap((mode) => [
    [mode, 'entity'],
    [mode, 'packed'],
    [mode, 'columns'],
  ])
  describe.each(kinds)('%s, %s', (mode, kind) => {
    const specs = storeSpecs.filter(({ rowsOnly }) => kind !== 'columns' || rowsOnly !== true)
    it.each(specs.map((spec) => [spec.name, spec] as const))('%s', async (_name, spec) => {
      const store = new Store(spec, slots, slots)
      const options =
        kind === 'columns'
          ? ({ layout: 'columns' } as const)
          : ({ layout: 'rows', rows: kind, onRemove: 'zero' } as const)
      const Thing: Synced = GpuSynced<object, Schema>(store.component, {
        schema: spec.schema!,
        changes: mode,
        capacity: 8,
        label: 'Thing',
        ...options,
      })
      const world = createWorld()
      const mk = await attachMk(world, { gpu })
      // Some values are holes, which read as 0.
      mk.on('warning', () => undefined)
      const random = randomFrom(3)
      /** What the row of each living entity must be. */
      const model = new Map<number, Uint32Array>()
      let room = slots
      const write = (entity: number): void => {
        store.write(entity, Math.floor(random() * 2 ** 16))
        model.set(entity, new Uint32Array(store.pack(entity).buffer))
        mk.mark(Thing, entity)
      }
      for (let frame = 0; frame < frames; frame++) {
        mk.beginFrame()
        if (frame === 5 && !spec.fixed) store.grow((room = slots * 2))
        if (frame === 7) {
          resetWorld(world)
          model.clear()
        }
        for (const entity of [...model.keys()]) {
          const dice = random()
          if (dice < 0.2) {
            if (dice < 0.1) removeEntity(world, entity)
            else removeComponent(world, entity, Thing)
            model.delete(entity)
          } else if (dice < 0.5) write(entity)
        }
        for (let i = 0; i < 12; i++) {
          const entity = addEntity(world)
          if (entity >= room) {
            removeEntity(world, entity)
            break
          }
          addComponent(world, entity, Thing)
          write(entity)
        }
        mk.endFrame()
        const buffer = mk.buffer(Thing)
        const found = new Uint32Array(await buffer.read())
        // The rows of the dead are zeros; in columns they are what the columns hold.
        const expected = kind === 'columns' ? found.slice() : new Uint32Array((buffer.rows * spec.stride) / 4)
        if (kind !== 'columns') expect(buffer.stride).toBe(spec.stride)
        expect(found.byteLength).toBe(buffer.rows * spec.stride)
        for (const [entity, words] of model) expected.set(words, (buffer.rowOf(entity) * spec.stride) / 4)
        if (kind === 'packed') expect(buffer.rows).toBe(model.size)
        expect(found, `frame ${frame}`).toEqual(expected)
      }
      expect(model.size).toBeGreaterThan(10)
      mk.dispose()
    })
  })

  it.each(storeSpecs.filter(({ rowsOnly }) => rowsOnly).map((spec) => [spec.name, spec] as const))(
    'refuses to keep columns of %s as they are, and says that rows can be',
    (_name, { component, columns, schema }) => {
      const store = new Store({ name: '', schema, stride: 0, columns, component: component! }, slots, slots)
      expect(() =>
        GpuSynced<object, Schema>(store.component, { schema: schema!, layout: 'columns' }),
      ).toThrowError(/layout: 'rows'/)
    },
  )
})
