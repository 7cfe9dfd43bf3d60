import { crc32 } from './crc32.ts'

/** Bytes of a chunk. */
const CHUNK_BYTES = 64 << 10
/** The largest number with two bytes as a varint. */
const MAX_SHORT = (1 << 14) - 1

const encoder = /* @__PURE__ */ new TextEncoder()

/** Bytes of a number as a varint: 7 bits each, the lowest first. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Writes bytes into chunks, which it takes from a store of spare ones. */
export class ByteWriter {
  readonly #full: Uint8Array<ArrayBuffer>[] = []
  readonly #spare: Uint8Array<ArrayBuffer>[]
  readonly #word = new DataView(new ArrayBuffer(8))
  #chunk: Uint8Array<ArrayBuffer>
  #at = 0

  /** @param spare chunks to use before new ones are made */
  constructor(spare: Uint8Array<ArrayBuffer>[] = []) {
    this.#spare = spare
    this.#chunk = this.#next()
  }

  get length(): number {
    return this.#full.length * CHUNK_BYTES + this.#at
  }

  /** The CRC-32 of all bytes so far: a walk over them. */
  get crc(): number {
    let crc = 0
    for (const piece of this.pieces) crc = crc32(piece, crc)
    return crc
  }

  /** All bytes, in pieces that stay the writer's. */
  get pieces(): Uint8Array<ArrayBuffer>[] {
    return [...this.#full, this.#chunk.subarray(0, this.#at)]
  }

  /** Gives all its chunks back; it must not be used afterwards. */
  release(): void {
    this.#spare.push(...this.#full, this.#chunk)
    this.#full.length = 0
  }

  u8(value: number): void {
    if (this.#at === CHUNK_BYTES) this.#turn()
    this.#chunk[this.#at++] = value
  }

  u32(value: number): void {
    this.#word.setUint32(0, value, true)
    for (let i = 0; i < 4; i++) this.u8(this.#word.getUint8(i))
  }

  f64(value: number): void {
    this.#word.setFloat64(0, value, true)
    for (let i = 0; i < 8; i++) this.u8(this.#word.getUint8(i))
  }

  varint(value: number): void {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.u8((rest % 128) | 128)
    this.u8(rest)
  }

  text(value: string): void {
    const bytes = encoder.encode(value)
    this.varint(bytes.length)
    this.bytes(bytes, 0, bytes.length)
  }

  /** Writes bytes `from … end − 1`. */
  bytes(source: Uint8Array, from: number, end: number): void {
    let at = from
    while (at < end) {
      if (this.#at === CHUNK_BYTES) this.#turn()
      const count = Math.min(end - at, CHUNK_BYTES - this.#at)
      if (count < 64) {
        // A view for a few bytes costs more than they do.
        for (let i = 0; i < count; i++) this.#chunk[this.#at + i] = source[at + i]
      } else this.#chunk.set(source.subarray(at, at + count), this.#at)
      this.#at += count
      at += count
    }
  }

  /** Writes two varints, then bytes `from … end − 1`. */
  run(gap: number, count: number, source: Uint8Array, from: number, end: number): void {
    const size = end - from
    // Most runs are a row somewhere: both numbers have two bytes at most, and all goes into the chunk.
    if (size >= 64 || gap > MAX_SHORT || count > 127 || this.#at + size + 3 > CHUNK_BYTES) {
      this.varint(gap)
      this.varint(count)
      return this.bytes(source, from, end)
    }
    const chunk = this.#chunk
    let at = this.#at
    if (gap > 127) {
      chunk[at++] = (gap & 127) | 128
      chunk[at++] = gap >>> 7
    } else chunk[at++] = gap
    chunk[at++] = count
    for (let i = from; i < end; i++) chunk[at++] = source[i]
    this.#at = at
  }

  #turn(): void {
    this.#full.push(this.#chunk)
    this.#chunk = this.#next()
    this.#at = 0
  }

  #next(): Uint8Array<ArrayBuffer> {
    return this.#spare.pop() ?? new Uint8Array(CHUNK_BYTES)
  }
}
