import { startRecording, openReplay, type Recording } from '@memkit/ecs-plugin/recording'
import type { AnyMirror } from '@memkit/coordinator'
import { DummyBackend, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'
import type { Witness } from '../model/place.ts'
import type { Side } from '../model/side.ts'

/** What the device held in one mirror's buffer after a frame. */
interface Seen {
  readonly label: string
  /** Undefined when it turned out that the device had no memory for the buffer. */
  readonly bytes: Uint8Array | undefined
  readonly stride: number
  /** Where the device writes rows as well: what the CPU knows of them. */
  readonly known: Uint8Array | undefined
}

/** Frames whose bytes were read back, by their number in the recording. */
type SeenFrames = Map<number, readonly Seen[]>

interface Recorded {
  readonly recording: Recording
  readonly seen: SeenFrames
  /** Number of the last frame in the recording, where it was recorded. */
  frame: number | undefined
  /** The buffers in use at its end. */
  used: { readonly mirror: AnyMirror; readonly buffer: MkDeviceBuffer }[]
}

/** What was recorded, replayed and compared. */
export interface Comparison {
  recordings: number
  frames: number
  bytes: number
  /** Of all files. */
  fileBytes: number
}

export interface RecordedProgramsOptions {
  /** Makes a device to replay on, once per recording. */
  readonly openGpu: () => Promise<MkGpu>
  /** Frames from one keyframe to the next; few, so that replays cross many. */
  readonly keyframeEvery: number
  /** Gets every file. */
  readonly onFile?: (file: Blob) => Promise<void>
}

/**
 * Records every sync of a program from its first frame on. When it ends, replays the file on another device, and compares all bytes of
 * every buffer with what the device of the game held. Throws at the first difference.
 */
export class RecordedPrograms implements Witness {
  readonly tally: Comparison = { recordings: 0, frames: 0, bytes: 0, fileBytes: 0 }
  readonly #options: RecordedProgramsOptions
  readonly #running = new Map<Side, Recorded>()

  constructor(options: RecordedProgramsOptions) {
    this.#options = options
  }

  attached(side: Side): void {
    const { keyframeEvery } = this.#options
    const recording = startRecording(side.mk, { keyframeEvery, maxBytes: 2 ** 32 })
    const recorded: Recorded = { recording, seen: new Map(), frame: undefined, used: [] }
    let before = 0
    side.mk.coordinator.on('frame', () => {
      recorded.frame = recording.frames > before ? recording.frames - 1 : undefined
      before = recording.frames
      recorded.used = side.mk.report.mirrors.flatMap(({ mirror }) => {
        const buffer = mirror.device.slice?.buffer
        return buffer === undefined ? [] : [{ mirror, buffer }]
      })
    })
    this.#running.set(side, recorded)
  }

  async compared(gpu: MkGpu, side: Side): Promise<void> {
    const { seen, frame, used } = this.#running.get(side)!
    if (frame === undefined) return
    const now = await readMirrors(gpu, side, used)
    if (now !== undefined) seen.set(frame, now)
  }

  async detaching(side: Side): Promise<void> {
    const { recording, seen } = this.#running.get(side)!
    this.#running.delete(side)
    if (recording.error !== undefined) throw recording.error
    const { frames } = recording
    const file = await recording.stop()
    if (frames === 0) return
    await this.#options.onFile?.(file)
    this.tally.recordings++
    this.tally.fileBytes += file.size
    const gpu = await this.#options.openGpu()
    try {
      await this.#replay(file, gpu, seen)
    } finally {
      gpu.destroy()
    }
  }

  async #replay(file: Blob, gpu: MkGpu, seen: SeenFrames): Promise<void> {
    const replay = await openReplay(file, { gpu, maxBytes: 2 ** 32 })
    if (replay.problem !== undefined) throw replay.problem
    const order = [...seen.keys()]
    // Forward, then some backward.
    for (const frame of [...order, ...order.reverse().filter((_, i) => i % 5 === 0)]) {
      replay.seek(frame)
      const wanted = seen.get(frame)!
      const labels = replay.mirrors.map(({ label }) => label).join(', ')
      const known = wanted.map(({ label }) => label).join(', ')
      if (labels !== known) throw new Error(`frame ${frame} has mirrors ${labels}, the game had ${known}`)
      const reads = replay.mirrors.map(({ buffer }) => gpu.read(buffer))
      const found = await Promise.all(reads)
      for (const [i, one] of wanted.entries()) {
        const { label, bytes } = one
        if (bytes === undefined) continue
        const at = firstDifference(new Uint8Array(found[i]), one)
        if (at >= 0)
          throw new Error(
            `frame ${frame} of ${replay.frames} (${replay.frameNumber}), ${label}, byte ${at} of ${bytes.length}: ` +
              `replayed ${new Uint8Array(found[i])[at]}, on the device was ${bytes[at]}`,
          )
        this.tally.bytes += bytes.length
      }
      this.tally.frames++
    }
    replay.dispose()
  }
}

/** All buffers of a sync. @returns undefined when the device is lost */
async function readMirrors(
  gpu: MkGpu,
  side: Side,
  used: Recorded['used'],
): Promise<readonly Seen[] | undefined> {
  const reads = used.map(({ mirror, buffer }) =>
    mirror.device.slice?.buffer === buffer ? side.mk.coordinator.download(buffer) : undefined,
  )
  for (const read of reads) read?.catch(() => undefined)
  if (gpu.backend instanceof DummyBackend) {
    gpu.backend.finish()
    gpu.backend.answer()
  }
  const seen: Seen[] = []
  for (const [i, { mirror, buffer }] of used.entries()) {
    const { label, stride } = mirror
    try {
      const read = await reads[i]
      const bytes = read && new Uint8Array(read)
      seen.push({ label, stride, bytes, known: mirror.deviceOwned ? imageOf(mirror) : undefined })
    } catch (error) {
      if (gpu.isLost) return undefined
      if (mirror.device.slice?.buffer !== buffer) {
        seen.push({ label, stride, bytes: undefined, known: undefined })
        continue
      }
      throw error
    }
  }
  return gpu.isLost ? undefined : seen
}

function imageOf({ heap, offset, device, stride }: AnyMirror): Uint8Array {
  return new Uint8Array(heap.buffer, offset, device.rows * stride).slice()
}

/** What the device wrote and has not come back yet is not in the recording: such a row is as the CPU knows it. */
function firstDifference(found: Uint8Array, { bytes = found, known, stride }: Seen): number {
  if (found.length !== bytes.length) return Math.min(found.length, bytes.length)
  for (let at = 0; at < bytes.length; at += stride) {
    const row = Buffer.from(found.buffer, found.byteOffset + at, stride)
    if (row.equals(bytes.subarray(at, at + stride))) continue
    if (known !== undefined && row.equals(known.subarray(at, at + stride))) continue
    return at + row.findIndex((byte, i) => byte !== bytes[at + i])
  }
  return -1
}
