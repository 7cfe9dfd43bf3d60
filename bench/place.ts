import type { MkGpu } from '@memkit/gpu'
import { MkBufferUsage } from '@memkit/gpu'

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

/** Resolves when a device has done what was handed to it. Writes alone may wait for a submit: a small one takes them along. */
export class Completion {
  readonly #device: GPUDevice
  readonly #buffers: GPUBuffer[]

  constructor(device: GPUDevice) {
    this.#device = device
    // COPY_SRC | COPY_DST
    this.#buffers = [0, 1].map(() => device.createBuffer({ size: 16, usage: 0x4 | 0x8 }))
  }

  async wait(): Promise<void> {
    const encoder = this.#device.createCommandEncoder()
    encoder.copyBufferToBuffer(this.#buffers[0], 0, this.#buffers[1], 0, 16)
    this.#device.queue.submit([encoder.finish()])
    await this.#device.queue.onSubmittedWorkDone()
  }
}

const completions = new WeakMap<object, Completion>()

/** As `Completion.wait`, for a device or for Dummy. */
export async function deviceDone(place: Place, device: GPUDevice | undefined = place.device): Promise<void> {
  if (device === undefined) return await place.gpu.waitIdle()
  let completion = completions.get(device)
  if (completion === undefined) completions.set(device, (completion = new Completion(device)))
  await completion.wait()
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
