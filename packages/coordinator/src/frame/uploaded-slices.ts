import { MkBufferUsage, UsageMissing } from '@memkit/gpu'
import type { MkBuffer, MkDeviceBuffer, MkGpu, MkLeak } from '@memkit/gpu'
import { bytesOf } from '../mirror/rows.ts'
import { everyUsage } from './frame-buffer.ts'

const { INDIRECT, TRANSFER_DST } = MkBufferUsage

/** What `uploadSlice` made, remembered to tell what a loss took. */
export class UploadedSlices {
  readonly #slices = new WeakSet<MkBuffer>()
  #made = 0

  upload(
    gpu: MkGpu,
    data: ArrayBufferView | ArrayBuffer,
    usage: number = everyUsage(gpu) & ~INDIRECT,
  ): MkDeviceBuffer {
    const label = `slice ${this.#made + 1}`
    if ((usage & TRANSFER_DST) === 0)
      throw new UsageMissing({ operation: 'uploadSlice', label, needed: TRANSFER_DST, usage })
    const buffer = gpu.createDeviceBuffer(data.byteLength, usage, { label })
    this.#made++
    try {
      const bytes = bytesOf(data)
      const { buffer: source, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
      gpu.write(buffer, 0, source, byteOffset, bytes.byteLength)
    } catch (error) {
      buffer.destroy()
      throw error
    }
    this.#slices.add(buffer)
    return buffer
  }

  /** Forgets those of the buffers that it made. @returns them */
  forget(leaks: readonly MkLeak[]): MkDeviceBuffer[] {
    return leaks.flatMap(({ buffer }) => (this.#slices.delete(buffer) ? [buffer as MkDeviceBuffer] : []))
  }
}
