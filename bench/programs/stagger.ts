import { createHeap, columnsInfo, f32, type Heap } from '@memkit/core'
import type { Place } from '../place.ts'
import { ratioOf, summarise, type Ratio, type Summary } from '../statistics.ts'
import type { Run } from './program.ts'

type Column = Float32Array<ArrayBuffer>
type Columns = readonly Column[]

/** How columns lie to each other. */
const PLACES = ['apart', 'heap', 'back to back', 'new Float32Array'] as const
type PlaceOfColumns = (typeof PLACES)[number]

/** A system's loop over columns of one capacity. */
export interface StaggerCell {
  readonly columns: number
  readonly capacity: number
  readonly places: readonly {
    readonly name: PlaceOfColumns
    /** Nanoseconds per entity. */
    readonly ns: Summary | undefined
    /** Its time ÷ that of columns that lie apart. */
    readonly ratio: Ratio | undefined
  }[]
}

const COLUMNS = [12, 16]
/** Of the last two, and of 1 023, a column is a multiple of 4 096 bytes long. */
const CAPACITIES = [1023, 1024, 10_000, 16_383, 65_535]
/** Entities that one sample visits, in as many loops as that takes. */
const VISITS = 65_536
const BYTES = 4

/** P4: a system that writes all columns of a component, with the columns at different distances. */
export async function stagger(_place: Place, run: Run): Promise<StaggerCell[]> {
  const heap = createHeap({ bytes: 32 << 20 })
  const cells: StaggerCell[] = []
  for (const columns of COLUMNS) {
    const system = columns === 12 ? write12 : write16
    // All lengths at once, so that no cell runs code that was optimised for another's.
    const sets = CAPACITIES.map((capacity) => PLACES.map((name) => make(heap, name, columns, capacity)))
    for (let i = 0; i < 3; i++)
      for (const [at, capacity] of CAPACITIES.entries()) for (const set of sets[at]) system(set, capacity, i)
    for (const [at, capacity] of CAPACITIES.entries()) {
      run.progress(cells.length / 10, `${columns} columns, capacity ${capacity}`)
      await new Promise((resolve) => setTimeout(resolve))
      cells.push(measure(system, sets[at], columns, capacity, run.quick ? 20 : 100))
    }
  }
  return cells
}

function measure(
  system: typeof write12,
  sets: readonly Columns[],
  columns: number,
  capacity: number,
  rounds: number,
): StaggerCell {
  const loops = Math.ceil(VISITS / capacity)
  const times: number[][] = sets.map(() => [])
  for (let round = -3; round < rounds; round++) {
    for (let k = 0; k < sets.length; k++) {
      const at = (k + round + 3) % sets.length
      const begin = performance.now()
      for (let i = 0; i < loops; i++) system(sets[at], capacity, round)
      const time = performance.now() - begin
      if (round >= 0) times[at].push((time * 1e6) / (loops * capacity))
    }
  }
  const places = PLACES.map((name, i) => {
    return { name, ns: summarise(times[i]), ratio: ratioOf(times[i], times[0]) }
  })
  return { columns, capacity, places }
}

function make(heap: Heap, place: PlaceOfColumns, columns: number, capacity: number): Columns {
  const length = capacity + 1
  if (place === 'heap') {
    const spec = Object.fromEntries(Array.from({ length: columns }, (_, i) => [`c${i}`, f32]))
    const store = heap.columns(spec, capacity)
    return columnsInfo(store)!.columns.map(({ name }) => store[name])
  }
  if (place === 'new Float32Array') return Array.from({ length: columns }, () => new Float32Array(length))
  const pitch =
    place === 'apart'
      ? Math.ceil((length * BYTES) / 4096) * 4096 + 192 // No two near each other in a cache.
      : Math.ceil((length * BYTES) / 16) * 16
  const buffer = new ArrayBuffer(pitch * columns)
  return Array.from({ length: columns }, (_, i) => new Float32Array(buffer, pitch * i, length))
}

// The loops as a game would write them.

function write12([a, b, c, d, e, f, g, h, i, j, k, l]: Columns, entities: number, t: number): void {
  for (let n = 1; n <= entities; n++) {
    a[n] = t
    b[n] = t + 1
    c[n] = t
    d[n] += 1
    e[n] = t
    f[n] = t + 1
    g[n] = t
    h[n] += 1
    i[n] = t
    j[n] = t + 1
    k[n] = t
    l[n] += 1
  }
}

function write16(columns: Columns, entities: number, t: number): void {
  const [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q] = columns
  for (let n = 1; n <= entities; n++) {
    a[n] = t
    b[n] = t + 1
    c[n] = t
    d[n] += 1
    e[n] = t
    f[n] = t + 1
    g[n] = t
    h[n] += 1
    i[n] = t
    j[n] = t + 1
    k[n] = t
    l[n] += 1
    m[n] = t
    o[n] = t + 1
    p[n] = t
    q[n] += 1
  }
}
