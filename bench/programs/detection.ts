import { createHeap, f32 } from '@memkit/core'
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import { addComponent, addEntity, createWorld } from 'bitecs'
import { createChanged, createWorld as createKootaWorld, trait } from 'koota'
import type { Place } from '../place.ts'
import { RowSets } from '../rows.ts'
import { ratioOf, summarise, type Ratio, type Summary } from '../statistics.ts'
import { inTurns } from '../turns.ts'
import type { Run } from './program.ts'

/** What writing some rows and finding out which were written took, milliseconds. */
export interface Found {
  readonly entities: number
  readonly share: number
  readonly entries: readonly {
    readonly name: string
    readonly time: Summary | undefined
    /** ÷ only writing the columns. */
    readonly ratio: Ratio | undefined
  }[]
}

/** A game that moves some of its entities and then wants to know which it moved. */
interface Tracker {
  readonly name: string
  /** Writes the rows and finds them. @returns how many it found */
  frame(rows: Uint32Array): number
  /** After each frame, not timed. */
  after?(): void
}

/** Finding what changed: memkit's ways beside koota's own tracking and beside a loop by hand. Writing is timed along, because that is where tracking costs. */
export async function detection(place: Place, run: Run): Promise<Found[]> {
  const entities = run.quick ? 20_000 : 100_000
  const trackers = [
    writesAlone(entities),
    comparing(entities),
    ...(await withMemkit(place, entities)),
    ...withKoota(entities),
  ]
  const shares = run.quick ? [0.01] : [0.001, 0.01, 0.1, 1]
  const all: Found[] = []
  for (const share of shares) {
    run.progress(all.length / shares.length, `${share * 100} % of ${entities.toLocaleString('en')} entities`)
    const sets = new RowSets(entities, entities * share, 'random')
    const samples = await inTurns(
      trackers.map((tracker) => ({
        run() {
          const rows = sets.next()
          const start = performance.now()
          const found = tracker.frame(rows)
          const thread = performance.now() - start
          tracker.after?.()
          if (found !== rows.length)
            throw new Error(`${tracker.name}: ${found} found, ${rows.length} were written`)
          return Promise.resolve({ thread })
        },
      })),
      { budgetMs: run.quick ? 600 : 4_000, leastRounds: 7, mostRounds: 101, warmUp: 20 },
    )
    const times = samples.map((each) => each.map(({ thread }) => thread))
    all.push({
      entities,
      share,
      entries: trackers.map(({ name }, k) => ({
        name,
        time: summarise(times[k]),
        ratio: ratioOf(times[k], times[0]),
      })),
    })
  }
  return all
}

interface Columns {
  readonly x: Float32Array
  readonly y: Float32Array
  readonly z: Float32Array
}

let turn = 0

/** New values for entities, whose ids start at 1. */
function write({ x, y, z }: Columns, rows: Uint32Array): void {
  turn++
  for (let i = 0; i < rows.length; i++) {
    const id = rows[i] + 1
    x[id] = turn + (id & 1023)
    y[id] = turn
    z[id] = -turn
  }
}

function plainColumns(entities: number): Columns {
  const column = (): Float32Array => new Float32Array(entities + 1)
  return { x: column(), y: column(), z: column() }
}

function writesAlone(entities: number): Tracker {
  const columns = plainColumns(entities)
  return {
    name: 'plain writes, nothing found',
    frame(rows) {
      write(columns, rows)
      return rows.length
    },
  }
}

function comparing(entities: number): Tracker {
  const columns = plainColumns(entities)
  const known = plainColumns(entities)
  const changed = new Uint32Array(entities)
  return {
    name: 'plain writes, a loop that compares',
    frame(rows) {
      write(columns, rows)
      let count = 0
      for (let id = 1; id <= entities; id++) {
        if (columns.x[id] === known.x[id] && columns.y[id] === known.y[id] && columns.z[id] === known.z[id])
          continue
        known.x[id] = columns.x[id]
        known.y[id] = columns.y[id]
        known.z[id] = columns.z[id]
        changed[count++] = id
      }
      return count
    },
  }
}

