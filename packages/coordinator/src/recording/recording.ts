import { isWhole, type MkError } from '@memkit/core'
import { InvalidConfig } from '../config.ts'
import type { MkCoordinator } from '../coordinator.ts'
import { ByteWriter } from './byte-writer.ts'
import { canDeflate, deflate } from './deflate.ts'
import { AlreadyRecording } from './errors.ts'
import { DEFLATED, FORMAT_VERSION, MAGIC, MEMKIT_VERSION, Tag } from './format.ts'
import { Groups } from './groups.ts'
import { checkMaxBytes } from './max-bytes.ts'
import { Recorder } from './recorder.ts'

/** How a game is recorded. */
export interface RecordingOptions {
  /** Frames from one keyframe to the next, default 600: what a replay reads at most to show a frame. */
  keyframeEvery?: number | undefined
  /** Bytes kept before they are deflated, default 64 MiB. */
  maxBytes?: number | undefined
  /** At `maxBytes`, drop the oldest frames, a keyframe's group at a time, default true; else record no more. */
  ring?: boolean | undefined
}

/** What has a coordinator: an `mk` of the plugin, or a coordinator itself. */
export type Recordable = MkCoordinator | { readonly coordinator: MkCoordinator }

/**
 * Records what every frame shows the device from now on. All rows go up once more with the next
 * frame, so that the recording begins with a whole picture.
 * @throws {@link AlreadyRecording}
 * @throws {@link InvalidConfig} for an option that can't be
 */
export function startRecording(target: Recordable, options: RecordingOptions = {}): Recording {
  const coordinator = 'coordinator' in target ? target.coordinator : target
  const { keyframeEvery = 600, maxBytes = 64 << 20, ring = true } = options
  if (!isWhole(keyframeEvery, 1, 2 ** 30))
    throw new InvalidConfig({
      option: 'keyframeEvery',
      value: keyframeEvery,
      allowed: 'a whole number above 0',
    })
  checkMaxBytes(maxBytes)
  if (coordinator.recorder !== undefined) throw new AlreadyRecording()
  return new Recording(coordinator, new Groups({ keyframeEvery, maxBytes, ring }))
}

/** A recording that runs, until it is stopped. */
export class Recording {
  readonly #coordinator: MkCoordinator
  readonly #groups: Groups
  readonly #recorder: Recorder
  readonly #unlisten: () => void
  #isRunning = true
  #error: unknown
  /** Wakes `chunks` up. */
  #wake: () => void = () => {}

  /** Use `startRecording`. @internal */
  constructor(coordinator: MkCoordinator, groups: Groups) {
    this.#coordinator = coordinator
    this.#groups = groups
    this.#recorder = new Recorder(groups, (error) => this.#fail(error))
    this.#unlisten = coordinator.on('lost', () => this.#recorder.lost())
    groups.closed = () => this.#wake()
    coordinator.recorder = this.#recorder
  }

  /** False once it was stopped, or had to stop for want of memory: see `error`. */
  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Why it stopped by itself. What was recorded before is kept. */
  get error(): unknown {
    return this.#error
  }

  /** Bytes that are kept, before they are deflated. */
  get bytes(): number {
    return this.#groups.bytes
  }

  /** Frames that are kept. */
  get frames(): number {
    return this.#groups.frames
  }

  /** Frames that a ring has dropped, or for which there was no room. */
  get droppedFrames(): number {
    return this.#groups.droppedFrames
  }

  /** Stops. @returns the file, deflated where the platform can do that; the same each time */
  async stop(): Promise<Blob> {
    this.#end()
    const pieces = [...this.#groups.pieces, endBytes(this.#recorder.frames)]
    if (!canDeflate()) return new Blob([headerBytes(0), ...pieces])
    return new Blob([headerBytes(DEFLATED), await deflate(pieces)])
  }

  /**
   * The file in pieces while it is recorded, as it is: each group as soon as it is complete. What was
   * taken is no longer kept. Ends when the recording is stopped.
   */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    yield headerBytes(0)
    for (;;) {
      const group = this.#groups.shift()
      if (group !== undefined) yield group
      else if (!this.#isRunning) break
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    yield endBytes(this.#recorder.frames)
  }

  #end(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#unlisten()
    this.#coordinator.recorder = undefined
    this.#groups.close()
    this.#wake()
  }

  #fail(error: unknown): void {
    this.#error = error
    this.#groups.abandon()
    this.#end()
    const text = error instanceof Error ? error.message : String(error)
    this.#coordinator.warn('RecordingStopped', `The recording stopped: ${text}`, error as MkError)
  }
}

function headerBytes(flags: number): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter()
  out.bytes(MAGIC, 0, MAGIC.length)
  out.u8(FORMAT_VERSION)
  out.u8(flags)
  out.text(MEMKIT_VERSION)
  return out.pieces[0].slice()
}

function endBytes(frames: number): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter()
  out.u8(Tag.end)
  out.varint(frames)
  return out.pieces[0].slice()
}
