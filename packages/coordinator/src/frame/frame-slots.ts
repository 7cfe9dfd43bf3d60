import { createHeap, defineError, hasCode, type ErrorClass, type Heap, type MkError } from '@memkit/core'
import type { DeferredDeletions, MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import { BufferingMode, type CoordinatorConfig } from '../config.ts'
import type { DeviceInUse } from '../device/device-in-use.ts'
import type { FlushScratch } from '../flush/scratch.ts'
import { FrameMemory } from './frame-memory.ts'
import { Slot, type FrameSlice } from './slot.ts'
import type { ScatterChoice } from './target-scatter.ts'
import { checkTarget, StagedTargets, type StageTarget } from './staged-targets.ts'

/**
 * A view was staged whose memory was not handed out by this frame's `frameAlloc`.
 *
 * What to do: stage memory that `frameAlloc()` returned in this frame.
 */
export const NotFrameMemory: ErrorClass<{
  code: 'NotFrameMemory'
  byteOffset: number
  byteLength: number
  reason: string
}> = defineError(
  'NotFrameMemory',
  ({ byteOffset, byteLength, reason }) =>
    `These ${byteLength} bytes at ${byteOffset} ${reason}. Stage memory that frameAlloc() returned in this frame.`,
)
export type NotFrameMemory = InstanceType<typeof NotFrameMemory>

/** Bytes of an arena where the heap has plenty: three of them are what a small game pays. */
const ARENA_BYTES = 128 << 10
/** What a frame may take at least, and how many times its arena. */
const MAX_FRAME_BYTES = 16 << 20
const ARENA_GROWTH = 16
const FRAME_BUFFER_BYTES = 64 << 10

/**
 * The CPU side of frames: the slots that rotate, and what was staged in the frame that is open.
 *
 *     frame       1        2        3        4
 *     slot     ├─ 1 ─┤  ├─ 2 ─┤  ├─ 0 ─┤  ├─ 1 ─┤      what frame 1 allocated is dead from frame 4 on
 */
export class FrameSlots {
  /** That of the open frame, or of the last one. */
  slot: Slot
  memory: FrameMemory
  /** Where the arenas lie. */
  readonly heap: Heap
  readonly targets: StagedTargets
  /** The most bytes that any slot ever used of its arena. */
  highWater = 0
  readonly #slots: readonly Slot[]
  /** One for all slots, or one for each. */
  readonly #memories: readonly FrameMemory[]
  readonly #device: DeviceInUse
  readonly #deletions: DeferredDeletions
  /** That was begun last. */
  #frame = 0

  /** Holds nothing when it throws. */
  constructor(
    device: DeviceInUse,
    heap: Heap,
    config: CoordinatorConfig,
    deletions: DeferredDeletions,
    warn: (error: MkError) => void,
  ) {
    const { buffering = BufferingMode.Triple, frameBufferBytes = FRAME_BUFFER_BYTES } = config
    const { slots, heap: home } = makeSlots(heap, buffering, config)
    const count = config.frameBuffers === 'per-slot' ? buffering : 1
    try {
      this.#memories = allOrNone(
        count,
        (i) => {
          const label = count > 1 ? `memkit frame buffer ${i}` : 'memkit frame buffer'
          return new FrameMemory(device, home, frameBufferBytes, label, warn)
        },
        ({ frameBuffer }) => frameBuffer.dispose(),
      )
    } catch (error) {
      for (const slot of slots) slot.arena.dispose()
      throw error
    }
    this.#slots = slots
    this.#device = device
    this.#deletions = deletions
    this.heap = home
    this.targets = new StagedTargets(home, (buffer) => deletions.retireIn(buffer, this.#frame))
    this.slot = slots[0]!
    this.memory = this.#memories[0]!
  }

  /** Sum of the generations of all frame buffers. */
  get generation(): number {
    return this.#memories.reduce((sum, { frameBuffer }) => sum + frameBuffer.generation, 0)
  }

  /** Serial of the frame that last used the slot of a frame to come. */
  serialBefore(frame: number): number {
    return this.#slots[frame % this.#slots.length].serial
  }

  /** Takes the next slot. @returns whether a frame buffer was replaced */
  begin(frame: number): boolean {
    const index = frame % this.#slots.length
    const slot = this.#slots[index]
    this.#frame = frame
    this.slot = slot
    if (slot.isUsed) {
      for (let i = 0; i < slot.spillBuffers.length; i++)
        this.#deletions.retireIn(slot.spillBuffers[i], frame - 1)
      slot.spillBuffers.length = 0
      slot.reset()
    }
    const memory = this.#memories[index % this.#memories.length]
    this.memory = memory
    if (!memory.frameBuffer.isWanting) return false
    const replaced = memory.frameBuffer.beginFrame()
    if (replaced) this.#deletions.retireIn(replaced, frame)
    return replaced !== undefined
  }

  /**
   * Notes memory of this frame for upload, to the frame buffer or to a target.
   * @param mirror label of the mirror that owns the target's buffer, if one does
   */
  stage(view: ArrayBufferView, target: StageTarget | undefined, mirror: string | undefined): FrameSlice {
    const { slot } = this
    const { byteOffset, byteLength } = view
    if (!slot.arena.ownsThisFrame(view))
      throw new NotFrameMemory({ byteOffset, byteLength, reason: "are not from this frame's arena" })
    if (!target) return this.memory.stage(byteOffset, byteLength, slot)
    const { buffer, offset } = target
    checkTarget(this.#device.gpu, target, view, mirror)
    this.targets.stage(buffer, offset, byteOffset, byteLength)
    return slot.slice(buffer, offset, byteLength)
  }

  /** @returns pieces that were left out because their buffer was destroyed */
  flush(scratch: FlushScratch, choice: ScatterChoice): number {
    if (this.memory.pieces > 0) this.memory.flush(scratch)
    return this.targets.pieces > 0 ? this.targets.flush(this.#device.gpu, scratch, choice) : 0
  }

  /** Forgets what was staged, and notes how much memory the frame took. */
  finish(): void {
    const { slot } = this
    if (this.memory.wanted > 0) this.memory.drop()
    if (this.targets.pieces > 0) this.targets.drop()
    if (slot.isUsed && slot.arena.highWater > this.highWater) this.highWater = slot.arena.highWater
  }

  /** Frames of the last `buffering` ones whose bytes the device is not known to have finished with. */
  get inFlight(): number {
    const { completedSerial } = this.#device.gpu
    let count = 0
    for (let i = 0; i < this.#slots.length; i++) if (this.#slots[i].serial > completedSerial) count++
    return count
  }

  /** Makes the frame buffers on another device, all or none. */
  buffersOn(gpu: MkGpu): MkDeviceBuffer[] {
    return allOrNone(
      this.#memories.length,
      (i) => this.#memories[i].frameBuffer.bufferOn(gpu),
      (buffer) => buffer.destroy(),
    )
  }

  /** Moves into buffers that `buffersOn` made; drops what was staged. */
  rebuild(buffers: readonly MkDeviceBuffer[]): void {
    for (const slot of this.#slots) {
      slot.destroySpills()
      slot.serial = 0
    }
    this.targets.rebuild()
    this.#memories.forEach((memory, i) => memory.rebuild(buffers[i]))
  }

  dispose(): void {
    this.targets.dispose()
    for (const { frameBuffer } of this.#memories) frameBuffer.dispose()
    for (const slot of this.#slots) {
      slot.destroySpills()
      slot.arena.dispose()
    }
  }
}

/**
 * Makes slots in `heap`, or, when it is full, in one of their own: untouched pages cost nothing.
 */
function makeSlots(heap: Heap, count: number, config: CoordinatorConfig): { slots: Slot[]; heap: Heap } {
  const bytes = config.frameArenaBytes ?? Math.min(ARENA_BYTES, Math.floor(heap.bytes / 16))
  const most = Math.max(bytes * ARENA_GROWTH, config.frameArenaBytes === undefined ? MAX_FRAME_BYTES : 0)
  const fill = (home: Heap): Slot[] =>
    allOrNone(
      count,
      (i) => new Slot(home, bytes, most, config.debug === true, i),
      ({ arena }) => arena.dispose(),
    )
  try {
    return { slots: fill(heap), heap }
  } catch (error) {
    if (!hasCode(error, 'HeapFull')) throw error
    const own = createHeap({ bytes: (bytes + most) * count, label: 'frame heap' })
    return { slots: fill(own), heap: own }
  }
}

/** When one cannot be made, gives back those before it. */
function allOrNone<T>(count: number, make: (index: number) => T, giveBack: (made: T) => void): T[] {
  const made: T[] = []
  try {
    for (let i = 0; i < count; i++) made.push(make(i))
    return made
  } catch (error) {
    made.forEach(giveBack)
    throw error
  }
}
