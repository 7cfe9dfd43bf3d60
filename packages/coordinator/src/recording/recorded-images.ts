import { DirtyRows } from '@memkit/core'
import { ByteReader } from './byte-reader.ts'
import { crc32 } from './crc32.ts'
import { Tag } from './format.ts'
import { readShape, type MirrorShape } from './mirror-shape.ts'
import { readFrame, type FrameHead, type FrameSink } from './read-frame.ts'
import type { RecordedFile } from './recorded-file.ts'

/** One buffer of a recorded frame. */
export interface RecordedImage {
  readonly shape: MirrorShape
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Units that differ from what was last taken away. */
  readonly changed: DirtyRows
  /** Units of the frame that was read last: those that the CPU sent, and those that came back. */
  readonly sent: DirtyRows
  readonly arrived: DirtyRows
}

/** All buffers as they were at the end of one frame, and how to get to another one. */
export class RecordedImages implements FrameSink {
  readonly #file: RecordedFile
  readonly #from: ByteReader
  readonly #images = new Map<number, RecordedImage>()
  #group = -1
  /** −1 before the first. */
  frame = -1
  head: FrameHead | undefined

  constructor(file: RecordedFile) {
    this.#file = file
    this.#from = new ByteReader(file.body)
  }

  get all(): ReadonlyMap<number, RecordedImage> {
    return this.#images
  }

  /** CRC-32 of the bytes of all buffers, in the order of their numbers. */
  get checksum(): number {
    let crc = 0
    for (const [, { bytes }] of [...this.#images].sort(([a], [b]) => a - b)) crc = crc32(bytes, crc)
    return crc
  }

  /** Reads on to a frame, from the keyframe before it where that is nearer, or where it lies behind. */
  seek(frame: number): void {
    const { groups } = this.#file
    const group = groups.findLastIndex(({ first }) => first <= frame)
    if (group !== this.#group || frame < this.frame) {
      this.#group = group
      this.frame = groups[group].first - 1
      this.#from.at = groups[group].offset
    }
    while (this.frame < frame) this.#step()
  }

  #step(): void {
    for (const { sent, arrived } of this.#images.values()) {
      sent.clear()
      arrived.clear()
    }
    // Its keyframe makes all that there are.
    if (this.frame + 1 === this.#file.groups[this.#group].first) this.#images.clear()
    this.#from.u8()
    this.head = readFrame(this.#from, this)
    this.frame++
  }

  shapeOf(id: number): MirrorShape | undefined {
    return this.#images.get(id)?.shape
  }

  define(): MirrorShape {
    const shape = readShape(this.#from)
    const { id, units, unitBytes } = shape
    const changed = new DirtyRows(units)
    changed.setRange(0, units)
    this.#images.set(id, {
      shape,
      bytes: new Uint8Array(units * unitBytes),
      changed,
      sent: new DirtyRows(units),
      arrived: new DirtyRows(units),
    })
    return shape
  }

  gone(id: number): void {
    this.#images.delete(id)
  }

  units({ id, unitBytes }: MirrorShape, first: number, count: number, at: number, tag: number): void {
    const { bytes, changed, sent, arrived } = this.#images.get(id)!
    bytes.set(this.#file.body.subarray(at, at + count * unitBytes), first * unitBytes)
    changed.setRange(first, count)
    ;(tag === Tag.arrived ? arrived : sent).setRange(first, count)
  }
}
