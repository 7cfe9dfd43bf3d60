import { InvalidValue } from '@memkit/core'
import type { MkGpuBackend, NativeOf } from '../backends/backend.ts'
import type { MkCapabilities } from '../backends/capabilities.ts'
import { MkBufferUsage, MkMemoryType } from '../backends/usage.ts'
import { allocatedSize, requireFit, requireRange, requireWords } from '../buffers/bounds.ts'
import type { MkBuffer } from '../buffers/buffers.ts'
import type { DeviceMemory } from '../buffers/device-memory.ts'
import { BufferDestroyed, BufferMapped } from '../buffers/errors.ts'
import { MkStagingBuffer } from '../buffers/staging-buffer.ts'
import { CopyUnsupported, ForeignBuffer, UsageMissing } from './errors.ts'

// Called for each write, copy, scatter and read, so nothing here allocates unless it throws.

const { DeviceLocal, HostVisible, Unified } = MkMemoryType

/** The native buffer, if an operation may use it. @param memory of the gpu that is to use it */
export function usable<B extends MkGpuBackend>(
  memory: DeviceMemory<B>,
  buffer: MkBuffer<B>,
  flag: number,
  operation: string,
): NativeOf<B> {
  if (memory.work.loss !== undefined) memory.work.requireDevice()
  if (buffer.owner !== memory) throw new ForeignBuffer({ label: buffer.label })
  const { handle } = buffer
  if (handle === undefined) throw new BufferDestroyed({ label: buffer.label })
  if ((buffer.usage & flag) !== flag)
    throw new UsageMissing({ operation, label: buffer.label, needed: flag, usage: buffer.usage })
  if (buffer.memory !== DeviceLocal && isMapped(buffer))
    throw new BufferMapped({ operation, label: buffer.label })
  return handle
}

/** True for a buffer that is mapped or about to be, so that the device may not use it. */
function isMapped(buffer: MkBuffer): boolean {
  return buffer.memory !== Unified && buffer instanceof MkStagingBuffer && buffer.state !== 'unmapped'
}

/** The same as `bytes % 4 === 0` of what isn't negative, in a tenth of its time. */
function areWords(bytes: number): boolean {
  return bytes >= 0 && Number.isInteger(bytes) && (bytes & 3) === 0
}

export function checkWrite(
  dst: MkBuffer,
  dstOffset: number,
  source: ArrayBufferLike,
  srcOffset: number,
  size: number,
): void {
  const end = dstOffset + size
  if (
    areWords(dstOffset) &&
    areWords(srcOffset) &&
    size >= 0 &&
    (areWords(size) || (end === dst.size && Number.isInteger(size))) &&
    end <= dst.size &&
    srcOffset + size <= source.byteLength &&
    !ArrayBuffer.isView(source)
  )
    return
  // Something is wrong: the same again, one by one, to say what.
  const expected = 'an ArrayBuffer; pass view.buffer, view.byteOffset, view.byteLength'
  // Types forbid it; in plain JavaScript its elements would be taken for bytes.
  if (ArrayBuffer.isView(source)) throw new InvalidValue({ path: 'source', expected, given: source })
  checkRange(dst, dstOffset, size, 'dstOffset')
  checkSource(source.byteLength, srcOffset, size)
  paddedSize(dst, dstOffset, size)
}

/** Checks that `size` bytes from a multiple of 4 on lie within a buffer. */
export function checkRange(buffer: MkBuffer, offset: number, size: number, offsetName: string): void {
  requireRange(buffer, offset, 0, offsetName)
  requireWords(offsetName, offset)
  requireRange(buffer, offset, size, offsetName)
}

/** Checks that `size` bytes, known to be an integer, can be read from a source of `length` bytes. */
export function checkSource(length: number, srcOffset: number, size: number): void {
  requireFit('srcOffset', srcOffset, size, length, 'the source')
  requireWords('srcOffset', srcOffset)
}

/**
 * The bytes to move for a destination range of `size` bytes: a multiple of 4. A size that isn't one
 * is safe only where the range ends with the buffer, whose padding holds nothing.
 */
export function paddedSize(dst: MkBuffer, dstOffset: number, size: number): number {
  if (size % 4 !== 0 && dstOffset + size !== dst.size) {
    const hint = `Only a range that ends with its destination may have another size, and '${dst.label}'`
    requireWords('size', size, `${hint} goes on to byte ${dst.size}.`)
  }
  return allocatedSize(size)
}

/** Checks the kinds of buffers of a copy: WebGL2 keeps INDEX buffers apart from all others. */
export function checkKinds(capabilities: MkCapabilities, src: MkBuffer, dst: MkBuffer): void {
  const { indexIsExclusive, backend } = capabilities
  // Copies from HostVisible memory are uploads, which go anywhere.
  if (!indexIsExclusive || src.memory === HostVisible) return
  const fromIndex = holdsIndices(src) ?? false
  const toIndex = holdsIndices(dst)
  if (toIndex !== undefined && fromIndex !== toIndex)
    throw new CopyUnsupported({ backend, source: src.label, destination: dst.label })
}

/** Undefined for a staging buffer before the first copy into it. */
function holdsIndices(buffer: MkBuffer): boolean | undefined {
  return buffer.memory === DeviceLocal ? (buffer.usage & MkBufferUsage.INDEX) !== 0 : buffer.holdsIndices
}
