import { MkBufferUsage, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'

export type BackendName = 'dummy' | 'null' | 'dawn' | 'chromium'

/** Where a program runs: a backend and, but for Dummy, its device. */
export interface Place {
  readonly backend: BackendName
  /** Name of adapter and runtime. */
  readonly adapter: string
  readonly runtime: string
  readonly gpu: MkGpu
  readonly device: GPUDevice | undefined
  /** Whether what is read back means anything: `backend=null` does no work. */
  readonly readable: boolean
}

/** Waits for a device to have done what was handed to it. */
class Completion {
  readonly #device: GPUDevice
  readonly #word: GPUBuffer
  /** Buffers that the device has written. */
  readonly #written = new WeakSet<GPUBuffer>()

  constructor(device: GPUDevice) {
    this.#device = device
    // COPY_SRC | COPY_DST
    this.#word = device.createBuffer({ size: 16, usage: 0x4 | 0x8 })
  }

  async wait(used: GPUBuffer): Promise<void> {
    const encoder = this.#device.createCommandEncoder()
    encoder.copyBufferToBuffer(used, 0, this.#word, 0, 16)
    // Dawn writes straight into memory that the CPU sees only until the device has written a buffer. Games
    // are not in that state for long, so every buffer leaves it the first time: with the bytes it has.
    if (!this.#written.has(used)) encoder.copyBufferToBuffer(this.#word, 0, used, 0, 16)
    this.#written.add(used)
    this.#device.queue.submit([encoder.finish()])
    await this.#device.queue.onSubmittedWorkDone()
  }
}

const completions = new WeakMap<object, Completion>()

/**
 * Resolves when a device has done what was handed to it. It reads the rows, as a draw would: writes may wait for a submit, and
 * a driver may write faster into what its device has never used.
 */
export async function deviceDone(device: GPUDevice, rows: GPUBuffer): Promise<void> {
  let completion = completions.get(device)
  if (completion === undefined) completions.set(device, (completion = new Completion(device)))
  await completion.wait(rows)
}

/** The same for a buffer of memkit's, on any backend. */
export async function rowsDone({ gpu, device }: Place, rows: MkDeviceBuffer): Promise<void> {
  await (device ? deviceDone(device, rows.native as GPUBuffer) : gpu.waitIdle())
}

/** The bytes of a buffer of a device. */
export async function readBuffer(device: GPUDevice, buffer: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  // MAP_READ | COPY_DST
  const staging = device.createBuffer({ size: bytes, usage: 0x1 | 0x8 })
  const encoder = device.createCommandEncoder()
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, bytes)
  device.queue.submit([encoder.finish()])
  await staging.mapAsync(1)
  const copy = staging.getMappedRange().slice(0)
  staging.destroy()
  return copy
}

export const STORAGE_USAGE: number =
  MkBufferUsage.STORAGE | MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST
