import { MkBufferUsage, UsageMissing } from '@memkit/gpu'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'

const { TRANSFER_DST } = MkBufferUsage

/** What `uploadSlice` made: buffers of the user's without a CPU copy, remembered to tell what a loss took. */
export class UploadedSlices {
  readonly #slices = new Set<MkDeviceBuffer>()
  #pruneAt = 64
  #made = 0

  /** Those that nobody has destroyed. */
  get alive(): MkDeviceBuffer[] {
    return [...this.#slices].filter((slice) => !slice.destroyed)
  }

  /** A device buffer with these bytes. */
  upload(gpu: MkGpu, data: ArrayBufferView | ArrayBuffer, usage: number = everyRole(gpu)): MkDeviceBuffer {
    const label = `slice ${this.#made + 1}`
    // Before there is a buffer to write to.
    if ((usage & TRANSFER_DST) === 0) throw new UsageMissing('uploadSlice', label, TRANSFER_DST, usage)
    const buffer = gpu.createDeviceBuffer(data.byteLength, usage, { label })
    this.#made++
    try {
      if (!ArrayBuffer.isView(data)) gpu.write(buffer, 0, data, 0, data.byteLength)
      else if (data.byteOffset % 4 === 0) gpu.write(buffer, 0, data.buffer, data.byteOffset, data.byteLength)
      else {
        const bytes = new Uint8Array(data.byteLength)
        bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
        gpu.write(buffer, 0, bytes.buffer, 0, bytes.byteLength)
      }
    } catch (error) {
      buffer.destroy()
      throw error
    }
    this.#slices.add(buffer)
    if (this.#slices.size >= this.#pruneAt) this.#prune()
    return buffer
  }

  /** The device is lost: those that were alive, which are forgotten. */
  forget(): MkDeviceBuffer[] {
    const { alive } = this
    this.#slices.clear()
    return alive
  }

  /** Lets go of what was destroyed, now and then. */
  #prune(): void {
    for (const slice of this.#slices) if (slice.destroyed) this.#slices.delete(slice)
    this.#pruneAt = Math.max(64, this.#slices.size * 2)
  }
}

/** All usages but INDIRECT, and INDEX where it excludes others. */
function everyRole(gpu: MkGpu): number {
  const { usages, indexIsExclusive } = gpu.capabilities
  const all = usages & ~MkBufferUsage.INDIRECT
  return indexIsExclusive ? all & ~MkBufferUsage.INDEX : all
}
