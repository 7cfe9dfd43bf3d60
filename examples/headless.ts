// A bitECS world on a GPU without a screen: 300 frames in which entities move, rest, die and
// multiply, and a check that every byte arrived.
//
// npm run example [-- headless --entities 10000 --frames 300]
//
// Runs on Dawn (WebGPU in Node) if there is an adapter, which may be a software one, and on the
// Dummy backend otherwise.
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { attachMk, GpuSynced, type SyncedBuffer } from '@memkit/ecs-plugin'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { addComponents, addEntity, createWorld, query, removeEntity } from 'bitecs'
import { formatCount, tableHead, tableRow, Tally } from './headless/report-table.ts'

const { values: asked } = parseArgs({
  options: { entities: { type: 'string', default: '10000' }, frames: { type: 'string', default: '300' } },
})
const entities = wholeNumber('--entities', asked.entities)
const frames = wholeNumber('--frames', asked.frames)

// Two components on the GPU and one that stays on the CPU. Ids start at 1, so columns need one slot
// more than there are entities.
const Position = GpuSynced(
  { x: new Float32Array(entities + 1), y: new Float32Array(entities + 1), z: new Float32Array(entities + 1) },
  { label: 'Position' },
)
const Tint = GpuSynced({ rgba: new Uint32Array(entities + 1) }, { label: 'Tint' })
const Velocity = { x: new Float32Array(entities + 1), y: new Float32Array(entities + 1) }

const world = createWorld()
const random = createRandom(20)
for (let i = 0; i < entities; i++) spawn()

const gpu = await anyGpu()
const mk = await attachMk(world, { gpu })

/** The phases of the run, each a fifth of the frames. */
const phases: { name: string; update: (frame: number) => void }[] = [
  {
    name: 'all move',
    update: () => {
      for (const e of query(world, [Position, Velocity])) move(e)
    },
  },
  {
    name: '1 % move',
    update: (frame) => {
      for (const e of query(world, [Position, Velocity])) if (e % 100 === frame % 100) move(e)
    },
  },
  { name: 'nothing moves', update: () => {} },
  {
    name: '1 % reborn',
    update: () => {
      const alive = query(world, [Position])
      const leaving = new Set<number>()
      while (leaving.size < Math.min(alive.length, entities / 100))
        leaving.add(alive[Math.floor(random() * alive.length)])
      for (const e of leaving) removeEntity(world, e)
      // bitECS reuses ids at once: new entities get the rows of dead ones.
      for (let i = 0; i < leaving.size; i++) spawn()
    },
  },
  {
    name: 'twice as many',
    update: () => {
      const share = Math.ceil(entities / Math.ceil(frames / 5))
      for (let i = 0; i < share; i++) spawn()
    },
  },
]

console.log(`${formatCount(entities)} entities, ${formatCount(frames)} frames on ${describe(gpu)}\n`)
console.log(tableHead)
const total = new Tally()
let tally = new Tally()
let first = 1
for (let frame = 1; frame <= frames; frame++) {
  const phase = phases[Math.floor(((frame - 1) * phases.length) / frames)]
  mk.beginFrame()
  phase.update(frame)
  const report = mk.endFrame()
  tally.add(report)
  total.add(report)
  const next = phases[Math.floor((frame * phases.length) / frames)]
  if (frame % 30 === 0 || phase !== next) {
    console.log(tableRow([`${first}–${frame}`, phase.name, ...tally.cells()]))
    tally = new Tally()
    first = frame + 1
  }
  // Lets the device keep up. A game's frame loop waits for the display instead.
  await mk.coordinator.pace()
}
console.log(tableRow(['all', '', ...total.cells()]))
console.log(
  '\nrows … calls: sums; none … scatter: uploads of a buffer, by strategy; stage, flush: ms per frame\n',
)

const mismatches =
  (await compare('Position', mk.buffer(Position), [Position.x, Position.y, Position.z])) +
  (await compare('Tint', mk.buffer(Tint), [Tint.rgba]))
console.log(`mismatches: ${mismatches}`)
mk.dispose()
gpu.destroy()
process.exitCode = mismatches === 0 ? 0 : 1

function spawn(): void {
  const e = addEntity(world)
  if (e >= Position.x.length) growColumns(e + 1)
  addComponents(world, e, Position, Tint, Velocity)
  Position.x[e] = random()
  Position.y[e] = random()
  Position.z[e] = random()
  Tint.rgba[e] = random() * 2 ** 32
  Velocity.x[e] = random() - 0.5
  Velocity.y[e] = random() - 0.5
}

function move(e: number): void {
  Position.x[e] += Velocity.x[e] / 60
  Position.y[e] += Velocity.y[e] / 60
}

/**
 * Grows the columns. memkit reads them from the component in every frame, so you can simply replace
 * them.
 */
function growColumns(slots: number): void {
  const length = Math.max(slots, Position.x.length * 2)
  for (const component of [Position, Velocity, Tint] as Record<string, Float32Array | Uint32Array>[])
    for (const name of Object.keys(component)) {
      const column = component[name]
      component[name] = column instanceof Float32Array ? new Float32Array(length) : new Uint32Array(length)
      component[name].set(column)
    }
}

/**
 * Reads a buffer back and compares the row of every live entity with its columns, bit by bit.
 * @returns the number of rows that differ
 */
async function compare(
  name: string,
  buffer: SyncedBuffer,
  columns: readonly (Float32Array | Uint32Array)[],
): Promise<number> {
  const device = new Uint32Array(await buffer.read())
  const wanted = columns.map((column) => new Uint32Array(column.buffer))
  const words = buffer.stride / 4
  const alive = query(world, [Position, Tint])
  let different = 0
  for (const e of alive)
    if (wanted.some((column, i) => column[e] !== device[buffer.rowOf(e) * words + i])) different++
  const size = `${formatCount(buffer.rows)} rows of ${buffer.stride} bytes, room for ${formatCount(buffer.capacity)}`
  console.log(`${name}: ${size}; ${formatCount(alive.length)} living entities compared, ${different} differ`)
  return different
}

/** Returns Dawn if it finds an adapter, otherwise the Dummy backend. */
async function anyGpu(): Promise<MkGpu> {
  try {
    return await dawnGpu()
  } catch (error) {
    console.log(
      `No adapter, so this runs on the Dummy backend: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return new MkGpu(new DummyBackend())
  }
}

function describe({ capabilities: { backend, adapter, runtime } }: MkGpu): string {
  if (backend !== 'webgpu') return `the ${backend} backend, Node ${process.versions.node}`
  const { version } = createRequire(import.meta.url)('webgpu/package.json') as { version: string }
  return `${adapter} (${runtime} ${version})`
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 1_000_000) return value
  throw new Error(`${name} takes a whole number from 1 to 1000000, not ${text}.`)
}

/** Returns numbers from 0 to just below 1, the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return (state >>> 0) / 2 ** 32
  }
}
