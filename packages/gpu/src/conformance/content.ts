import { MkBufferUsage } from '../backends/usage.ts'
import type { MkDeviceBuffer } from '../buffers/buffers.ts'
import type { MkGpu } from '../gpu.ts'

/** For buffers that are written and read back. */
export const BOTH: number = MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST

/** Words that are all different, and different for each seed. */
export function words(count: number, seed: number = 1): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, i) => Math.imul(i + 1, 2654435761) + seed * 40503)
}

/** Bytes that aren’t a multiple of anything. */
export function bytes(count: number, seed: number = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, i) => (i * 37 + seed * 101 + 1) & 255)
}

/** Words with others in their place from word `at` on. */
export function patched(base: Uint32Array, at: number, patch: ArrayLike<number>): Uint32Array<ArrayBuffer> {
  const result = base.slice()
  result.set(patch, at)
  return result
}

/** A device buffer that holds these bytes. */
export function bufferOf(
  gpu: MkGpu,
  data: Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  usage: number = BOTH,
): MkDeviceBuffer {
  const buffer = gpu.createDeviceBuffer(data.byteLength, usage)
  gpu.write(buffer, 0, data.buffer)
  return buffer
}
