import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Bitecs from 'bitecs'
import type * as Koota from 'koota'
import type { Entity } from 'koota'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

// An ECS that does not call the listener: a copy of the real one with a line changed, as another version of it may have.

let folder: string
let said: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'memkit-ecs-'))
  said = []
  vi.spyOn(console, 'warn').mockImplementation((message: string) => void said.push(message))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.doUnmock('bitecs')
  vi.doUnmock('koota')
  vi.resetModules()
  vi.restoreAllMocks()
})

/** Has every module that is imported from now on see that copy. */
async function use(name: 'bitecs' | 'koota', source: string, find: string, replace: string): Promise<object> {
  const text = readFileSync(source, 'utf8').replace(/\/\/# sourceMappingURL.*/u, '')
  expect(text.includes(find)).toBe(true)
  const copy = join(folder, 'copy.mjs')
  writeFileSync(copy, text.replaceAll(find, replace))
  const module = (await import(pathToFileURL(copy).href)) as object
  vi.doMock(name, () => module)
  vi.resetModules()
  return module
}

// Not the file that is imported: that one is minified.
const bitecsFile = join(dirname(fileURLToPath(import.meta.resolve('bitecs'))), 'index.mjs')

describe.each([
  [
    'what is added',
    'if (query2.toRemove.has(eid)) {',
    'if (query2.generations.length > 0 && query2.toRemove.has(eid)) {',
  ],
  [
    'what is removed',
    '    queries.forEach((queryData) => {\n      queryData.toRemove.remove(eid);',
    '    queries.forEach((queryData) => {\n      if (queryData.generations.length === 0) return;\n      queryData.toRemove.remove(eid);',
  ],
  [
    'who dies',
    'for (const query2 of ctx.queries) {',
    'for (const query2 of [...ctx.queries].filter((q) => q.generations.length > 0)) {',
  ],
  [
    'who is born',
    'ctx.notQueries.forEach((q) => {',
    'ctx.notQueries.forEach((q) => {\n    if (q.generations.length === 0) return;',
  ],
  ['what is set', 'setObservable', 'writeObservable'],
] as const)("a bitECS that doesn't tell a listener %s", (_, find, replace) => {
  it("keeps no query of memkit's after dispose, and all of the user's", async () => {
    const ecs = (await use('bitecs', bitecsFile, find, replace)) as typeof Bitecs
    const { attachMk, GpuSynced } = await import('../src/index.ts')
    const Thing = GpuSynced({ x: new Float32Array(32) }, { label: 'Thing' })
    const [Mine, Ours] = [{}, {}]
    const world = ecs.createWorld() as Bitecs.InternalWorld
    ecs.query(world, [Mine])
    const { queries } = world[ecs.$internal]
    const before = [...queries]
    const mk = await attachMk(world, { components: [Thing] })
    mk.query([Ours]).dispose()
    mk.query([Mine])
    mk.dispose()
    expect([...queries]).toEqual(before)
    expect(ecs.query(world, [Mine])).toHaveLength(0)
  })

  it('is observed, which debug mode reports, and hidden changes are found in the next frame', async () => {
    const ecs = (await use('bitecs', bitecsFile, find, replace)) as typeof Bitecs
    const { attachMk, GpuSynced } = await import('../src/index.ts')
    const Thing = GpuSynced({ x: new Float32Array(32) }, { changes: 'marked', label: 'Thing' })
    const Tag = {}
    const world = ecs.createWorld()
    const angry = new Set<string>()
    const throwFor = (key: string) => (entity: number) => {
      if (angry.delete(`${key} ${entity}`)) throw new Error('mine')
    }
    ecs.observe(world, ecs.onAdd(Thing), throwFor('add'))
    ecs.observe(world, ecs.onRemove(Thing), throwFor('remove'))
    const mk = await attachMk(world, { debug: true })
    expect(said.join()).toMatch(/registers a query and two observers/)
    const lists = [mk.query([Thing]), mk.query([Thing, ecs.Not(Tag)]), mk.query([ecs.Not(Thing)])]
    const frame = (): void => {
      mk.beginFrame()
      mk.endFrame()
    }
    const spawn = (x: number): number => {
      const entity = ecs.addEntity(world)
      Thing.x[entity] = x
      ecs.addComponent(world, entity, Thing)
      return entity
    }
    const [a, b, c] = [1, 2, 3].map(spawn)
    frame()
    const d = ecs.addEntity(world)
    Thing.x[d] = 4
    angry.add(`add ${d}`).add(`remove ${a}`)
    expect(() => ecs.addComponent(world, d, Thing)).toThrowError('mine')
    expect(() => ecs.removeComponent(world, a, Thing)).toThrowError('mine')
    ecs.addComponent(world, c, Tag)
    ecs.removeEntity(world, b)
    frame()
    const found = new Float32Array(await mk.buffer(Thing).read())
    const rows = [a, b, c, d].map((entity) => mk.buffer(Thing).rowOf(entity))
    expect(rows).toEqual([-1, -1, c, d])
    expect([found[c], found[d]]).toEqual([3, 4])
    expect(lists[0].count).toBe(2)
    Thing.x[c] = 9
    ecs.addComponent(world, c, ecs.set(Thing, {}))
    frame()
    expect(new Float32Array(await mk.buffer(Thing).read())[c]).toBe(9)
    mk.dispose()
  })

  it('is detected by the probe', async () => {
    await use('bitecs', bitecsFile, find, replace)
    const { hearsEverything } = await import('../src/ecs/bitecs/probe.ts')
    expect(hearsEverything()).toBe(false)
  })
})

describe('bitECS 0.4.0', () => {
  it('is listened to, without a warning', async () => {
    const { createWorld } = await import('bitecs')
    const { attachMk } = await import('../src/index.ts')
    const mk = await attachMk(createWorld(), { debug: true })
    mk.dispose()
    expect(said.join()).not.toMatch(/observers/)
  })
})

describe("a koota that doesn't tell a listener what is removed", () => {
  it('is subscribed to, which debug mode reports, and hidden changes are found in the next frame', async () => {
    const dist = dirname(fileURLToPath(import.meta.resolve('koota')))
    const chunk = readdirSync(dist).find((name) => /^chunk-.*\.js$/u.test(name))!
    const find =
      '    if (match) query.add(entity);\n    else query.remove(world, entity);\n  }\n  for (const query of trackingQueries)'
    const koota = (await use(
      'koota',
      join(dist, chunk),
      find,
      find.replace('if (match)', 'if (!query.entities) continue;\n    if (match)'),
    )) as typeof Koota
    const { GpuSynced } = await import('../src/index.ts')
    const { attachKoota } = await import('../src/koota.ts')
    const Position = GpuSynced(koota.trait({ x: 0 }), { changes: 'marked', label: 'Position' })
    const world = koota.createWorld()
    const nothing: (entity: Entity) => void = () => {}
    let [added, removed] = [nothing, nothing]
    world.onQueryAdd([Position], (entity) => added(entity))
    world.onQueryRemove([Position], (entity) => removed(entity))
    const mk = await attachKoota(world, { debug: true })
    expect(said.join()).toMatch(/subscribes to a query/)
    const frame = (): void => {
      mk.beginFrame()
      mk.endFrame()
    }
    const [a, b] = [1, 2].map((x) => world.spawn(Position({ x })))
    frame()
    const throws = (): never => {
      throw new Error('mine')
    }
    const c = world.spawn()
    added = throws
    expect(() => c.add(Position)).toThrowError('mine')
    added = nothing
    removed = throws
    expect(() => a.remove(Position)).toThrowError('mine')
    removed = (entity) => entity.add(Position)
    b.remove(Position)
    removed = nothing
    frame()
    expect([a, b, c].map((entity) => mk.buffer(Position).rowOf(entity) >= 0)).toEqual([false, true, true])
    b.set(Position, { x: 5 })
    frame()
    expect(new Float32Array(await mk.buffer(Position).read())[b.id()]).toBe(5)
    mk.dispose()
    koota.universe.reset()
  })
})
