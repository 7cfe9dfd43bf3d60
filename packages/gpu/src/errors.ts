import { MkError } from '@memkit/core'
import { memoryNames, usageNames } from './usage.ts'

/** A buffer, or a range bound of one, above the device's limit. Nothing was called. */
export class BufferTooLarge extends MkError {
  override readonly code = 'BufferTooLarge'
  /** Bytes asked for. */
  readonly requested: number
  /** Bytes allowed. */
  readonly max: number
  readonly label: string
  /** The limit's name. */
  readonly limit: string
  constructor(label: string, requested: number, max: number, limit: string = 'maxBufferSize') {
    super(
      `'${label}' would need ${requested} bytes, and ${limit} of this device is ${max}. ` +
        'Split the data over several buffers, or request the device with a higher limit.',
    )
    this.label = label
    this.requested = requested
    this.max = max
    this.limit = limit
  }
}

/** The device had no memory for a buffer. May come late, through `buffer.settled`. */
export class AllocationFailed extends MkError {
  override readonly code = 'AllocationFailed'
  readonly label: string
  /** Bytes asked for. */
  readonly requested: number
  constructor(label: string, requested: number, detail: string = '') {
    super(
      `No memory for '${label}' (${requested} bytes)${detail === '' ? '' : `: ${detail}`}. ` +
        'Destroy buffers that are no longer used (gpu.leaks() lists those alive), then create it again.',
    )
    this.label = label
    this.requested = requested
  }
}

/** A number that is no integer, or outside of what is allowed. */
export class OutOfRange extends MkError {
  override readonly code = 'OutOfRange'
  /** The argument's name. */
  readonly what: string
  readonly value: number
  readonly min: number
  readonly max: number
  constructor(what: string, value: number, min: number, max: number, where: string = '') {
    super(`${what} is ${value}${where === '' ? '' : ` (${where})`}; pass an integer from ${min} to ${max}.`)
    this.what = what
    this.value = value
    this.min = min
    this.max = max
  }
}

/** An offset or a size that the device can only take as a multiple of some number. */
export class MisalignedCopy extends MkError {
  override readonly code = 'MisalignedCopy'
  /** The argument's name. */
  readonly what: string
  readonly value: number
  readonly multipleOf: number
  constructor(what: string, value: number, multipleOf: number, hint: string = '') {
    super(`${what} is ${value}; it must be a multiple of ${multipleOf}.${hint === '' ? '' : ` ${hint}`}`)
    this.what = what
    this.value = value
    this.multipleOf = multipleOf
  }
}

/** A copy within one buffer whose source and destination share bytes. */
export class OverlappingCopy extends MkError {
  override readonly code = 'OverlappingCopy'
  readonly label: string
  readonly srcOffset: number
  readonly dstOffset: number
  /** Bytes. */
  readonly size: number
  constructor(label: string, srcOffset: number, dstOffset: number, size: number) {
    super(
      `Copying ${size} bytes of '${label}' from ${srcOffset} to ${dstOffset} overlaps itself. ` +
        'Copy through another buffer, or in pieces that do not overlap.',
    )
    this.label = label
    this.srcOffset = srcOffset
    this.dstOffset = dstOffset
    this.size = size
  }
}

/** A buffer used after its `destroy()`. */
export class BufferDestroyed extends MkError {
  override readonly code = 'BufferDestroyed'
  readonly label: string
  constructor(label: string) {
    super(`'${label}' was destroyed. Create a new buffer, or destroy it later.`)
    this.label = label
  }
}

/** A buffer handed to another MkGpu than the one that made it. */
export class ForeignBuffer extends MkError {
  override readonly code = 'ForeignBuffer'
  readonly label: string
  constructor(label: string) {
    super(`'${label}' belongs to another MkGpu. Use it with the gpu that created it.`)
    this.label = label
  }
}

/** A buffer that lacks a usage flag for what was asked of it. */
export class UsageMissing extends MkError {
  override readonly code = 'UsageMissing'
  readonly label: string
  /** Flags the operation needs. */
  readonly needed: number
  /** Flags the buffer has. */
  readonly usage: number
  constructor(operation: string, label: string, needed: number, usage: number) {
    super(
      `${operation} needs ${usageNames(needed)}, and '${label}' was created with ${usageNames(usage)}. ` +
        `Create it with MkBufferUsage.${usageNames(needed & ~usage)} too.`,
    )
    this.label = label
    this.needed = needed
    this.usage = usage
  }
}

