import { defineError, RowOutOfRange, trailingZeros, type ErrorClass } from '@memkit/core'
import { InvalidOption } from '../options.ts'

/**
 * Memory that threads share was asked for where there is none.
 *
 * What to do: serve the page cross-origin isolated, or send the ids to the main thread and
 * `mk.mark` them there.
 */
export const SharedMemoryUnavailable: ErrorClass<{
  code: 'SharedMemoryUnavailable'
  /** What needs it. */
  call: string
}> = defineError(
  'SharedMemoryUnavailable',
  ({ call }) =>
    `${call} needs a SharedArrayBuffer, and this page has none. Serve the page with the headers Cross-Origin-Opener-Policy: ` +
    'same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless), or send the ids to the main thread and mk.mark them there.',
)
export type SharedMemoryUnavailable = InstanceType<typeof SharedMemoryUnavailable>

// Words of the header, before the summary and the words.
const kindWord = 0
const capacityWord = 1
const idMaskWord = 2
const overflowWord = 3
const headerWords = 16
/** 'mkmr' in ASCII: what is posted is checked to be a marker. */
const kind = 0x6d6b6d72

/** Entities that every marker has room for: 2²⁰ take 132 KiB. */
const MIN_CAPACITY = 2 ** 20

/**
 * Marks rows from any thread. `mk.marker(component)` makes it; post it, and take it up on the other side:
 *
 * ```ts
 * worker.postMessage(mk.marker(Position))                                      // main thread
 * onmessage = ({ data }) => { marker = SharedMarker.from(data) }               // worker
 * Position.x[entity] = 1                                                       // a column on a SharedArrayBuffer
 * marker.mark(entity)                                                          // after the write
 * ```
 *
 * `mark` sets the entity's bit in `words`, then the word's bit in `summary`, with `Atomics.or`;
 * `stage` takes the summary first, then the words, with `Atomics.exchange`. So no mark is lost, and
 * what a worker wrote before `mark` is there for the stage that takes it.
 *
 * Marks of entities past `capacity` (at least 2²⁰) make the next stage take every row. Ask
 * `mk.marker` again then: it makes a bigger one, and earlier ones still work.
 */
export class SharedMarker {
  /** All of its state: what crosses to another thread. */
  readonly buffer: SharedArrayBuffer
  readonly #header: Int32Array
  readonly #summary: Int32Array
  readonly #words: Int32Array
  readonly #capacity: number
  readonly #idMask: number

  /** Use `mk.marker` or `SharedMarker.from`. */
  private constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#header = new Int32Array(buffer, 0, headerWords)
    this.#capacity = this.#header[capacityWord]
    this.#idMask = this.#header[idMaskWord]
    const words = this.#capacity >>> 5
    this.#summary = new Int32Array(buffer, headerWords * 4, words >>> 5)
    this.#words = new Int32Array(buffer, headerWords * 4 + (words >>> 5) * 4, words)
  }

  /**
   * @param entities ids to have room for, at least
   * @param idMask bits of an id that are its row number; −1 for all
   * @throws SharedMemoryUnavailable
   * @internal
   */
  static create(entities: number, idMask: number): SharedMarker {
    if (typeof SharedArrayBuffer === 'undefined') throw new SharedMemoryUnavailable({ call: 'marker' })
    // A power of two, so that summary and words come out even: 1 024 rows make a summary word.
    const capacity = Math.max(MIN_CAPACITY, 2 ** Math.ceil(Math.log2(entities)))
    const words = headerWords + (capacity >>> 5) + (capacity >>> 10)
    const buffer = new SharedArrayBuffer(words * 4)
    new Int32Array(buffer, 0, headerWords).set([kind, capacity, idMask])
    return new SharedMarker(buffer)
  }

  /**
   * Takes up a marker in another thread, as it arrived by `postMessage` or as `workerData`.
   * @throws {@link InvalidOption} when it isn't one
   */
  static from(posted: { readonly buffer: SharedArrayBuffer }): SharedMarker {
    const buffer: unknown = (posted as { readonly buffer?: unknown } | null | undefined)?.buffer
    if (
      typeof SharedArrayBuffer === 'undefined' ||
      !(buffer instanceof SharedArrayBuffer) ||
      buffer.byteLength < headerWords * 4 ||
      new Int32Array(buffer, 0, 1)[kindWord] !== kind
    )
      throw new InvalidOption({
        option: 'posted',
        value: posted,
        allowed: 'what mk.marker(component) returned, as postMessage brought it',
      })
    return new SharedMarker(buffer)
  }

  /** Entities that have a bit of their own: ids 0 … capacity − 1. */
  get capacity(): number {
    return this.#capacity
  }

  /** Marks an entity's row. Call it after the write. @throws {@link RowOutOfRange} for what isn't an id */
  mark(entity: number): void {
    const row = this.#idMask === -1 ? entity : entity & this.#idMask
    if (!Number.isInteger(entity) || row < 0) throw new RowOutOfRange({ row: entity, rows: this.#capacity })
    if (row >= this.#capacity) Atomics.store(this.#header, overflowWord, 1)
    else {
      const word = row >>> 5
      Atomics.or(this.#words, word, 1 << (row & 31))
      Atomics.or(this.#summary, word >>> 5, 1 << (word & 31))
    }
  }

  /** Marks the entities with ids `first` … `first + count − 1`. @throws {@link RowOutOfRange} */
  markRange(first: number, count: number): void {
    if (!Number.isInteger(count) || count < 0)
      throw new RowOutOfRange({ row: first + count, rows: this.#capacity })
    for (let entity = first; entity < first + count; entity++) this.mark(entity)
  }

  /**
   * Hands every marked row to `rows` and forgets it.
   * @returns whether there were marks past `capacity`
   * @internal
   */
  collect(rows: { mark(row: number): void }): boolean {
    const summary = this.#summary
    for (let s = 0; s < summary.length; s++) {
      if (Atomics.load(summary, s) === 0) continue
      for (let bits = Atomics.exchange(summary, s, 0); bits !== 0; bits &= bits - 1) {
        const word = s * 32 + trailingZeros(bits)
        for (let marks = Atomics.exchange(this.#words, word, 0); marks !== 0; marks &= marks - 1)
          rows.mark(word * 32 + trailingZeros(marks))
      }
    }
    return Atomics.exchange(this.#header, overflowWord, 0) !== 0
  }
}
