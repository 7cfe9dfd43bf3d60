import { MkError } from '@memkit/core'
import { memoryNames, usageNames } from './usage.ts'

/**
 * A buffer, or a range bound of one, above the device's limit. Nothing was called.
 *
 * What to do: split the data over several buffers, or request the device with a higher `limit`.
 */
export class BufferTooLarge extends MkError {
  readonly code = 'BufferTooLarge'
  /** Bytes asked for. */
  declare readonly requested: number
  /** Bytes allowed. */
  declare readonly max: number
  declare readonly label: string
  /** The limit's name. */
  declare readonly limit: string

  constructor(label: string, requested: number, max: number, limit: string = 'maxBufferSize') {
    super(
      `'${label}' would need ${requested} bytes, and ${limit} of this device is ${max}. ` +
        'Split the data over several buffers, or request the device with a higher limit.',
      { label, requested, max, limit },
    )
  }
}

/**
 * The device had no memory for a buffer. May come late, through `buffer.settled`.
 *
 * What to do: destroy buffers that are no longer used (`gpu.leaks()` lists those alive), then create it again.
 */
export class AllocationFailed extends MkError {
  readonly code = 'AllocationFailed'
  declare readonly label: string
  /** Bytes asked for. */
  declare readonly requested: number

  constructor(label: string, requested: number, detail: string = '') {
    super(
      `No memory for '${label}' (${requested} bytes)${detail === '' ? '' : `: ${detail}`}. ` +
        'Destroy buffers that are no longer used (gpu.leaks() lists those alive), then create it again.',
      { label, requested },
    )
  }
}

/**
 * A number that is no integer, or outside of what is allowed. Nothing was called.
 *
 * What to do: pass a whole number from `min` to `max`, or make the buffer bigger.
 */
export class OutOfRange extends MkError {
  readonly code = 'OutOfRange'
  /** The argument's name. */
  declare readonly what: string
  declare readonly value: number
  declare readonly min: number
  declare readonly max: number

  /** @param where goes between the argument's name and "must be": `of 'vertices', in bytes` */
  constructor(what: string, value: number, min: number, max: number, where: string = '') {
    super(
      `${what}${where === '' ? '' : ` ${where}`} must be a whole number from ${min} to ${max}, not ${String(value)}.`,
      { what, value, min, max },
    )
  }
}

/**
 * An offset or a size that the device can only take as a multiple of some number.
 *
 * What to do: pass a multiple of `multipleOf`; a size may end with its destination whatever it is.
 */
export class MisalignedCopy extends MkError {
  readonly code = 'MisalignedCopy'
  /** The argument's name. */
  declare readonly what: string
  declare readonly value: number
  declare readonly multipleOf: number

  constructor(what: string, value: number, multipleOf: number, hint: string = '') {
    super(`${what} is ${value}; it must be a multiple of ${multipleOf}.${hint === '' ? '' : ` ${hint}`}`, {
      what,
      value,
      multipleOf,
    })
  }
}

/**
 * A copy within one buffer whose source and destination share bytes.
 *
 * What to do: copy through another buffer, or in pieces that do not overlap.
 */
export class OverlappingCopy extends MkError {
  readonly code = 'OverlappingCopy'
  declare readonly label: string
  declare readonly srcOffset: number
  declare readonly dstOffset: number
  /** Bytes. */
  declare readonly size: number

  constructor(label: string, srcOffset: number, dstOffset: number, size: number) {
    super(
      `Copying ${size} bytes of '${label}' from ${srcOffset} to ${dstOffset} overlaps itself. ` +
        'Copy through another buffer, or in pieces that do not overlap.',
      { label, srcOffset, dstOffset, size },
    )
  }
}

/**
 * A buffer used after its `destroy()`.
 *
 * What to do: create a new buffer, or destroy this one later.
 */
export class BufferDestroyed extends MkError {
  readonly code = 'BufferDestroyed'
  declare readonly label: string

  constructor(label: string) {
    super(`'${label}' was destroyed. Create a new buffer, or destroy it later.`, { label })
  }
}

/**
 * A buffer handed to another MkGpu than the one that made it.
 *
 * What to do: use a buffer with the gpu that created it.
 */