/** Usage flags, alone or together, that the backend cannot create. */
export class UsageUnsupported extends MkError {
  override readonly code = 'UsageUnsupported'
  /** Flags asked for. */
  readonly usage: number
  /** Flags the backend has. */
  readonly supported: number
  readonly backend: string
  constructor(backend: string, usage: number, supported: number, why: string = '') {
    super(
      `The ${backend} backend cannot create a buffer for ${usageNames(usage)}` +
        `${why === '' ? `: it has ${usageNames(supported)}` : `: ${why}`}. Ask gpu.capabilities.usages first.`,
    )
    this.usage = usage
    this.supported = supported
    this.backend = backend
  }
}

/** A memory type that the backend does not have, or that this kind of buffer cannot be in. */
export class MemoryUnsupported extends MkError {
  override readonly code = 'MemoryUnsupported'
  readonly memory: number
  /** Memory flags that would do. */
  readonly supported: number
  constructor(what: string, memory: number, supported: number, hint: string = '') {
    super(
      `${what} cannot be in ${memoryNames(memory)} memory here; it can be in ${memoryNames(supported)}.` +
        (hint === '' ? '' : ` ${hint}`),
    )
    this.memory = memory
    this.supported = supported
  }
}

/** `map()` on a buffer that the device could not give to the CPU. */
export class NotMappable extends MkError {
  override readonly code = 'NotMappable'
  readonly label: string
  constructor(label: string, why: string) {
    super(`'${label}' cannot be mapped: ${why}`)
    this.label = label
  }
}

/** `map()` on a buffer that is mapped, or whose map is pending. */
export class AlreadyMapped extends MkError {
  override readonly code = 'AlreadyMapped'
  readonly label: string
  readonly state: string
  constructor(label: string, state: string) {
    super(`'${label}' is ${state} already. Use its bytes, or unmap() it first.`)
    this.label = label
    this.state = state
  }
}

/** Access to the bytes of a buffer that is not mapped. */
export class NotMapped extends MkError {
  override readonly code = 'NotMapped'
  readonly label: string
  readonly state: string
  constructor(operation: string, label: string, state: string) {
    super(`${operation} needs '${label}' mapped, and it is ${state}. await buffer.map() first.`)
    this.label = label
    this.state = state
  }
}

/** A mapped buffer handed to the device. */
export class BufferMapped extends MkError {
  override readonly code = 'BufferMapped'
  readonly label: string
  constructor(operation: string, label: string) {
    super(`${operation} cannot use '${label}' while it is mapped. Call its unmap() first.`)
    this.label = label
  }
}

/** A buffer that recorded, unsubmitted or unfinished work still needs. */
export class BufferInUse extends MkError {
  override readonly code = 'BufferInUse'
  readonly label: string
  constructor(label: string, why: string) {
    super(`'${label}' is in use: ${why}`)
    this.label = label
  }
}

/** `scatter` where there is none, or before it is ready. */
export class ScatterUnavailable extends MkError {
  override readonly code = 'ScatterUnavailable'
  /** True when `await gpu.prepareScatter()` would make it available. */
  readonly later: boolean
  constructor(backend: string, later: boolean) {
    super(
      later
        ? 'scatter is not ready. await gpu.prepareScatter(), and use writes or copies until gpu.scatterReady.'
        : `The ${backend} backend has no scatter. Use writes or copies where gpu.capabilities.scatter is false.`,
    )
    this.later = later
  }
}

/** Something that only one kind of backend has was asked of another. */
export class WrongBackend extends MkError {
  override readonly code = 'WrongBackend'
  readonly expected: string
  readonly actual: string
  constructor(what: string, expected: string, actual: string) {
    super(`${what} exists on the ${expected} backend, and this is ${actual}. Use buffer.native there.`)
    this.expected = expected
    this.actual = actual
  }
}

/** A backend handed to a second MkGpu. */
export class BackendInUse extends MkError {
  override readonly code = 'BackendInUse'
  constructor(backend: string) {
    super(
      `This ${backend} backend already serves an MkGpu. Make one backend per MkGpu; a device may have several.`,
    )
  }
}

