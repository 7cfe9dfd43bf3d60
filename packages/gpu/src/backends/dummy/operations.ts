import { copyInto, type DummyBuffer } from './dummy-buffer.ts'

/** A copy or a scatter. */
export class Operation {
  src!: DummyBuffer
  srcOffset = 0
  dst!: DummyBuffer
  dstOffset = 0
  /** Bytes of a copy. */
  size = 0
  /** Bytes per row of a scatter; 0: a copy. */
  stride = 0
  /** Rows of a scatter. */
  count = 0
  /** Where the row numbers of a scatter lie in `src`. */
  indexOffset = 0
  /** Number of its part, which is refused as a whole. */
  part = 0

  run(): void {
    const { src, srcOffset, dst, dstOffset } = this
    if (this.stride === 0) copyInto(dst, dstOffset, src.bytes.buffer, srcOffset, this.size)
    else this.#scatter()
  }

  /** Drops row numbers past the end, as the compute shader does. */
  #scatter(): void {
    const to = this.dst.words
    const from = this.src.words
    const rowWords = this.stride >>> 2
    const base = this.dstOffset >>> 2
    const rows = Math.floor((to.length - base) / rowWords)
    for (let i = 0; i < this.count; i++) {
      const row = from[(this.indexOffset >>> 2) + i] >>> 0
      if (row >= rows) continue
      const source = (this.srcOffset >>> 2) + i * rowWords
      const target = base + row * rowWords
      for (let w = 0; w < rowWords; w++) to[target + w] = from[source + w]
    }
  }
}

/** What is recorded and not submitted. Records are reused, so that a steady submit makes none. */
export class Operations {
  readonly #records: Operation[] = []
  #count = 0
  #part = 0
  /** Scatters among what is recorded. */
  scatters = 0

  /** The next record, to be filled. */
  add(src: DummyBuffer, srcOffset: number, dst: DummyBuffer, dstOffset: number): Operation {
    const op = (this.#records[this.#count++] ??= new Operation())
    op.src = src
    op.srcOffset = srcOffset
    op.dst = dst
    op.dstOffset = dstOffset
    op.stride = 0
    op.part = this.#part
    return op
  }

  separate(): void {
    this.#part++
  }

  /** Gives each part to `submit`, operations from `first` to before `end`; forgets everything. */
  take(submit?: (records: readonly Operation[], first: number, end: number) => void): void {
    const count = this.#count
    const records = this.#records
    this.#count = 0
    this.scatters = 0
    if (submit === undefined) return
    for (let first = 0, end = 0; first < count; first = end) {
      for (end = first + 1; end < count && records[end].part === records[first].part;) end++
      submit(records, first, end)
    }
  }
}
