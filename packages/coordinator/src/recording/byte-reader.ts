import { BadRecording } from './errors.ts'

const MAX_TEXT = 1 << 16
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true })

/** Reads a file that may hold anything: what isn't there is an error, before it is used. */
export class ByteReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, at: number = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.end - this.at
  }

  /** @throws {@link BadRecording} */
  fail(reason: string, offset: number = this.at): never {
    throw new BadRecording({ offset, reason })
  }

  /** Steps over bytes. @returns where they begin @throws {@link BadRecording} */
  skip(count: number, what: string): number {
    const from = this.at
    if (count > this.end - from) this.fail(`${what} take ${count} bytes, and ${this.end - from} are left`)
    this.at = from + count
    return from
  }

  u8(): number {
    return this.bytes[this.skip(1, 'more parts')]
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4, 'a number'), true)
  }

  f64(): number {
    return this.#view.getFloat64(this.skip(8, 'a time step'), true)
  }

  /** A whole number of at most `most`. */
  varint(what: string, most: number = 2 ** 32 - 1): number {
    const from = this.at
    let value = 0
    for (let factor = 1; factor < 2 ** 35; factor *= 128) {
      const byte = this.u8()
      value += (byte & 127) * factor
      if (byte > 127) continue
      if (value > most) this.fail(`${what} is ${value}, and may be ${most} at most`, from)
      return value
    }
    return this.fail(`${what} isn’t a number of 32 bits`, from)
  }

  text(what: string): string {
    const length = this.varint(`the length of ${what}`, MAX_TEXT)
    const from = this.skip(length, what)
    try {
      return decoder.decode(this.bytes.subarray(from, from + length))
    } catch {
      return this.fail(`${what} isn’t UTF-8`, from)
    }
  }
}