/** Times `stage()` only, which finds the rows and packs them. They are uploaded afterwards, so that the next frame finds others. */
async function withMemkit({ gpu }: Place, entities: number): Promise<Tracker[]> {
  const ways = [
    ['memkit detect, heap columns', 'detect', true],
    ['memkit detect, Float32Array columns', 'detect', false],
    ['memkit marked, heap columns', 'marked', true],
  ] as const
  return await Promise.all(
    ways.map(async ([name, changes, inHeap]) => {
      const heap = createHeap({ bytes: 64 << 20 })
      const columns: Columns = inHeap
        ? heap.columns({ x: f32, y: f32, z: f32 }, entities)
        : plainColumns(entities)
      const component = GpuSynced(columns, { changes, capacity: entities + 1 })
      const world = createWorld()
      for (let i = 0; i < entities; i++) addComponent(world, addEntity(world), component)
      const mk = await attachMk(world, { gpu, heap, components: [component] })
      await mk.coordinator.ready()
      mk.beginFrame()
      mk.endFrame()
      let found = 0
      return {
        name,
        frame(rows) {
          mk.beginFrame()
          write(columns, rows)
          if (changes === 'marked') for (let i = 0; i < rows.length; i++) mk.mark(component, rows[i] + 1)
          mk.stage()
          // Rows that are dirty in the mirror now; said by the report when they have gone up.
          found = rows.length
          return found
        },
        after() {
          const { rowsChanged } = mk.endFrame()
          if (rowsChanged !== found) throw new Error(`${name}: ${rowsChanged} found, ${found} were written`)
        },
      } satisfies Tracker
    }),
  )
}

/** koota as its README says: `set` per entity, `updateEach` over all with its comparison, and writes to the store with `changed()`. */
function withKoota(entities: number): Tracker[] {
  const spawn = (): {
    Position: ReturnType<typeof position>
    world: ReturnType<typeof createKootaWorld>
    all: ReturnType<ReturnType<typeof createKootaWorld>['spawn']>[]
  } => {
    const Position = position()
    const world = createKootaWorld()
    return { Position, world, all: Array.from({ length: entities }, () => world.spawn(Position)) }
  }
  const bySet = (): Tracker => {
    const { Position, world, all } = spawn()
    const Changed = createChanged()
    world.query(Changed(Position))
    return {
      name: 'koota set(), query(Changed)',
      frame(rows) {
        turn++
        for (let i = 0; i < rows.length; i++)
          all[rows[i]].set(Position, { x: turn + (rows[i] & 1023), y: turn, z: -turn })
        return world.query(Changed(Position)).length
      },
    }
  }
  const byEach = (): Tracker => {
    const { Position, world, all } = spawn()
    const Changed = createChanged()
    world.query(Changed(Position))
    const wanted = new Uint8Array(entities)
    const rowOf = new Map(all.map((entity, row) => [entity, row]))
    const ids = new Uint32Array(Math.max(...all.map((entity) => entity.id())) + 1)
    for (const [entity, row] of rowOf) ids[entity.id()] = row
    return {
      name: 'koota updateEach(), query(Changed)',
      frame(rows) {
        turn++
        for (let i = 0; i < rows.length; i++) wanted[rows[i]] = 1
        world.query(Position).updateEach(
          ([value], entity) => {
            const row = ids[entity.id()]
            if (wanted[row] === 0) return
            wanted[row] = 0
            value.x = turn + (row & 1023)
            value.y = turn
            value.z = -turn
          },
          { changeDetection: 'always' },
        )
        return world.query(Changed(Position)).length
      },
    }
  }
  const byHand = (): Tracker => {
    const { Position, world, all } = spawn()
    const Changed = createChanged()
    world.query(Changed(Position))
    return {
      name: 'koota useStores() and changed(), query(Changed)',
      frame(rows) {
        turn++
        world.query(Position).useStores(([store]) => {
          for (let i = 0; i < rows.length; i++) {
            const entity = all[rows[i]]
            const id = entity.id()
            store.x[id] = turn + (rows[i] & 1023)
            store.y[id] = turn
            store.z[id] = -turn
            entity.changed(Position)
          }
        })
        return world.query(Changed(Position)).length
      },
    }
  }
  return [bySet(), byEach(), byHand()]
}

// oxlint-disable-next-line typescript/explicit-function-return-type -- its type is what trait() infers
function position() {
  return trait({ x: 0, y: 0, z: 0 })
}
