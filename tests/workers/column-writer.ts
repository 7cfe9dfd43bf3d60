import { SharedMarker } from '@memkit/ecs-plugin'

/** What a worker is asked to do. All of it is shared memory. */
export interface WriteJob {
  readonly tag: Uint32Array
  readonly x: Float32Array
  /** Entities first, first + step, …, up to the end of the columns: workers that share a step write side by side, in the same words of bits. */
  readonly first: number
  readonly step: number
  /** Left out: the sync compares the columns. */
  readonly marker?: SharedMarker
  /** Word 0: not 0 to stop. Word 1: workers that have written every row of theirs once. */
  readonly control: Int32Array
}

/** An entity in the upper half of a word, a turn in the lower: half of one word and half of another would show. */
export const tagOf = (entity: number, turn: number): number => ((entity << 16) | (turn & 0xffff)) >>> 0
/** Exact in a float below 2²⁴, so for entities below 8 192. */
export const xOf = (entity: number, turn: number): number => entity * 2048 + (turn & 2047)

/** Writes rows one after the other until it is told to stop. @returns rows written */
export function writeColumns({ tag, x, first, step, marker: posted, control }: WriteJob): number {
  const marker = posted === undefined ? undefined : SharedMarker.from(posted)
  let rows = 0
  for (let turn = 1; Atomics.load(control, 0) === 0; turn++) {
    for (let entity = first; entity < x.length; entity += step) {
      // Some rest, others in each turn, so that not every mark is a mark that is there already.
      if ((entity + turn) % 3 === 0) continue
      x[entity] = xOf(entity, turn)
      tag[entity] = tagOf(entity, turn)
      marker?.mark(entity)
      rows++
    }
    if (turn === 3) Atomics.add(control, 1, 1)
  }
  return rows
}
