import { ByteWriter } from './byte-writer.ts'
import { Tag } from './format.ts'

/** How much is kept, and when a keyframe is due. */
export interface GroupLimits {
  /** Frames of a group. */
  readonly keyframeEvery: number
  readonly maxBytes: number
  /** Drop the oldest groups for new ones, instead of recording no more. */
  readonly ring: boolean
}

interface Group {
  readonly writer: ByteWriter
  frames: number
}

/** Bytes behind a group: its end, and its check sum. */
const END_BYTES = 5

function bytesOf({ writer }: Group): number {
  return writer.length + END_BYTES
}

/** A group's bytes, with its check sum: made when they are asked for, as a ring drops most groups before that. */
function piecesOf({ writer }: Group): Uint8Array<ArrayBuffer>[] {
  const end = new Uint8Array(END_BYTES)
  end[0] = Tag.groupEnd
  new DataView(end.buffer).setUint32(1, writer.crc, true)
  return [...writer.pieces, end]
}

/** The groups of a recording: a keyframe each, and the frames behind it that need no other. */
export class Groups {
  readonly limits: GroupLimits
  droppedFrames = 0
  /** Called when one is complete. */
  closed: () => void = () => {}
  /** Complete ones, oldest first. */
  #done: Group[] = []
  #open: Group | undefined
  #doneBytes = 0
  #doneFrames = 0
  readonly #spare: Uint8Array<ArrayBuffer>[] = []

  constructor(limits: GroupLimits) {
    this.limits = limits
  }

  get bytes(): number {
    return this.#doneBytes + (this.#open?.writer.length ?? 0)
  }

  /** Frames that are kept. */
  get frames(): number {
    return this.#doneFrames + (this.#open?.frames ?? 0)
  }

  /** False once there is no more room. */
  get mayWrite(): boolean {
    return this.limits.ring || this.bytes < this.limits.maxBytes
  }

  get wantsKeyframe(): boolean {
    const open = this.#open
    if (open === undefined || open.frames >= this.limits.keyframeEvery) return true
    // A ring drops whole groups: it has four at least.
    return this.limits.ring && open.writer.length > this.limits.maxBytes / 4
  }

  /** Of the open group: `begin` one where a keyframe is wanted. */
  get writer(): ByteWriter {
    return this.#open!.writer
  }

  /** Closes the open group, and opens another. @param index of its first frame */
  begin(index: number): ByteWriter {
    this.close()
    const writer = new ByteWriter(this.#spare)
    this.#open = { writer, frames: 0 }
    writer.u8(Tag.group)
    writer.varint(index)
    return writer
  }

  frameWritten(): void {
    if (this.#open !== undefined) this.#open.frames++
    if (!this.limits.ring) return
    while (this.bytes > this.limits.maxBytes && this.#done.length > 0) {
      this.droppedFrames += this.#done[0].frames
      this.#drop()
    }
  }

  lost(): void {
    if (this.#open === undefined || this.#open.frames === 0) return
    this.#open.writer.u8(Tag.lost)
    this.close()
  }

  /** Leaves out the open group, in which a frame is incomplete. */
  abandon(): void {
    this.droppedFrames += this.#open?.frames ?? 0
    this.#open = undefined
  }

  close(): void {
    const open = this.#open
    this.#open = undefined
    if (open === undefined || open.frames === 0) return
    this.#done.push(open)
    this.#doneBytes += bytesOf(open)
    this.#doneFrames += open.frames
    this.closed()
  }

  /** The bytes of the complete groups, in pieces. */
  get pieces(): Uint8Array<ArrayBuffer>[] {
    return this.#done.flatMap(piecesOf)
  }

  /** Takes the oldest complete group out. @returns a copy of its bytes */
  shift(): Uint8Array<ArrayBuffer> | undefined {
    const group = this.#done[0]
    if (group === undefined) return undefined
    const bytes = new Uint8Array(bytesOf(group))
    let at = 0
    for (const piece of piecesOf(group)) {
      bytes.set(piece, at)
      at += piece.length
    }
    this.#drop()
    return bytes
  }

  #drop(): void {
    const [group] = this.#done.splice(0, 1)
    this.#doneBytes -= bytesOf(group)
    this.#doneFrames -= group.frames
    group.writer.release()
  }
}
