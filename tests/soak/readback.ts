import { Not, Or } from 'bitecs'
import type { GpuQuery, MkSync, SyncedBuffer } from '@memkit/ecs-plugin'
import type { MkDeviceBuffer } from '@memkit/gpu'
import type { Expected } from './expected.ts'
import { Part, SLOTS } from './kinds.ts'
import type { Population } from './population.ts'

/** A query on the device, and whom it must hold. */
export interface LivingQuery {
  readonly query: GpuQuery
  /** Parts that an entity must have, of which it must have one, and that it must not have. */
  readonly all: number
  readonly any: number
  readonly none: number
  /** Index of the component whose rows are listed; −1: entity ids. */
  readonly rowsOf: number
}

/** Makes one of three queries. */
export function makeQuery(mk: MkSync<object>, population: Population, which: number): LivingQuery {
  const [position, body, , colour, sensor] = population.kinds.map(({ component }) => component)
  const draw = { vertexCount: 6 }
  if (which === 0) {
    const query = mk.query([position, Not(population.tags.frozen)], { draw })
    return { query, all: Part.Position, any: 0, none: Part.Frozen, rowsOf: -1 }
  }
  if (which === 1) {
    const query = mk.query([Or(colour, sensor)])
    return { query, all: 0, any: Part.Colour | Part.Sensor, none: 0, rowsOf: -1 }
  }
  const query = mk.query([position], { rowsOf: body, draw: { indexCount: 36 } })
  return { query, all: Part.Position | Part.Body, any: 0, none: 0, rowsOf: 1 }
}

/**
 * Reads the device back and compares, while frames go on: what must be there is copied when the read is asked for, and compared
 * when the bytes come.
 */
export class Readback {
  /** Reads that were compared, and bytes. */
  reads = 0
  bytes = 0
  /** Reads that a loss took. */
  dropped = 0
  /** What differed: empty, if all is well. */
  readonly mismatches: string[] = []
  readonly #waiting = new Set<Promise<void>>()
  readonly #entityAt: Int32Array = new Int32Array(SLOTS)

  /** Reads that are under way. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Resolves when nothing is under way. */
  async settle(): Promise<void> {
    await Promise.all(this.#waiting)
  }

  /** Rows `first` … of a component, `count` or as many as there are. @param where frame and the like, for the message */
  rows(mk: MkSync<object>, expected: Expected, first: number, count: number, where: string): void {
    const { kind } = expected
    const buffer: SyncedBuffer = mk.buffer(kind.component)
    const what = `${where}, ${kind.label}`
    const listed = kind.packed ? this.#listRows(buffer, expected, what) : buffer.rows
    // Rows past the last hold what those who left had, unless they are zeroed.
    const most = kind.packed && !kind.zeroed ? listed : buffer.capacity
    const end = Math.min(first + count, most)
    if (end <= first) return
    const words = new Uint32Array((end - first) * kind.words)
    const skipped = new Uint8Array(end - first)
    for (let row = first; row < end; row++) {
      let entity = row
      if (kind.packed) entity = row < listed ? this.#entityAt[row] : 0
      // Free rows are the device's, where it writes.
      if (entity >= SLOTS || (kind.download && !expected.staged[entity])) skipped[row - first] = 1
      else if (!kind.packed || row < listed)
        words.set(
          expected.words.subarray(entity * kind.words, (entity + 1) * kind.words),
          (row - first) * kind.words,
        )
    }
    const { stride } = buffer
    this.#read(mk, buffer.buffer, first * stride, (end - first) * stride, what, (found) => {
      for (let i = 0; i < words.length; i++)
        if (found[i] !== words[i] && !skipped[Math.floor(i / kind.words)])
          return `row ${first + Math.floor(i / kind.words)}, word ${i % kind.words}: ${hex(found[i])}, not ${hex(words[i])}`
      return undefined
    })
  }

  /** The list of a query, and its draw arguments. */
  list(mk: MkSync<object>, population: Population, living: LivingQuery, where: string): void {
    const { query, all, any, none, rowsOf } = living
    const rows = rowsOf < 0 ? undefined : mk.buffer(population.kinds[rowsOf].component)
    const members: number[] = []
    for (const entity of population.alive) {
      const parts = population.parts[entity]
      if ((parts & all) === all && (any === 0 || (parts & any) !== 0) && (parts & none) === 0)
        members.push(rows?.rowOf(entity) ?? entity)
    }
    const what = `${where}, ${query.label}`
    if (query.count !== members.length) this.#fail(`${what}: ${query.count} members, not ${members.length}`)
    const wanted = Uint32Array.from(members).sort()
    if (wanted.length > 0)
      this.#read(mk, query.indices.buffer, 0, wanted.length * 4, what, (found) => {
        const sorted = found.slice().sort()
        const at = wanted.findIndex((entity, i) => entity !== sorted[i])
        return at < 0 ? undefined : `${sorted[at]} is listed instead of ${wanted[at]}`
      })
    if (living.any === 0)
      this.#read(mk, query.drawArgs.buffer, 4, 4, `${what}, instances`, ([count]) =>
        count === wanted.length ? undefined : `${count}, not ${wanted.length}`,
      )
  }

  /** Bytes anywhere. They are copied. */
  bytesOf(
    mk: MkSync<object>,
    buffer: MkDeviceBuffer,
    offset: number,
    bytes: Uint32Array,
    what: string,
  ): void {
    const wanted = bytes.slice()
    this.#read(mk, buffer, offset, wanted.byteLength, what, (found) => {
      const at = wanted.findIndex((word, i) => word !== found[i])
      return at < 0 ? undefined : `word ${at}: ${hex(found[at])}, not ${hex(wanted[at])}`
    })
  }

  #fail(message: string): void {
    this.mismatches.push(message)
  }

  /** Who has which packed row. @returns how many rows there are */
  #listRows(buffer: SyncedBuffer, { staged }: Expected, what: string): number {
    const { rows } = buffer
    let count = 0
    this.#entityAt.fill(-1, 0, rows)
    for (let entity = 0; entity < SLOTS; entity++) {
      if (staged[entity] === 0) continue
      const row = buffer.rowOf(entity)
      if (row < 0 || row >= rows || this.#entityAt[row] >= 0)
        this.#fail(`${what}: row ${row} for entity ${entity}, of ${rows} rows`)
      this.#entityAt[row] = entity
      count++
    }
    if (count !== rows) this.#fail(`${what}: ${rows} rows, not ${count}`)
    return rows
  }

  #read(
    mk: MkSync<object>,
    buffer: MkDeviceBuffer,
    offset: number,
    size: number,
    what: string,
    differs: (found: Uint32Array) => string | undefined,
  ): void {
    const { coordinator, gpu } = mk
    const read = coordinator.download(buffer, offset, size).then(
      (bytes) => {
        const difference = differs(new Uint32Array(bytes))
        if (difference !== undefined) this.#fail(`${what}: ${difference}`)
        this.reads++
        this.bytes += bytes.byteLength
      },
      async (error: unknown) => {
        // A device that is destroyed may say so after it has rejected what was pending.
        for (let i = 0; i < 20 && !gpu.isLost; i++) await new Promise((resolve) => setTimeout(resolve, 5))
        if (gpu.isLost) this.dropped++
        else this.#fail(`${what}: ${String(error)}`)
      },
    )
    this.#waiting.add(read)
    void read.then(() => this.#waiting.delete(read))
  }
}

function hex(word: number | undefined): string {
  return word === undefined ? 'nothing' : `0x${word.toString(16).padStart(8, '0')}`
}