export class ForeignBuffer extends MkError {
  readonly code = 'ForeignBuffer'
  declare readonly label: string

  constructor(label: string) {
    super(`'${label}' belongs to another MkGpu. Use it with the gpu that created it.`, { label })
  }
}

/**
 * A buffer that lacks a usage flag for what was asked of it.
 *
 * What to do: create the buffer with the flags that are `needed` too.
 */
export class UsageMissing extends MkError {
  readonly code = 'UsageMissing'
  declare readonly label: string
  /** Flags the operation needs. */
  declare readonly needed: number
  /** Flags the buffer has. */
  declare readonly usage: number

  constructor(operation: string, label: string, needed: number, usage: number) {
    super(
      `${operation} needs ${usageNames(needed)}, and '${label}' was created with ${usageNames(usage)}. ` +
        `Create it with MkBufferUsage.${usageNames(needed & ~usage)} too.`,
      { label, needed, usage },
    )
  }
}

/**
 * Usage flags, alone or together, that the backend cannot create.
 *
 * What to do: ask `gpu.capabilities.usages` first, and use another kind of buffer where the backend has none.
 */
export class UsageUnsupported extends MkError {
  readonly code = 'UsageUnsupported'
  /** Flags asked for. */
  declare readonly usage: number
  /** Flags the backend has. */
  declare readonly supported: number
  declare readonly backend: string

  constructor(backend: string, usage: number, supported: number, why: string = '') {
    super(
      `The ${backend} backend cannot create a buffer for ${usageNames(usage)}` +
        `${why === '' ? `: it has ${usageNames(supported)}` : `: ${why}`}. Ask gpu.capabilities.usages first.`,
      { usage, supported, backend },
    )
  }
}

/**
 * A memory type that the backend does not have, or that this kind of buffer cannot be in.
 *
 * What to do: choose one of the `supported` types; `gpu.capabilities.memoryTypes` lists those of the device.
 */
export class MemoryUnsupported extends MkError {
  readonly code = 'MemoryUnsupported'
  declare readonly memory: number
  /** Memory flags that would do. */
  declare readonly supported: number

  constructor(what: string, memory: number, supported: number, hint: string = '') {
    super(
      `${what} cannot be in ${memoryNames(memory)} memory here; it can be in ${memoryNames(supported)}.` +
        (hint === '' ? '' : ` ${hint}`),
      { memory, supported },
    )
  }
}

/**
 * `map()` on a buffer that the device could not give to the CPU.
 *
 * What to do: do what the message says; memory for the CPU to read is HostCached, to write HostVisible.
 */
export class NotMappable extends MkError {
  readonly code = 'NotMappable'
  declare readonly label: string

  constructor(label: string, why: string) {
    super(`'${label}' cannot be mapped: ${why}`, { label })
  }
}

/**
 * `map()` on a buffer that is mapped, or whose map is pending.
 *
 * What to do: use the bytes that are mapped, or `unmap()` first.
 */
export class AlreadyMapped extends MkError {
  readonly code = 'AlreadyMapped'
  declare readonly label: string
  declare readonly state: string

  constructor(label: string, state: string) {
    super(`'${label}' is ${state} already. Use its bytes, or unmap() it first.`, { label, state })
  }
}

/**
 * Access to the bytes of a buffer that is not mapped.
 *
 * What to do: `await buffer.map()` first.
 */
export class NotMapped extends MkError {
  readonly code = 'NotMapped'
  declare readonly label: string
  declare readonly state: string

  constructor(operation: string, label: string, state: string) {
    super(`${operation} needs '${label}' mapped, and it is ${state}. await buffer.map() first.`, {
      label,
      state,
    })
  }
}

/**
 * A mapped buffer handed to the device.
 *
 * What to do: call its `unmap()` first.
 */
export class BufferMapped extends MkError {
  readonly code = 'BufferMapped'
  declare readonly label: string

  constructor(operation: string, label: string) {
    super(`${operation} cannot use '${label}' while it is mapped. Call its unmap() first.`, { label })
  }
}

