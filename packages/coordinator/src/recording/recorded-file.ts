import { ByteReader } from './byte-reader.ts'
import { crc32 } from './crc32.ts'
import { inflate } from './deflate.ts'
import { BadRecording } from './errors.ts'
import { DEFLATED, FORMAT_VERSION, MAGIC, Tag } from './format.ts'
import { readFrame, type FrameSink } from './read-frame.ts'
import { readShape, type MirrorShape } from './mirror-shape.ts'

/** A buffer of the frame that is shown, of one that `rowsAt` reads, and what is kept beside them. */
const COPIES = 3

/** Where a group lies, whose bytes are checked. */
interface GroupPlace {
  /** Byte of its first frame in `body`. */
  readonly offset: number
  /** Of its first frame, counted from the first in the file. */
  readonly first: number
  readonly frames: number
}

/** A file whose groups are all well-formed: reading them again meets no error. */
export interface RecordedFile {
  /** Of memkit, by which it was recorded. */
  readonly version: string
  readonly body: Uint8Array
  readonly groups: readonly GroupPlace[]
  readonly frames: number
  /** Why it ends where it does, when it was not recorded to its end. */
  readonly problem: BadRecording | undefined
}

/**
 * Reads as many groups as are whole. The file, its inflated body and its buffers, each of which may be
 * there three times, take `maxBytes` together at most.
 * @returns rejects with {@link BadRecording} when there is none
 */
export async function readFile(
  file: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>,
  maxBytes: number,
): Promise<RecordedFile> {
  const bytes = await bytesOf(file, maxBytes)
  const head = new ByteReader(bytes)
  const { flags, version } = readHeader(head)
  const rest = bytes.subarray(head.at)
  const inflated =
    flags === DEFLATED ? await inflate(rest, maxBytes - bytes.length) : { bytes: rest, problem: undefined }
  const { groups, problem } = readGroups(inflated.bytes, maxBytes)
  if (groups.length === 0)
    throw inflated.problem ?? problem ?? new BadRecording({ offset: head.at, reason: 'it holds no frame' })
  const last = groups[groups.length - 1]
  return {
    version,
    body: inflated.bytes,
    groups,
    frames: last.first + last.frames,
    problem: inflated.problem ?? problem,
  }
}

async function bytesOf(
  file: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = file instanceof Blob ? file.size : file.byteLength
  if (size > maxBytes)
    throw new BadRecording({ offset: 0, reason: `it has ${size} bytes, and \`maxBytes\` is ${maxBytes}` })
  if (file instanceof Uint8Array) return file
  return new Uint8Array(file instanceof ArrayBuffer ? file : await file.arrayBuffer())
}

function readHeader(from: ByteReader): { flags: number; version: string } {
  const start = from.skip(Math.min(4, from.left), 'the first bytes')
  if (!MAGIC.every((byte, i) => from.bytes[start + i] === byte)) from.fail('it isn’t a recording', 0)
  const version = from.u8()
  if (version !== FORMAT_VERSION)
    from.fail(`it has version ${version} of the format, and this memkit reads ${FORMAT_VERSION}`, 4)
  const flags = from.u8()
  if (flags !== 0 && flags !== DEFLATED) from.fail(`its flags are ${flags}`, 5)
  return { flags, version: from.text('the version of memkit') }
}

function readGroups(
  body: Uint8Array,
  maxBytes: number,
): { groups: GroupPlace[]; problem: BadRecording | undefined } {
  const groups: GroupPlace[] = []
  const from = new ByteReader(body)
  let frames = 0
  let start: number | undefined
  try {
    for (let tag = from.u8(); tag !== Tag.end; tag = from.u8()) {
      if (tag !== Tag.group) from.fail(`there is no part ${tag} between groups`, from.at - 1)
      const begin = from.at - 1
      const index = from.varint('the number of a frame')
      start ??= index
      if (index !== start + frames) from.fail(`frame ${start + frames} is missing`, begin)
      const group = readGroup(from, begin, frames, maxBytes)
      frames += group.frames
      groups.push(group)
    }
    const total = from.varint('the number of frames')
    if (total !== (start ?? total) + frames) from.fail(`it ends after ${total} frames`)
    if (from.left > 0) from.fail(`${from.left} bytes follow the end`)
  } catch (error) {
    if (error instanceof BadRecording) return { groups, problem: error }
    throw error
  }
  return { groups, problem: undefined }
}

/** Checks a group, behind its number. */
function readGroup(from: ByteReader, begin: number, first: number, maxBytes: number): GroupPlace {
  const offset = from.at
  const check = new GroupCheck(from, Math.floor((maxBytes - from.bytes.length) / COPIES))
  let frames = 0
  let isLost = false
  for (let tag = from.u8(); tag !== Tag.groupEnd; tag = from.u8()) {
    if (isLost) from.fail('the group continues after the device was lost', from.at - 1)
    if (tag === Tag.lost) {
      isLost = true
      continue
    }
    if (tag !== Tag.frame) from.fail(`there is no part ${tag} between frames`, from.at - 1)
    const { isKeyframe } = readFrame(from, check)
    if (isKeyframe !== (frames === 0)) from.fail('a group begins with its only keyframe')
    check.endFrame()
    frames++
  }
  if (frames === 0) from.fail('a group has no frames')
  const crc = crc32(from.bytes, 0, begin, from.at - 1)
  if (from.u32() !== crc) from.fail('the check sum of the group is another', from.at - 4)
  return { offset, first, frames }
}

/** Checks frames without keeping their bytes: sizes only. */
class GroupCheck implements FrameSink {
  readonly #from: ByteReader
  readonly #maxBytes: number
  readonly #shapes = new Map<number, MirrorShape>()
  readonly #defined = new Set<number>()
  #bytes = 0

  constructor(from: ByteReader, maxBytes: number) {
    this.#from = from
    this.#maxBytes = maxBytes
  }

  shapeOf(id: number): MirrorShape | undefined {
    return this.#shapes.get(id)
  }

  define(): MirrorShape {
    const start = this.#from.at
    const shape = readShape(this.#from)
    const { id } = shape
    if (this.#defined.has(id)) this.#from.fail(`mirror ${id} is made twice in one frame`, start)
    this.#defined.add(id)
    this.gone(id)
    this.#shapes.set(id, shape)
    this.#bytes += bytesOfShape(shape)
    if (this.#bytes > this.#maxBytes)
      this.#from.fail(`its buffers take more than ${this.#maxBytes} bytes`, start)
    return shape
  }

  gone(id: number): void {
    const before = this.#shapes.get(id)
    if (before !== undefined) this.#bytes -= bytesOfShape(before)
    this.#shapes.delete(id)
  }

  units(): void {
    // Only their number matters here.
  }

  endFrame(): void {
    this.#defined.clear()
  }
}

function bytesOfShape({ unitBytes, units }: MirrorShape): number {
  return unitBytes * units
}
