// What following a world of bitECS costs: a GPU query against rebuilding and uploading the list (P15), and what entering and leaving,
// dying and spawning cost beside bitECS's own work. `npm run queries -w bench [-- --quick]`
import { cpus } from 'node:os'
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import {
  addComponent,
  addEntity,
  createWorld,
  observe,
  onAdd,
  onRemove,
  query,
  removeComponent,
  removeEntity,
} from 'bitecs'
import { interleave, short, table } from '../../interleave.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 21 : 101
const sizes = quick ? [100_000] : [100_000, 1_000_000]

console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}, bitECS 0.4.0; medians of ${rounds} rounds in turn\n`,
)
console.log(
  'A GPU query kept in step, milliseconds of stage and flush, against query() → Uint32Array → one write (P15: ≥ 20 ×)\n',
)
const lines: string[][] = []
for (const [name, open] of [
  ['Dummy', async () => new MkGpu(new DummyBackend())],
  ['Dawn, null backend', () => dawnGpu({ backend: 'null' })],
  ['Dawn', () => dawnGpu()],
] as const) {
  const gpu = await open().catch(() => undefined)
  if (gpu === undefined) console.log(`${name}: no adapter, left out`)
  else {
    const label = name === 'Dawn' ? `Dawn, ${gpu.capabilities.adapter}` : name
    for (const entities of sizes)
      for (const share of [0, 0.0001, 0.001, 0.01])
        lines.push([label, entities.toLocaleString('en'), ...(await keptInStep(gpu, entities, share))])
    gpu.destroy()
  }
}
table(['device', 'entities', 'in and out', 'GPU query', 'rebuilt', 'rebuilt ÷ GPU query'], lines)

console.log(
  '\nEntering and leaving, ns per entity: the call of bitECS (without memkit = 1), and the frame after it on Dummy, upload included\n',
)
table(['what is followed', 'add', 'remove', '÷ bitECS', 'frame in', 'frame out'], await observers())

console.log(
  '\n10 000 entities die and as many are spawned per frame, ÷ bitECS without memkit, with the frame of memkit beside it\n',
)
table(
  [
    'components',
    'among',
    'bitECS, ms',
    'a query and two observers each',
    'detect',
    'marked',
    'its frame, ms',
  ],
  await spawning(),
)

/** `share` of the entities come and go per frame: half of them leave, half enter. */
async function keptInStep(gpu: MkGpu, entities: number, share: number): Promise<string[]> {
  const Visible = {}
  const world = createWorld()
  const all = Array.from({ length: entities * 1.5 }, () => addEntity(world))
  for (let i = 0; i < entities; i++) addComponent(world, all[i], Visible)
  const mk = await attachMk(world, { gpu })
  await mk.coordinator.ready()
  mk.query([Visible], { draw: { vertexCount: 6 } })
  const list = gpu.createDeviceBuffer(all.length * 4, MkBufferUsage.STORAGE | MkBufferUsage.TRANSFER_DST)
  const half = Math.round((entities * share) / 2)
  let turn = 0
  // Some go out, as many come in: the same work of bitECS's before each case, not timed.
  const shuffle = (): void => {
    for (let i = 0; i < half; i++) {
      removeComponent(world, all[(turn + i) % all.length], Visible)
      addComponent(world, all[(turn + i + all.length / 2) % all.length], Visible)
    }
    turn += half
    query(world, [Visible])
  }
  const copy = new Uint32Array(all.length)
  const drain = async (): Promise<void> => {
    await gpu.waitIdle()
  }
  const [followed, rebuilt] = await interleave(
    [
      async () => {
        shuffle()
        const start = performance.now()
        mk.beginFrame()
        mk.endFrame()
        const took = performance.now() - start
        await drain()
        return took
      },
      async () => {
        shuffle()
        const start = performance.now()
        const found = query(world, [Visible])
        copy.set(found)
        gpu.write(list, 0, copy.buffer, 0, found.length * 4)
        const took = performance.now() - start
        // What entered meanwhile is brought up to date outside the clock, so that the other case has its own share only.
        mk.beginFrame()
        mk.endFrame()
        await drain()
        return took
      },
    ],
    rounds,
    20,
  )
  mk.dispose()
  return [
    `${share * 100} %`,
    short(followed.median),
    short(rebuilt.median),
    `${(rebuilt.median / followed.median).toFixed(1)} ×`,
  ]
}

async function observers(): Promise<string[][]> {
  const count = 20_000
  const kinds = [
    'nothing',
    'a synced component',
    'a synced component, packed',
    'a GPU query',
    'both',
  ] as const
  const cases = await Promise.all(
    kinds.map(async (kind) => {
      const Thing = { x: new Float32Array(count + 1) }
      const world = createWorld()
      const all = Array.from({ length: count }, () => addEntity(world))
      // bitECS works as hard in all cases: the query exists in each.
      query(world, [Thing])
      const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
      if (kind.includes('synced') || kind === 'both')
        mk.buffer(GpuSynced(Thing, kind.includes('packed') ? { rows: 'packed' } : {}))
      if (kind === 'a GPU query' || kind === 'both') mk.query([Thing])
      return { world, all, Thing, mk }
    }),
  )
  const adds: number[][] = kinds.map(() => [])
  const removes: number[][] = kinds.map(() => [])
  const framesIn: number[][] = kinds.map(() => [])
  const framesOut: number[][] = kinds.map(() => [])
  for (let round = 0; round < rounds + 10; round++)
    cases.forEach(({ world, all, Thing, mk }, i) => {
      const perEntity = (run: () => void): number => {
        const start = performance.now()
        run()
        return ((performance.now() - start) * 1e6) / count
      }
      const frame = (): void => {
        mk.beginFrame()
        mk.endFrame()
      }
      const add = perEntity(() => {
        for (const entity of all) addComponent(world, entity, Thing)
      })
      query(world, [Thing])
      const frameIn = perEntity(frame)
      const remove = perEntity(() => {
        for (const entity of all) removeComponent(world, entity, Thing)
      })
      query(world, [Thing])
      const frameOut = perEntity(frame)
      if (round < 10) return
      adds[i].push(add)
      removes[i].push(remove)
      framesIn[i].push(frameIn)
      framesOut[i].push(frameOut)
    })
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]
  const alone = median(adds[0]) + median(removes[0])
  return kinds.map((kind, i) => {
    const [add, remove] = [median(adds[i]), median(removes[i])]
    cases[i].mk.dispose()
    return [
      kind,
      add.toFixed(0),
      remove.toFixed(0),
      ((add + remove) / alone).toFixed(2),
      median(framesIn[i]).toFixed(0),
      median(framesOut[i]).toFixed(0),
    ]
  })
}

/** Entities with 1, 4 and 8 components. */
async function spawning(): Promise<string[][]> {
  const count = 10_000
  const rows: string[][] = []
  for (const entities of quick ? [10_000] : [10_000, 100_000])
    for (const components of [1, 4, 8]) {
      const frames: number[] = []
      const cases = await Promise.all(
        ['alone', 'observed', 'detect', 'marked'].map((way) =>
          spawner(way, components, entities, count, frames),
        ),
      )
      const times = await interleave(cases, quick ? 9 : 41, 5)
      const [alone, ...others] = times.map(({ median }) => median)
      const frame = frames.toSorted((a, b) => a - b)[frames.length >> 1]
      rows.push([
        String(components),
        entities.toLocaleString('en'),
        short(alone),
        ...others.map((median) => (median / alone).toFixed(2)),
        short(frame),
      ])
    }
  return rows
}

/** @returns lets `count` of the entities die, spawns as many, and says how long bitECS and what follows it took, milliseconds */
async function spawner(
  way: string,
  components: number,
  entities: number,
  count: number,
  frames: number[],
): Promise<() => number> {
  const world = createWorld()
  const capacity = entities * 2 + count
  const stores = Array.from({ length: components }, () => {
    const store = { x: new Float32Array(capacity), y: new Float32Array(capacity) }
    return way === 'detect' || way === 'marked' ? GpuSynced(store, { changes: way, capacity }) : store
  })
  const all: number[] = []
  const spawn = (): void => {
    const entity = addEntity(world)
    for (const store of stores) {
      addComponent(world, entity, store)
      store.x[entity] = entity
      store.y[entity] = 1
    }
    all.push(entity)
  }
  for (let i = 0; i < entities; i++) spawn()
  // The game's own, in each case.
  query(world, stores)
  if (way === 'observed')
    for (const store of stores) {
      const touched = new Uint32Array((capacity >> 5) + 1)
      const touch = (entity: number): void => void (touched[entity >>> 5] |= 1 << (entity & 31))
      observe(world, onAdd(store), touch)
      observe(world, onRemove(store), touch)
    }
  const flagged = way === 'detect' || way === 'marked'
  const gpu = new MkGpu(new DummyBackend())
  const mk = flagged ? await attachMk(world, { gpu, components: stores, heapBytes: 512 << 20 }) : undefined
  let at = 1
  return () => {
    mk?.beginFrame()
    const start = performance.now()
    for (let i = 0; i < count; i++) {
      at = (Math.imul(at, 1_103_515_245) + 12_345) & 0x7fff_ffff
      const k = at % all.length
      removeEntity(world, all[k])
      all[k] = all[all.length - 1]
      all.pop()
    }
    for (let i = 0; i < count; i++) spawn()
    query(world, stores)
    const took = performance.now() - start
    mk?.endFrame()
    if (way === 'marked') frames.push(performance.now() - start - took)
    return took
  }
}