/**
 * A buffer that recorded, unsubmitted or unfinished work still needs.
 *
 * What to do: submit what is recorded (`gpu.submit()`), then ask again.
 */
export class BufferInUse extends MkError {
  readonly code = 'BufferInUse'
  declare readonly label: string

  constructor(label: string, why: string) {
    super(`'${label}' is in use: ${why}`, { label })
  }
}

/**
 * `scatter` where there is none, or before it is ready.
 *
 * What to do: `await gpu.prepareScatter()` where `later`; otherwise use writes or copies.
 */
export class ScatterUnavailable extends MkError {
  readonly code = 'ScatterUnavailable'
  /** True when `await gpu.prepareScatter()` would make it available. */
  declare readonly later: boolean

  constructor(backend: string, later: boolean) {
    super(
      later
        ? 'scatter is not ready. await gpu.prepareScatter(), and use writes or copies until gpu.scatterReady.'
        : `The ${backend} backend has no scatter. Use writes or copies where gpu.capabilities.scatter is false.`,
      { later },
    )
  }
}

/**
 * Something that only one kind of backend has was asked of another.
 *
 * What to do: use `buffer.native`, which every backend has, or a device of the `expected` backend.
 */
export class WrongBackend extends MkError {
  readonly code = 'WrongBackend'
  declare readonly expected: string
  declare readonly actual: string

  constructor(what: string, expected: string, actual: string) {
    super(`${what} exists on the ${expected} backend, and this is ${actual}. Use buffer.native there.`, {
      expected,
      actual,
    })
  }
}

/**
 * A backend handed to a second MkGpu.
 *
 * What to do: make one backend per MkGpu; a device may have several.
 */
export class BackendInUse extends MkError {
  readonly code = 'BackendInUse'

  constructor(backend: string) {
    super(
      `This ${backend} backend already serves an MkGpu. Make one backend per MkGpu; a device may have several.`,
    )
  }
}

/**
 * The device is gone: what was pending will not finish, and nothing more can be asked of this MkGpu.
 *
 * What to do: make a new device and a new MkGpu, and upload again what the CPU still has. The plugin does so by itself where it was
 * given a factory.
 */
export class DeviceLost extends MkError {
  readonly code = 'DeviceLost'
  /** `'destroyed'`: by somebody's destroy(); `'unknown'`: by itself. */
  declare readonly reason: 'destroyed' | 'unknown'

  constructor(reason: 'destroyed' | 'unknown', message: string) {
    super(
      `The device is lost (${message === '' ? reason : message}). ` +
        'Make a new device and a new MkGpu, and upload again what the CPU still has.',
      { reason },
    )
  }
}

/**
 * The device refused a call as invalid. In debug mode it names the call and the buffers.
 *
 * What to do: this is a bug, in memkit or in calls made beside it. Run with `new MkGpu(backend, { debug: true })`, which names the call
 * and the buffer, and report it.
 */
export class ValidationFailed extends MkError {
  readonly code = 'ValidationFailed'
  /** The call, `''` when unknown. */
  declare readonly operation: string
  /** Label of the buffer, `''` when unknown. */
  declare readonly label: string
  /** What the device said. */
  declare readonly detail: string

  constructor(operation: string, label: string, detail: string) {
    super(
      `${operation === '' ? 'A call' : operation}${label === '' ? '' : ` on '${label}'`} was refused by the device: ${detail}` +
        (operation === '' ? ' (new MkGpu(backend, { debug: true }) names the call and the buffer)' : ''),
      { operation, label, detail },
    )
  }
}

/**
 * The Dummy saw something that a real device forbids or gets wrong, silently.
 *
 * What to do: do what the message says: wait for the serial, or unmap, before the buffer is used again.
 */
export class HazardDetected extends MkError {
  readonly code = 'HazardDetected'
  declare readonly label: string

  constructor(label: string, what: string) {
    super(`'${label}' ${what}`, { label })
  }
}

/**
 * A call that the Dummy was told to fail.
 *
 * What to do: nothing: tests ask for it through `faults`.
 */
export class InjectedFault extends MkError {
  readonly code = 'InjectedFault'
  /** The backend call's name. */
  declare readonly call: string
  /** The how-manieth call of the backend it was, from 1. */
  declare readonly index: number

