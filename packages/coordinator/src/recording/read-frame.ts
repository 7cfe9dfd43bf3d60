import type { ByteReader } from './byte-reader.ts'
import { FrameFlag, HandOverFlag, Tag } from './format.ts'
import type { MirrorShape } from './mirror-shape.ts'

/** Takes the parts of a frame as they are read. */
export interface FrameSink {
  /** The mirror of that number; undefined when there is none. */
  shapeOf(id: number): MirrorShape | undefined
  /** Reads a mirror, which is made here, or made again: its buffer is all zeros. */
  define(): MirrorShape
  gone(id: number): void
  /** Units `first … first + count − 1` are as from byte `at` of the file on. */
  units(shape: MirrorShape, first: number, count: number, at: number, tag: number): void
}

/** What the start of a frame says. */
export interface FrameHead {
  /** Of the game: `report.frame`. */
  readonly number: number
  readonly isKeyframe: boolean
  /** Seconds, where they were given to the game. */
  readonly timeStep: number | undefined
}

const FRAME_FLAGS = FrameFlag.keyframe | FrameFlag.timeStep

/** Reads a frame, behind its tag. @throws {@link BadRecording} */
export function readFrame(from: ByteReader, sink: FrameSink): FrameHead {
  const number = from.varint('the number of a frame')
  const flags = from.u8()
  if ((flags & ~FRAME_FLAGS) !== 0) from.fail(`the flags of a frame are ${flags}`, from.at - 1)
  const timeStep = flags & FrameFlag.timeStep ? from.f64() : undefined
  for (let tag = from.u8(); ; tag = from.u8()) {
    if (tag === Tag.handOver) {
      const last = from.u8()
      if (last !== HandOverFlag.last) from.fail(`the flags of a hand-over are ${last}`, from.at - 1)
      return { number, isKeyframe: (flags & FrameFlag.keyframe) !== 0, timeStep }
    }
    if (tag === Tag.mirror) sink.define()
    else if (tag === Tag.gone) readGone(from, sink)
    else if (tag === Tag.full) readFull(from, sink)
    else if (tag === Tag.rows || tag === Tag.arrived) readRuns(from, sink, tag)
    else from.fail(`there is no part ${tag} in a frame`, from.at - 1)
  }
}

function readGone(from: ByteReader, sink: FrameSink): void {
  const { id } = mirror(from, sink)
  sink.gone(id)
}

function readFull(from: ByteReader, sink: FrameSink): void {
  const shape = mirror(from, sink)
  const count = from.varint('the number of rows', shape.units)
  sink.units(shape, 0, count, from.skip(count * shape.unitBytes, 'rows'), Tag.full)
}

function readRuns(from: ByteReader, sink: FrameSink, tag: number): void {
  const shape = mirror(from, sink)
  const runs = from.varint('the number of runs', shape.units)
  let end = 0
  for (let i = 0; i < runs; i++) {
    const first = end + from.varint('a gap', shape.units - end)
    const count = from.varint('the length of a run', shape.units - first)
    sink.units(shape, first, count, from.skip(count * shape.unitBytes, 'rows'), tag)
    end = first + count
  }
}

function mirror(from: ByteReader, sink: FrameSink): MirrorShape {
  const start = from.at
  const id = from.varint('the number of a mirror')
  return sink.shapeOf(id) ?? from.fail(`there is no mirror ${id}`, start)
}
