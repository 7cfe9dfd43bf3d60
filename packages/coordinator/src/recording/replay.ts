import { InvalidSize, isWhole, type Schema } from '@memkit/core'
import type { MkDeviceBuffer, MkGpu, MkGpuBackend } from '@memkit/gpu'
import { InvalidConfig } from '../config.ts'
import { DeviceLease } from '../device/lease.ts'
import { ownBuffer } from '../device/own-buffers.ts'
import { usageFrom, type Direction } from '../mirror/mirror-options.ts'
import { sectionsFor, type Section } from '../sections/column-format.ts'
import type { BadRecording } from './errors.ts'
import { checkMaxBytes } from './max-bytes.ts'
import { rowBytesOf, type MirrorShape } from './mirror-shape.ts'
import { RecordedImages, type RecordedImage } from './recorded-images.ts'
import { readFile, type RecordedFile } from './recorded-file.ts'

/** How a recording is opened. */
export interface ReplayOptions {
  /** Where its buffers are made: a backend, which becomes the replay's; an `MkGpu`, which is borrowed; or a lease. */
  gpu: MkGpuBackend | MkGpu | DeviceLease
  /** The most bytes that the file and its buffers may take on the CPU, default 256 MiB. */
  maxBytes?: number | undefined
}

/** Seconds from one frame to the next in `play`, where the game's time step was measured. */
const FRAME_SECONDS = 1 / 60

/**
 * Opens a recording and makes its buffers, as they were after its first frame. The file may come
 * from anyone: whatever it holds, it takes no more than `maxBytes`.
 * @returns rejects with {@link BadRecording} when no frame of it can be replayed; with
 *   {@link DeviceLost}, {@link BufferTooLarge}, {@link AllocationFailed} for the device
 */
export async function openReplay(
  file: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>,
  { gpu, maxBytes = 256 << 20 }: ReplayOptions,
): Promise<Replay> {
  checkMaxBytes(maxBytes)
  const recorded = await readFile(file, maxBytes)
  return new Replay(recorded, DeviceLease.of(gpu))
}

/** A mirror of a recording, in a buffer of its own. */
export class ReplayMirror {
  readonly label: string
  readonly layout: 'rows' | 'columns'
  readonly direction: Direction
  readonly schema: Schema | undefined
  /** Bytes per row: of all its columns together, where the layout is columns. */
  readonly stride: number
  /** Rows that there is room for in the buffer. */
  readonly rows: number
  /** `MkBufferUsage` flags, as far as this device knows them. */
  readonly usage: number
  /** Where each column lies in the buffer; empty where the layout is rows. */
  readonly sections: readonly Section[]
  /** All bytes of the frame that is shown: those of the buffer. Not to be written. */
  readonly bytes: Uint8Array
  /** The device buffer, to be bound as in the game; until `replay.generation` goes up. */
  readonly buffer: MkDeviceBuffer

  /** @internal */
  constructor({ shape, bytes }: RecordedImage, usage: number, buffer: MkDeviceBuffer) {
    this.label = shape.label
    this.layout = shape.layout
    this.direction = shape.direction
    this.schema = shape.schema
    this.stride = rowBytesOf(shape)
    this.rows = Math.floor(bytes.length / this.stride)
    this.sections = sectionsFor(shape.columns, this.rows)
    this.usage = usage
    this.bytes = bytes
    this.buffer = buffer
  }
}

/** What a frame changed of one mirror. */
export interface MirrorChange {
  readonly mirror: ReplayMirror
  /** Rows, or words where the layout is columns, that the CPU sent, and that came back from the device. */
  readonly sent: number
  readonly arrived: number
}

/** A recording on a device, without the game: one of its frames at a time. */
export class Replay {
  /** Frames that can be shown: 0 … frames − 1. */
  readonly frames: number
  /** Of memkit, by which it was recorded. */
  readonly version: string
  /** Why frames at its end are missing: the file is damaged, or was cut off. */
  readonly problem: BadRecording | undefined
  readonly gpu: MkGpu
  /** Goes up when a buffer is made or replaced: make new bind groups. */
  generation = 0
  readonly #file: RecordedFile
  readonly #images: RecordedImages
  readonly #lease: DeviceLease
  readonly #mirrors = new Map<RecordedImage, ReplayMirror>()
  /** For `rowsAt`, made when it is first asked. */
  #aside: RecordedImages | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Use `openReplay`. @internal */
  constructor(file: RecordedFile, lease: DeviceLease) {
    this.#file = file
    this.#lease = lease
    this.gpu = lease.gpu
    this.frames = file.frames
    this.version = file.version
    this.problem = file.problem
    this.#images = new RecordedImages(file)
    try {
      this.seek(0)
    } catch (error) {
      this.dispose()
      throw error
    }
  }

  /** The frame that is shown. */
  get frame(): number {
    return this.#images.frame
  }

  /** Its number in the game: `report.frame`. */
  get frameNumber(): number {
    return this.#images.head!.number
  }

  /** Seconds that were given to the game for it; undefined where it measured them. */
  get timeStep(): number | undefined {
    return this.#images.head!.timeStep
  }

