/** A buffer that other code created, captured so that it can be read back. */
export interface CapturedBuffer {
  readonly buffer: GPUBuffer
  readonly size: number
}

const COPY_SRC = 0x4
const MAPPED = 0x1 | 0x2

/** Runs `work` and gives the buffers that were made meanwhile, which can be copied from, whatever their maker asked for. */
export async function captureBuffers(work: () => unknown): Promise<CapturedBuffer[]> {
  const captured: CapturedBuffer[] = []
  const proto = GPUDevice.prototype
  // oxlint-disable-next-line typescript/unbound-method -- put back below
  const original = proto.createBuffer
  proto.createBuffer = function (this: GPUDevice, descriptor) {
    const { size, usage } = descriptor
    const more = usage & MAPPED ? 0 : COPY_SRC
    const buffer = original.call(this, {
      label: descriptor.label ?? '',
      size,
      usage: usage | more,
      mappedAtCreation: descriptor.mappedAtCreation ?? false,
    })
    if (more) captured.push({ buffer, size })
    return buffer
  }
  try {
    await work()
  } finally {
    proto.createBuffer = original
  }
  return captured
}

/** Runs `work` and gives the device that was asked for meanwhile, with the features and limits that its maker asked for. */
export async function captureDevice<T>(work: () => Promise<T>): Promise<[T, GPUDevice]> {
  const proto = GPUAdapter.prototype
  // oxlint-disable-next-line typescript/unbound-method -- put back below
  const original = proto.requestDevice
  let device: GPUDevice | undefined
  proto.requestDevice = async function (this: GPUAdapter, descriptor) {
    device = await original.call(this, descriptor)
    return device
  }
  try {
    const made = await work()
    if (!device) throw new Error('No device was asked for')
    return [made, device]
  } finally {
    proto.requestDevice = original
  }
}

/** The one of captured buffers that has so many bytes. */
export function bufferOf(captured: readonly CapturedBuffer[], bytes: number): GPUBuffer {
  const found = captured.find(({ size }) => size === bytes)
  if (!found) throw new Error(`No buffer of ${bytes} bytes was made`)
  return found.buffer
}