  constructor(call: string, index: number) {
    super(`Call ${index} (${call}) failed, as the faults of this DummyBackend ask.`, { call, index })
  }
}

/**
 * A pool or a sub-allocator would pass the most bytes it may hold. Nothing was created.
 *
 * What to do: raise `maxBytes`, give back what is no longer used, or wait for `gpu.waitIdle()`.
 */
export class PoolFull extends MkError {
  readonly code = 'PoolFull'
  /** Label of the pool. */
  declare readonly pool: string
  /** Bytes asked for, as the pool would hold them. */
  declare readonly requested: number
  /** Bytes it holds, none of which could be let go. */
  declare readonly held: number
  /** Bytes it may hold. */
  declare readonly maxBytes: number
  /** Bytes that were given back, and wait for the device to finish with them. */
  declare readonly waiting: number

  constructor(pool: string, requested: number, held: number, maxBytes: number, waiting: number) {
    super(
      `${pool} holds ${held} of the ${maxBytes} bytes it may, and ${requested} more are needed ` +
        `(${waiting} bytes wait for the device to finish). Raise maxBytes, give back what is no longer used, or wait for gpu.waitIdle().`,
      { pool, requested, held, maxBytes, waiting },
    )
  }
}

/**
 * A buffer given back to a pool that did not hand it out, or that got it back already. Nothing was changed.
 *
 * What to do: release each buffer once, to the pool that acquired it, and drop it then.
 */
export class NotFromPool extends MkError {
  readonly code = 'NotFromPool'
  declare readonly label: string
  /** Label of the pool. */
  declare readonly pool: string

  constructor(label: string, pool: string) {
    super(
      `'${label}' is not in use from ${pool}: release each buffer once, to the pool that acquired it, and drop it then.`,
      { label, pool },
    )
  }
}

/**
 * No device could be had in Node.
 *
 * What to do: follow the advice in the message: install a Vulkan driver or Chromium with SwiftShader, or name another `backend`.
 */
export class NoAdapter extends MkError {
  readonly code = 'NoAdapter'
  /** What was tried, in words. */
  declare readonly tried: readonly string[]

  constructor(tried: readonly string[], advice: string) {
    super(`Dawn found no adapter (tried: ${tried.join('; ')}). ${advice}`, { tried })
  }
}

/**
 * The browser has no device to give: no WebGPU adapter, and no WebGL2 context where a canvas was given.
 *
 * What to do: serve the page over https (or from localhost), look at the browser's page about the GPU (`chrome://gpu`), and give `webGpu` a
 * `canvas` so that WebGL2 can take over.
 */
export class NoBrowserDevice extends MkError {
  readonly code = 'NoBrowserDevice'
  /** What was tried, in words. */
  declare readonly tried: readonly string[]

  constructor(tried: readonly string[]) {
    super(
      `This browser has no device (tried: ${tried.join('; ')}). WebGPU needs https or localhost, and a GPU that the browser trusts ` +
        '(chrome://gpu says more); give webGpu() a `canvas` so that WebGL2 can take over.',
      { tried },
    )
  }
}

/**
 * The adapter gives no device with the limits or features asked for.
 *
 * What to do: ask for lower `limits` or fewer `features`.
 */
export class DeviceRefused extends MkError {
  readonly code = 'DeviceRefused'
  declare readonly adapter: string
  /** What the adapter said: the name, what was asked and what there is. */
  declare readonly detail: string

  constructor(adapter: string, cause: unknown) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    super(
      `${adapter} gives no such device: ${detail.replace(/[.\s]*$/, '.')} Ask for lower \`limits\` or fewer \`features\`.`,
      { adapter, detail },
      { cause },
    )
  }
}

/**
 * The npm package `webgpu` is missing, or its binary does not load here.
 *
 * What to do: `npm install webgpu`, and allow its install script.
 */
export class DawnMissing extends MkError {
  readonly code = 'DawnMissing'

  constructor(cause: unknown) {
    super(
      `The npm package 'webgpu' (Dawn for Node) could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        'npm install webgpu, and allow its install script.',
      undefined,
      { cause },
    )
  }
}