/** The device is gone: what was pending will not finish, and nothing more can be asked of this MkGpu. */
export class DeviceLost extends MkError {
  override readonly code = 'DeviceLost'
  /** `'destroyed'`: by somebody's destroy(); `'unknown'`: by itself. */
  readonly reason: 'destroyed' | 'unknown'
  constructor(reason: 'destroyed' | 'unknown', message: string) {
    super(
      `The device is lost (${message === '' ? reason : message}). ` +
        'Make a new device and a new MkGpu, and upload again what the CPU still has.',
    )
    this.reason = reason
  }
}

/** The device refused a call as invalid. In debug mode it names the call and the buffers. */
export class ValidationFailed extends MkError {
  override readonly code = 'ValidationFailed'
  /** The call, `''` when unknown. */
  readonly operation: string
  /** Label of the buffer, `''` when unknown. */
  readonly label: string
  /** What the device said. */
  readonly detail: string
  constructor(operation: string, label: string, detail: string) {
    super(
      `${operation === '' ? 'A call' : operation}${label === '' ? '' : ` on '${label}'`} was refused by the device: ${detail}` +
        (operation === '' ? ' (new MkGpu(backend, { debug: true }) names the call and the buffer)' : ''),
    )
    this.operation = operation
    this.label = label
    this.detail = detail
  }
}

/** The Dummy saw something that a real device forbids or gets wrong, silently. */
export class HazardDetected extends MkError {
  override readonly code = 'HazardDetected'
  readonly label: string
  constructor(label: string, what: string) {
    super(`'${label}' ${what}`)
    this.label = label
  }
}

/** A call that the Dummy was told to fail. */
export class InjectedFault extends MkError {
  override readonly code = 'InjectedFault'
  /** The backend call's name. */
  readonly call: string
  /** The how-manieth call of the backend it was, from 1. */
  readonly index: number
  constructor(call: string, index: number) {
    super(`Call ${index} (${call}) failed, as the faults of this DummyBackend ask.`)
    this.call = call
    this.index = index
  }
}

/** A pool or a sub-allocator would pass the most bytes it may hold. Nothing was created. */
export class PoolFull extends MkError {
  override readonly code = 'PoolFull'
  /** Label of the pool. */
  readonly pool: string
  /** Bytes asked for, as the pool would hold them. */
  readonly requested: number
  /** Bytes it holds, none of which could be let go. */
  readonly held: number
  /** Bytes it may hold. */
  readonly maxBytes: number
  /** Bytes that were given back, and wait for the device to finish with them. */
  readonly waiting: number
  constructor(pool: string, requested: number, held: number, maxBytes: number, waiting: number) {
    super(
      `${pool} holds ${held} of the ${maxBytes} bytes it may, and ${requested} more are needed ` +
        `(${waiting} bytes wait for the device to finish). Raise maxBytes, give back what is no longer used, or wait for gpu.waitIdle().`,
    )
    this.pool = pool
    this.requested = requested
    this.held = held
    this.maxBytes = maxBytes
    this.waiting = waiting
  }
}

/** A buffer given back to a pool that did not hand it out, or that got it back already. Nothing was changed. */
export class NotFromPool extends MkError {
  override readonly code = 'NotFromPool'
  readonly label: string
  /** Label of the pool. */
  readonly pool: string
  constructor(label: string, pool: string) {
    super(
      `'${label}' is not in use from ${pool}: release each buffer once, to the pool that acquired it, and drop it then.`,
    )
    this.label = label
    this.pool = pool
  }
}

/** No device could be had in Node. */
export class NoAdapter extends MkError {
  override readonly code = 'NoAdapter'
  /** What was tried, in words. */
  readonly tried: readonly string[]
  constructor(tried: readonly string[], advice: string) {
    super(`Dawn found no adapter (tried: ${tried.join('; ')}). ${advice}`)
    this.tried = tried
  }
}

/** The adapter gives no device with the limits or features asked for. */
export class DeviceRefused extends MkError {
  override readonly code = 'DeviceRefused'
  readonly adapter: string
  /** What Dawn said: the name, what was asked and what there is. */
  readonly detail: string
  constructor(adapter: string, cause: unknown) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    super(`${adapter} gives no such device: ${detail} Ask for lower \`limits\` or fewer \`features\`.`)
    this.adapter = adapter
    this.detail = detail
  }
}

/** The npm package `webgpu` is missing, or its binary does not load here. */
export class DawnMissing extends MkError {
  override readonly code = 'DawnMissing'
  constructor(cause: unknown) {
    super(
      `The npm package 'webgpu' (Dawn for Node) could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'npm install webgpu, and allow its install script.',
    )
    this.cause = cause
  }
}
