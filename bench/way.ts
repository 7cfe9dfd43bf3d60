// npm run way: the way of one value, from `Position.x[entity] = 42` to the device buffer: which files, functions and calls of the
// packages one frame takes, by V8's precise coverage, per store and change mode. Fewer rooms to walk through, not more speed: the
// figures of the benchmarks are elsewhere.
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'
import { attachMk, createHeap, f32, GpuSynced, struct, type Changes } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { addComponent, addEntity, createWorld } from 'bitecs'

/** Entities of the world; one of them changes in the frame that is measured. */
const ENTITIES = 10_000
const FRAMES_BEFORE = 20
const FRAMES_AFTER = 4
const MODES: readonly Changes[] = ['detect', 'marked', 'all']

interface Way {
  readonly files: number
  readonly functions: number
  readonly calls: number
  /** Calls of each function, most first. */
  readonly called: readonly (readonly [name: string, calls: number])[]
}

const heap = createHeap()
/** A component of two scalars, and how the first is set. */
interface Store {
  readonly component: object
  readonly setX: (entity: number, value: number) => void
}

function columns(component: Record<'x' | 'y', { [entity: number]: number }>): Store {
  for (let entity = 0; entity <= ENTITIES; entity++) component.x[entity] = component.y[entity] = entity
  return { component, setX: (entity, value) => void (component.x[entity] = value) }
}

const stores: Readonly<Record<string, () => Store>> = {
  'plain columns': () => columns({ x: new Float32Array(ENTITIES + 1), y: new Float32Array(ENTITIES + 1) }),
  'heap columns': () => columns(heap.columns({ x: f32, y: f32 }, ENTITIES)),
  'heap rows': () => {
    const component = heap.rows(struct({ x: f32, y: f32 }), ENTITIES)
    return { component, setX: (entity, value) => component.x.set(entity, value) }
  },
  'number[]': () => columns({ x: [] as number[], y: [] as number[] }),
}

const all = process.argv.includes('--calls')
console.log('One frame in which one row changed: files, functions and calls of memkit.\n')
console.log('| store | changes | files | functions | calls |\n| --- | --- | ---: | ---: | ---: |')
for (const [store, make] of Object.entries(stores))
  for (const changes of MODES) {
    const way = await wayOf(make(), changes)
    console.log(`| ${store} | ${changes} | ${way.files} | ${way.functions} | ${way.calls} |`)
    if (all) for (const [name, calls] of way.called) console.log(`    ${String(calls).padStart(4)} ${name}`)
  }

async function wayOf({ component, setX }: Store, changes: Changes): Promise<Way> {
  const gpu = new MkGpu(new DummyBackend())
  const world = createWorld()
  const Position = GpuSynced(component, { label: 'Position', changes })
  const mk = await attachMk(world, { gpu, components: [Position], calibrate: false })
  await mk.coordinator.ready()
  let entity = 0
  for (let i = 0; i < ENTITIES; i++) {
    entity = addEntity(world)
    addComponent(world, entity, Position)
  }
  const frame = (value: number): void => {
    setX(entity, value)
    if (changes === 'marked') mk.mark(Position, entity)
    mk.beginFrame()
    mk.stage()
    mk.endFrame()
  }
  for (let i = 0; i < FRAMES_BEFORE; i++) frame(i)
  await gpu.waitIdle()
  // Now and then a frame has more to do: the shortest of some is the way itself.
  let way = await followed(() => frame(42))
  for (let i = 0; i < FRAMES_AFTER; i++) {
    const other = await followed(() => frame(i))
    if (other.calls < way.calls) way = other
  }
  mk.dispose()
  return way
}

/** What runs in the packages while `frame` does. */
async function followed(frame: () => void): Promise<Way> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  frame()
  const { result } = await session.post('Profiler.takePreciseCoverage')
  await session.post('Profiler.stopPreciseCoverage')
  session.disconnect()
  const called: [string, number][] = []
  const files = new Set<string>()
  for (const { url, functions } of result) {
    const file = /packages\/[\w-]+\/src\/.*/.exec(url.startsWith('file:') ? fileURLToPath(url) : url)?.[0]
    if (file === undefined) continue
    for (const { functionName, ranges } of functions) {
      const calls = ranges[0]?.count ?? 0
      if (calls === 0) continue
      files.add(file)
      called.push([`${functionName || '(anonymous)'} ${file}`, calls])
    }
  }
  called.sort((a, b) => b[1] - a[1])
  return {
    files: files.size,
    functions: called.length,
    calls: called.reduce((sum, [, n]) => sum + n, 0),
    called,
  }
}
