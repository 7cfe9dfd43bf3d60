import { MkError } from '@memkit/core'

/** A view was staged whose memory was not handed out by this frame's `frameAlloc`. */
export class NotFrameMemory extends MkError {
  readonly code = 'NotFrameMemory'
  readonly byteOffset: number
  readonly byteLength: number

  constructor(byteOffset: number, byteLength: number, reason: string) {
    super(`These ${byteLength} bytes ${reason}. Stage memory that frameAlloc() returned in this frame.`)
    this.byteOffset = byteOffset
    this.byteLength = byteLength
  }
}

/** A staging target lies in a buffer that belongs to a mirror. */
export class MirrorOwnsBuffer extends MkError {
  readonly code = 'MirrorOwnsBuffer'
  readonly label: string

  constructor(label: string) {
    super(
      `Mirror "${label}" owns this buffer and would overwrite what is staged. Use mirror.write(), or a buffer of your own.`,
    )
    this.label = label
  }
}

/** A row size that buffers cannot be written by. */
export class InvalidStride extends MkError {
  readonly code = 'InvalidStride'
  readonly label: string
  readonly stride: number

  constructor(label: string, stride: number) {
    super(
      `Mirror "${label}" has a stride of ${stride} bytes, but writes go by multiples of 4: ` +
        `pad the row (a single f16 takes a struct with a second field), or give a stride of whole bytes above 0.`,
    )
    this.label = label
    this.stride = stride
  }
}

/** A mirror would pass what the device allows for one buffer. Nothing was changed. */
export class MirrorTooLarge extends MkError {
  readonly code = 'MirrorTooLarge'
  readonly label: string
  /** Bytes asked for. */
  readonly requested: number
  /** Bytes the device allows. */
  readonly max: number

  constructor(label: string, requested: number, max: number) {
    super(
      `Mirror "${label}" needs a buffer of ${requested} bytes, but the device allows ${max}. ` +
        `Use fewer rows or a smaller stride, or ask for a device with higher limits.`,
    )
    this.label = label
    this.requested = requested
    this.max = max
  }
}

/** The device had no memory for a mirror's buffer. The old buffer is in use again, every row is dirty. */
export class MirrorOutOfMemory extends MkError {
  readonly code = 'MirrorOutOfMemory'
  readonly label: string
  /** Bytes asked for. */
  readonly requested: number
  /** Bytes of the buffer that stays in use. */
  readonly kept: number
  /** The most that the device allows for one buffer, in bytes. */
  readonly max: number

  constructor(label: string, requested: number, kept: number, max: number, cause: unknown) {
    super(
      `The device has no memory for mirror "${label}": ${requested} bytes asked (limit ${max}), ${kept} kept. ` +
        `Rows beyond stay on the CPU, dirty, until a bigger buffer can be made: free device memory.`,
      { cause },
    )
    this.label = label
    this.requested = requested
    this.kept = kept
    this.max = max
  }
}

/** A mirror's device buffer was asked for while there is none. */
export class MirrorHasNoBuffer extends MkError {
  readonly code = 'MirrorHasNoBuffer'
  readonly label: string

  constructor(label: string) {
    super(
      `Mirror "${label}" has no device buffer now: the device is lost, or has no memory for it. ` +
        `Its rows are kept; wait for 'restored' or 'reallocated'.`,
    )
    this.label = label
  }
}

/** A mirror was used after `destroy()`. */
export class MirrorDestroyed extends MkError {
  readonly code = 'MirrorDestroyed'
  readonly label: string

  constructor(label: string) {
    super(`Mirror "${label}" was destroyed. Make a new one with createMirror().`)
    this.label = label
  }
}

/** The coordinator was used after `dispose()`. */
export class CoordinatorDisposed extends MkError {
  readonly code = 'CoordinatorDisposed'

  constructor(call: string) {
    super(`${call} was called after dispose(). Make a new MkCoordinator.`)
  }
}

/** An option of the coordinator has a value that it cannot have. */
export class InvalidConfig extends MkError {
  readonly code = 'InvalidConfig'
  readonly option: string
  readonly value: unknown

  constructor(option: string, value: unknown, allowed: string) {
    super(
      `Option \`${option}\` is ${typeof value === 'string' ? `'${value}'` : String(value)}; it must be ${allowed}.`,
    )
    this.option = option
    this.value = value
  }
}
