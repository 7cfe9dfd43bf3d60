import type { DirtyRows } from '@memkit/core'
import type { MkBuffer, MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { FlushRecorder } from '../flush/flush-recorder.ts'
import type { FlushTarget } from '../flush/flush-target.ts'
import type { AnyMirror } from '../mirror/any-mirror.ts'
import { DeviceImage } from './device-image.ts'
import { FrameFlag, HandOverFlag, Tag } from './format.ts'
import type { Groups } from './groups.ts'
import { shapeOf, writeShape } from './mirror-shape.ts'

/** A mirror that is recorded. */
interface Track {
  readonly id: number
  readonly mirror: AnyMirror
  buffer: MkDeviceBuffer | undefined
  image: DeviceImage | undefined
  /** The file doesn't know the buffer in use. */
  isNew: boolean
  /** The file knows a buffer of it. */
  isKnown: boolean
}

/**
 * Writes what each frame changes on the device. It keeps an image of every mirror's buffer: bytes
 * that go up are compared with it, and only units that differ are written, whatever the plan was.
 */
export class Recorder implements FlushRecorder {
  /** Frames written, those included that were dropped since. */
  frames = 0
  readonly #groups: Groups
  readonly #failed: (error: unknown) => void
  readonly #tracks = new Map<FlushTarget, Track>()
  /** Of buffers that were outgrown, too: one may come into use again. */
  readonly #images = new WeakMap<MkBuffer, DeviceImage>()
  /** Mirrors of the file that are no longer there. */
  readonly #gone: number[] = []
  #gpu!: MkGpu
  #made = 0
  #hasBegun = false
  /** The memory of the last write, as words. */
  #memory: ArrayBufferLike | undefined
  #words: Uint32Array = new Uint32Array(0)

  /** @param failed something was refused that it can't do without: it must be taken off */
  constructor(groups: Groups, failed: (error: unknown) => void) {
    this.#groups = groups
    this.#failed = failed
  }

  begin(plans: readonly { readonly mirror: FlushTarget }[], gpu: MkGpu): void {
    this.#gpu = gpu
    try {
      this.#follow(plans)
    } catch (error) {
      this.#failed(error)
    }
  }

  write(dst: MkBuffer, offset: number, source: ArrayBufferLike, from: number = 0, size?: number): void {
    const bytes = size ?? source.byteLength - from
    this.#gpu.write(dst, offset, source, from, bytes)
    const image = this.#images.get(dst)
    if (image === undefined) return
    if (from % 4 === 0) image.take(offset, this.#wordsOf(source), from / 4, bytes / 4)
    else image.take(offset, new Uint32Array(source.slice(from, from + bytes)), 0, bytes / 4)
  }

  copied(mirror: FlushTarget, from: MkDeviceBuffer, to: MkDeviceBuffer): void {
    const before = this.#images.get(from)
    if (before === undefined) return
    try {
      const image = new DeviceImage(mirror.stride, Math.floor(to.size / mirror.stride))
      image.takeFrom(before)
      this.#images.set(to, image)
    } catch (error) {
      this.#failed(error)
    }
  }

  scattered(mirror: FlushTarget, place: number, count: number): void {
    const image = this.#tracks.get(mirror)?.image
    const numbers = (place + count * mirror.stride) / 4
    image?.takeUnits(this.#wordsOf(mirror.heap.buffer), place / 4, numbers, count)
  }

  arrived(mirror: FlushTarget, first: number, end: number): void {
    const image = this.#tracks.get(mirror)?.image
    if (image === undefined || end > image.units) return
    const { heap, offset, stride } = mirror
    image.receive(new Uint8Array(heap.buffer, offset + first * stride, (end - first) * stride), first, end)
  }

  submitted(frame: number, timeStep: number | undefined): void {
    try {
      if (this.#groups.mayWrite) this.#write(frame, timeStep)
      else this.#groups.droppedFrames++
    } catch (error) {
      this.#failed(error)
    }
  }

  /** The device is lost: the next frame starts from nothing. */
  lost(): void {
    this.#groups.lost()
  }

  /** Looks which buffers are in use. */
  #follow(plans: readonly { readonly mirror: FlushTarget }[]): void {
    for (let i = 0; i < plans.length; i++) {
      // What is planned is always a mirror.
      const mirror = plans[i].mirror as AnyMirror
      const track = this.#tracks.get(mirror) ?? this.#track(mirror)
      const buffer = mirror.device.slice?.buffer
      if (buffer !== track.buffer) this.#switch(track, buffer)
    }
    if (this.#tracks.size > plans.length)
      for (const track of this.#tracks.values()) if (track.mirror.destroyed) this.#forget(track)
    if (!this.#hasBegun) for (const track of this.#tracks.values()) catchUp(track)
    this.#hasBegun = true
  }

  #track(mirror: AnyMirror): Track {
    const id = this.#made++
    const track = { id, mirror, buffer: undefined, image: undefined, isNew: false, isKnown: false }
    this.#tracks.set(mirror, track)
    return track
  }

  #switch(track: Track, buffer: MkDeviceBuffer | undefined): void {
    const { mirror, id } = track
    track.buffer = buffer
    track.isNew = buffer !== undefined
    track.image = buffer && this.#images.get(buffer)
    if (buffer === undefined) {
      if (track.isKnown) this.#gone.push(id)
      track.isKnown = false
      return
    }
    track.image ??= new DeviceImage(mirror.stride, Math.floor(buffer.size / mirror.stride))
    this.#images.set(buffer, track.image)
    track.image.restart()
  }

  #forget({ mirror, id, isKnown }: Track): void {
    if (isKnown) this.#gone.push(id)
    this.#tracks.delete(mirror)
  }

  #write(frame: number, timeStep: number | undefined): void {
    const groups = this.#groups
    const isKeyframe = groups.wantsKeyframe
    const writer = isKeyframe ? groups.begin(this.frames) : groups.writer
    writer.u8(Tag.frame)
    writer.varint(frame)
    const hasTime = timeStep !== undefined
    writer.u8((isKeyframe ? FrameFlag.keyframe : 0) | (hasTime ? FrameFlag.timeStep : 0))
    if (hasTime) writer.f64(timeStep)
    if (!isKeyframe)
      for (const id of this.#gone) {
        writer.u8(Tag.gone)
        writer.varint(id)
      }
    this.#gone.length = 0
    for (const track of this.#tracks.values()) {
      const { image, mirror, id } = track
      if (image === undefined) continue
      if (isKeyframe) image.restart()
      if (track.isNew || isKeyframe) writeShape(writer, shapeOf(id, mirror, image.units))
      track.isNew = false
      track.isKnown = true
      image.write(writer, id)
    }
    writer.u8(Tag.handOver)
    writer.u8(HandOverFlag.last)
    this.frames++
    groups.frameWritten()
  }

  #wordsOf(memory: ArrayBufferLike): Uint32Array {
    if (memory !== this.#memory || this.#words.length !== memory.byteLength >>> 2) {
      this.#memory = memory
      this.#words = new Uint32Array(memory, 0, memory.byteLength >>> 2)
    }
    return this.#words
  }
}

/**
 * Learns what the device holds already, when a recording starts: all rows go up again, with this
 * flush. Those that the device owns must not: the mirror has what came back of them.
 */
function catchUp({ mirror, image }: Track): void {
  if (image === undefined) return
  if ('columns' in mirror) return mirror.markAll()
  const { dirty, everUsed, heap, offset, stride, deviceOwned } = mirror
  if (!deviceOwned) return dirty.setRange(0, everUsed)
  if (mirror.fresh) return
  const end = Math.min(everUsed, image.units)
  forEachGap(dirty, end, (first, count) => {
    const bytes = new Uint8Array(heap.buffer, offset + first * stride, count * stride)
    image.bytes.set(bytes, first * stride)
  })
  image.restart()
}

/** Calls `fn` with each run of rows below `end` that are not in the set. */
function forEachGap(rows: DirtyRows, end: number, fn: (first: number, count: number) => void): void {
  let from = 0
  while (from < end) {
    const found = rows.nextRun(from, 0)
    const gapEnd = found ? Math.min(rows.runFirst, end) : end
    if (gapEnd > from) fn(from, gapEnd - from)
    from = found ? rows.runFirst + rows.runCount : end
  }
}
