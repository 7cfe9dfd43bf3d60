import type { MkGpu } from '@memkit/gpu'

/** Whom to count: a real device where there is one, else the Dummy. */
export interface CountedDevice {
  readonly gpu: Pick<MkGpu, 'calls'>
  readonly device?: GPUDevice | undefined
}

/** What was asked of a device. */
export interface CallCounts {
  /** `writeBuffer` calls. */
  writes: number
  bytesWritten: number
  submits: number
  dispatches: number
  copies: number
  buffersCreated: number
  /** Bytes of the buffers created, less those of buffers destroyed. */
  bytesHeld: number
}

function none(): CallCounts {
  return {
    writes: 0,
    bytesWritten: 0,
    submits: 0,
    dispatches: 0,
    copies: 0,
    buffersCreated: 0,
    bytesHeld: 0,
  }
}

type Method = (this: unknown, ...args: never[]) => unknown

/**
 * Counts the calls that any code makes to a device of this realm while `work` runs. Replaces methods on their prototypes meanwhile and
 * restores them afterwards, so that timed code runs on the platform's own.
 */
export function countCalls({ gpu, device }: CountedDevice, work: () => void): CallCounts {
  return device === undefined ? countOnDummy(gpu, work) : countOnDevice(device, work)
}

function countOnDummy(gpu: CountedDevice['gpu'], work: () => void): CallCounts {
  const before = { ...gpu.calls }
  work()
  const after = gpu.calls
  return {
    ...none(),
    writes: after.writes - before.writes,
    bytesWritten: after.bytesWritten - before.bytesWritten,
    submits: after.submits - before.submits,
    dispatches: after.dispatches - before.dispatches,
    copies: after.copies - before.copies,
    buffersCreated: after.buffersCreated - before.buffersCreated,
  }
}

/** Counts on a device until `stop` is called. */
export function startCounting(device: GPUDevice): { counts: CallCounts; stop(): void } {
  const counts = none()
  const undo: (() => void)[] = []
  const watch = (of: object, name: string, note: (args: readonly unknown[], on: unknown) => void): void => {
    const proto = Object.getPrototypeOf(of) as Record<string, Method>
    const original = proto[name]
    proto[name] = function (this: unknown, ...args: never[]) {
      note(args, this)
      return original.apply(this, args)
    }
    undo.push(() => void (proto[name] = original))
  }
  const buffer = device.createBuffer({ size: 4, usage: 0x8 })
  const gone = new WeakSet<object>()
  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  watch(device, 'createBuffer', ([descriptor]) => {
    counts.buffersCreated++
    counts.bytesHeld += (descriptor as GPUBufferDescriptor).size
  })
  watch(buffer, 'destroy', (_, on) => {
    const destroyed = on as GPUBuffer
    if (!gone.has(destroyed)) counts.bytesHeld -= destroyed.size
    gone.add(destroyed)
  })
  watch(device.queue, 'writeBuffer', (args) => {
    counts.writes++
    counts.bytesWritten += writtenBytes(args)
  })
  watch(device.queue, 'submit', () => void counts.submits++)
  watch(encoder, 'copyBufferToBuffer', () => void counts.copies++)
  watch(pass, 'dispatchWorkgroups', () => void counts.dispatches++)
  pass.end()
  return {
    counts,
    stop() {
      for (const each of undo) each()
    },
  }
}

function countOnDevice(device: GPUDevice, work: () => void): CallCounts {
  const counting = startCounting(device)
  try {
    work()
  } finally {
    counting.stop()
  }
  return counting.counts
}

/** Offset and size count elements of a typed array, and bytes of everything else. */
function writtenBytes([, , data, offset = 0, size]: readonly unknown[]): number {
  const source = data as ArrayBuffer | (ArrayBufferView & { BYTES_PER_ELEMENT?: number })
  const unit = ArrayBuffer.isView(source)
    ? ((source as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1)
    : 1
  return size === undefined ? source.byteLength - (offset as number) * unit : (size as number) * unit
}
