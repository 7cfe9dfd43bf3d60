import { MkError } from '@memkit/core'

/**
 * A view was staged whose memory was not handed out by this frame's `frameAlloc`.
 *
 * What to do: stage memory that `frameAlloc()` returned in this frame.
 */
export class NotFrameMemory extends MkError {
  readonly code = 'NotFrameMemory'
  declare readonly byteOffset: number
  declare readonly byteLength: number

  constructor(byteOffset: number, byteLength: number, reason: string) {
    super(
      `These ${byteLength} bytes at ${byteOffset} ${reason}. Stage memory that frameAlloc() returned in this frame.`,
      {
        byteOffset,
        byteLength,
      },
    )
  }
}

/**
 * A staging target lies in a buffer that belongs to a mirror.
 *
 * What to do: use `mirror.write()`, or a buffer of your own.
 */
export class MirrorOwnsBuffer extends MkError {
  readonly code = 'MirrorOwnsBuffer'
  declare readonly label: string

  constructor(label: string) {
    super(
      `Mirror "${label}" owns this buffer and would overwrite what is staged. Use mirror.write(), or a buffer of your own.`,
      { label },
    )
  }
}

/**
 * A row size that buffers cannot be written by.
 *
 * What to do: pad the row to a multiple of 4 bytes; a single f16 takes a struct with a second field.
 */
export class InvalidStride extends MkError {
  readonly code = 'InvalidStride'
  declare readonly label: string
  declare readonly stride: number

  constructor(label: string, stride: number) {
    super(
      `Mirror "${label}" has a stride of ${stride} bytes, but writes go by multiples of 4: ` +
        `pad the row (a single f16 takes a struct with a second field), or give a stride of whole bytes above 0.`,
      { label, stride },
    )
  }
}

/**
 * A mirror would pass what the device allows for one buffer, or what a heap holds: 3 GiB of rows. Nothing was changed.
 *
 * What to do: use fewer rows or a smaller stride, or ask for a device with higher limits.
 */
export class MirrorTooLarge extends MkError {
  readonly code = 'MirrorTooLarge'
  declare readonly label: string
  /** Bytes asked for. */
  declare readonly requested: number
  /** Bytes that are allowed. */
  declare readonly max: number

  constructor(label: string, requested: number, max: number) {
    super(
      `Mirror "${label}" needs a buffer of ${requested} bytes, but ${max} are allowed. ` +
        `Use fewer rows or a smaller stride, or ask for a device with higher limits.`,
      { label, requested, max },
    )
  }
}

/**
 * The device had no memory for a mirror's buffer. The old buffer is in use again, every row is dirty.
 *
 * What to do: free device memory; the rows follow as soon as a bigger buffer can be made.
 */
export class MirrorOutOfMemory extends MkError {
  readonly code = 'MirrorOutOfMemory'
  declare readonly label: string
  /** Bytes asked for. */
  declare readonly requested: number
  /** Bytes of the buffer that stays in use. */
  declare readonly kept: number
  /** The most that the device allows for one buffer, in bytes. */
  declare readonly max: number

  constructor(label: string, requested: number, kept: number, max: number, cause: unknown) {
    super(
      `The device has no memory for mirror "${label}": ${requested} bytes asked (limit ${max}), ${kept} kept. ` +
        `Rows beyond stay on the CPU, dirty, until a bigger buffer can be made: free device memory.`,
      { label, requested, kept, max },
      { cause },
    )
  }
}

/**
 * A mirror's device buffer was asked for while there is none.
 *
 * What to do: wait for `'restored'` or `'reallocated'`; its rows are kept.
 */
export class MirrorHasNoBuffer extends MkError {
  readonly code = 'MirrorHasNoBuffer'
  declare readonly label: string

  constructor(label: string) {
    super(
      `Mirror "${label}" has no device buffer now: the device is lost, or has no memory for it. ` +
        `Its rows are kept; wait for 'restored' or 'reallocated'.`,
      { label },
    )
  }
}

/**
 * A mirror was used after `destroy()`.
 *
 * What to do: make a new one with `createMirror()`.
 */
export class MirrorDestroyed extends MkError {
  readonly code = 'MirrorDestroyed'
  declare readonly label: string

  constructor(label: string) {
    super(`Mirror "${label}" was destroyed. Make a new one with createMirror().`, { label })
  }
}

/**
 * The coordinator was used after `dispose()`.
 *
 * What to do: make a new MkCoordinator.
 */
export class CoordinatorDisposed extends MkError {
  readonly code = 'CoordinatorDisposed'
  /** What was called. */
  declare readonly call: string

  constructor(call: string) {
    super(`${call} was called after dispose(). Make a new MkCoordinator.`, { call })
  }
}

/**
 * An option of the coordinator has a value that it cannot have.
 *
 * What to do: give the option what the message allows, or leave it out.
 */
export class InvalidConfig extends MkError {
  readonly code = 'InvalidConfig'
  declare readonly option: string
  declare readonly value: unknown

  constructor(option: string, value: unknown, allowed: string) {
    super(
      `Option \`${option}\` is ${typeof value === 'string' ? `'${value}'` : String(value)}; it must be ${allowed}.`,
      { option, value },
    )
  }
}

/**
 * The device is lost, and asking for another one has failed so far. Frames do nothing meanwhile, and changes gather. Comes as a
 * `warning`, after 1, 2, 4, 8 … tries; `cause` is what the function that gives devices threw, or why its device could not be used.
 *
 * What to do: nothing when the cause passes by itself: it is tried again after 0.1, 0.2 … 10 seconds. Otherwise mend the function given as `gpu`
 * (`recover` of a coordinator). It must ask for an adapter each time, because an adapter gives one device: `gpu: () => webGpu()` does.
 */
export class DeviceUnavailable extends MkError {
  readonly code = 'DeviceUnavailable'
  /** Tries that have failed. */
  declare readonly tries: number

  constructor(tries: number, cause: unknown) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)
    super(
      `The device is lost, and ${tries === 1 ? 'the first try' : `${tries} tries`} to get another one failed (${reason}). ` +
        'It is tried again with growing pauses, up to 10 s. Ask for an adapter each time, because an adapter gives one device: ' +
        'gpu: () => webGpu().',
      { tries },
      { cause },
    )
  }
}
