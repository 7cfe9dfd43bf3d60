import { countCalls, type CallCounts } from '@memkit/testing/call-counts'
import type { Uploader } from '../cases/uploader.ts'
import type { Place } from '../place.ts'
import type { RowSets } from '../rows.ts'
import { ratioOf, summarise, type Ratio, type Summary } from '../statistics.ts'
import { inTurns, type TurnLimits } from '../turns.ts'

/** What one way of uploading took in one cell. Milliseconds. */
export interface Entry {
  readonly name: string
  /** Of the calling thread: stage and flush. */
  readonly thread?: Summary | undefined
  /** From the same start until the device was done. */
  readonly done?: Summary | undefined
  /** This ÷ the first of the cell, by thread and until the device was done. */
  readonly threadRatio?: Ratio | undefined
  readonly doneRatio?: Ratio | undefined
  /** What one frame of it asks of the device. */
  readonly calls?: CallCounts | undefined
  /** Why it was not timed. */
  readonly leftOut?: string | undefined
}

/** A frame that would take longer is not waited for, milliseconds. */
const TOO_LONG_MS = 250

/** Ways of uploading the same kind of rows, timed in turn cell by cell. Refuses to time who does not do the work. */
export class Contest {
  readonly #place: Place
  readonly #uploaders: readonly Uploader[]
  /** Milliseconds when it was timed last, and how many rows had changed. */
  readonly #last = new Map<Uploader, { readonly ms: number; readonly rows: number }>()

  constructor(place: Place, uploaders: readonly Uploader[]) {
    this.#place = place
    this.#uploaders = uploaders
  }

  /**
   * Lets the engine compile everybody's code, as it has in a game after its first minute: what runs once a frame is
   * optimised after thousands of frames. A quick run does not wait for that.
   */
  async warmUp(sets: RowSets, quick: boolean): Promise<void> {
    const ms = quick ? 300 : 1200
    const frames = quick ? 150 : 4000
    for (const uploader of this.#uploaders) {
      const end = performance.now() + ms
      for (let frame = 0; frame < frames && performance.now() < end; frame++) {
        const rows = sets.next()
        uploader.change(rows)
        uploader.upload(rows)
        if (frame % 10 === 9) await uploader.done()
      }
      await uploader.done()
    }
  }

  /** Changes all rows, then those of a set, and compares everything that the device then holds. @throws when it differs */
  async check(...sets: readonly RowSets[]): Promise<void> {
    if (!this.#place.readable) return
    for (const uploader of this.#uploaders) {
      for (const set of sets) {
        const rows = set.next()
        uploader.change(rows)
        uploader.upload(rows)
      }
      await uploader.done()
      const held = new Uint32Array(await uploader.read())
      const wanted = uploader.expected()
      const bits = new Uint32Array(wanted.buffer, wanted.byteOffset, wanted.length)
      if (held.length !== bits.length)
        throw new Error(`${uploader.name}: ${held.length} words on the device, ${bits.length} wanted`)
      const wrong = bits.findIndex((word, i) => word !== held[i])
      if (wrong >= 0)
        throw new Error(`${uploader.name}: the device does not hold what it should from word ${wrong} on`)
    }
  }

  /** Times everybody in one cell. @param count rows that change per frame */
  async cell(sets: RowSets, count: number, limits: TurnLimits): Promise<Entry[]> {
    const taking: Uploader[] = []
    const leftOut = new Map<Uploader, string>()
    for (const uploader of this.#uploaders) {
      const last = this.#last.get(uploader)
      const expected = last ? last.ms * (uploader.perRow ? count / last.rows : 1) : 0
      if (expected > TOO_LONG_MS) leftOut.set(uploader, `about ${Math.round(expected)} ms a frame`)
      else taking.push(uploader)
    }
    const calls = taking.map((uploader) => {
      const rows = sets.next()
      uploader.change(rows)
      return countCalls(this.#place, () => uploader.upload(rows))
    })
    for (const uploader of taking) await uploader.done()
    const samples = await inTurns(
      taking.map((uploader) => ({
        async run() {
          const rows = sets.next()
          uploader.change(rows)
          const start = performance.now()
          uploader.upload(rows)
          const thread = performance.now() - start
          await uploader.done()
          return { thread, done: performance.now() - start }
        },
      })),
      limits,
    )
    const threads = samples.map((all) => all.map(({ thread }) => thread))
    const dones = samples.map((all) => all.map(({ done = 0 }) => done))
    return this.#uploaders.map((uploader) => {
      const at = taking.indexOf(uploader)
      if (at < 0) return { name: uploader.name, leftOut: leftOut.get(uploader) }
      const thread = summarise(threads[at])
      if (count >= 1000 && thread !== undefined) this.#last.set(uploader, { ms: thread.median, rows: count })
      return {
        name: uploader.name,
        thread,
        done: summarise(dones[at]),
        threadRatio: ratioOf(threads[at], threads[0]),
        doneRatio: ratioOf(dones[at], dones[0]),
        calls: calls[at],
      }
    })
  }

  dispose(): void {
    for (const uploader of this.#uploaders) uploader.dispose()
  }
}