  /** The mirrors of the frame that is shown, in the order in which the game made them. */
  get mirrors(): readonly ReplayMirror[] {
    return [...this.#mirrors.values()]
  }

  /** CRC-32 of all bytes of the frame that is shown. */
  get checksum(): number {
    return this.#images.checksum
  }

  /** What the frame that is shown changed; after a `seek`, what that frame did. */
  get changes(): readonly MirrorChange[] {
    return [...this.#mirrors].map(([{ sent, arrived }, mirror]) => ({
      mirror,
      sent: sent.count,
      arrived: arrived.count,
    }))
  }

  /**
   * Shows a frame: the buffers hold what they held at its end. Reads one keyframe and the frames
   * behind it at most.
   * @throws {@link InvalidSize} for a frame that there isn't
   * @throws {@link DeviceLost}, {@link BufferTooLarge}, {@link AllocationFailed}
   */
  seek(frame: number): void {
    this.#check(frame, 'replay.seek(): frame')
    this.#images.seek(frame)
    this.#show()
  }

  /** Shows the next frame. @returns false when this is the last one */
  step(): boolean {
    if (this.frame + 1 >= this.frames) return false
    this.seek(this.frame + 1)
    return true
  }

  /**
   * Shows frame after frame, each for as long as its time step, or a 60th of a second.
   * @param speed 1: as in the game
   * @param onFrame called after each
   * @returns a function that stops it; `seek` does not
   */
  play({ speed = 1, onFrame }: { speed?: number; onFrame?: () => void } = {}): () => void {
    if (!(speed > 0 && speed < Infinity))
      throw new InvalidConfig({ option: 'speed', value: speed, allowed: 'a number above 0' })
    const next = (): void => {
      const seconds = (this.timeStep ?? FRAME_SECONDS) / speed
      this.#timer = setTimeout(() => {
        if (!this.step()) return
        onFrame?.()
        next()
      }, seconds * 1000)
    }
    this.pause()
    next()
    return () => this.pause()
  }

  /** Stops `play`. */
  pause(): void {
    clearTimeout(this.#timer)
  }

  /**
   * A copy of all bytes of a mirror at the end of any frame, without showing it; of the first one
   * with that label.
   * @throws {@link InvalidSize} for a frame that there isn't
   * @throws {@link InvalidConfig} for a label that no mirror has in that frame
   */
  rowsAt(frame: number, label: string): Uint8Array<ArrayBuffer> {
    this.#check(frame, 'replay.rowsAt(): frame')
    const images = (this.#aside ??= new RecordedImages(this.#file))
    images.seek(frame)
    const all = [...images.all.values()]
    const found = all.find(({ shape }) => shape.label === label)
    if (found !== undefined) return found.bytes.slice()
    const labels = all.map(({ shape }) => `'${shape.label}'`).join(', ')
    throw new InvalidConfig({ option: 'label', value: label, allowed: `one of frame ${frame}: ${labels}` })
  }

  /** Destroys its buffers, and the device if a backend was passed in. */
  dispose(): void {
    this.pause()
    for (const { buffer } of this.#mirrors.values()) buffer.destroy()
    this.#mirrors.clear()
    this.#lease.end()
  }

  #check(frame: number, what: string): void {
    const max = this.frames - 1
    if (!isWhole(frame, 0, max)) throw new InvalidSize({ what, value: frame, min: 0, max })
  }

  /** Brings the buffers to what the images hold. */
  #show(): void {
    const { all } = this.#images
    const now = new Set([...all.values()].sort((a, b) => a.shape.id - b.shape.id))
    const left = [...this.#mirrors].filter(([image]) => !now.has(image))
    const made = new Map<RecordedImage, ReplayMirror>()
    for (const image of now) {
      const known = this.#mirrors.get(image)
      const mirror = known ?? this.#make(image, left)
      made.set(image, mirror)
      // New ones are kept at once: a device that refuses the next one leaves none behind.
      this.#mirrors.set(image, mirror)
      this.#upload(image, mirror.buffer)
    }
    for (const [image, { buffer }] of left) {
      this.#mirrors.delete(image)
      if (![...made.values()].some((mirror) => mirror.buffer === buffer)) buffer.destroy()
    }
    this.#mirrors.clear()
    for (const [image, mirror] of made) this.#mirrors.set(image, mirror)
    this.gpu.submit()
  }

  /** In the buffer of one that is no longer there, where that is alike: bind groups stay. */
  #make(image: RecordedImage, left: [RecordedImage, ReplayMirror][]): ReplayMirror {
    const { shape } = image
    const usage = knownUsage(shape, this.gpu)
    const at = left.findIndex(
      ([{ shape: before }, mirror]) => isAlike(before, shape) && mirror.usage === usage,
    )
    if (at >= 0) return new ReplayMirror(image, usage, left.splice(at, 1)[0][1].buffer)
    this.generation++
    const { label, units, unitBytes } = shape
    const buffer = ownBuffer(this.gpu.createDeviceBuffer(units * unitBytes, usage, { label }))
    return new ReplayMirror(image, usage, buffer)
  }

  #upload({ bytes, changed, shape }: RecordedImage, buffer: MkDeviceBuffer): void {
    const { unitBytes } = shape
    for (let from = 0; changed.nextRun(from, 64); from = changed.runFirst + changed.runCount) {
      const { runFirst, runCount } = changed
      this.gpu.write(buffer, runFirst * unitBytes, bytes.buffer, runFirst * unitBytes, runCount * unitBytes)
    }
    changed.clear()
  }
}

function isAlike(a: MirrorShape, b: MirrorShape): boolean {
  return a.id === b.id && a.units * a.unitBytes === b.units * b.unitBytes
}

/** The usage in the game, without what this device lacks. */
function knownUsage({ usage }: MirrorShape, { capabilities }: MkGpu): number {
  return usageFrom(usage & capabilities.usages, capabilities)
}
