import type { MkGpuBackend } from './backend.ts'
import type { MkBuffer } from './buffers.ts'
import { MisalignedCopy, OutOfRange, UsageMissing } from './errors.ts'

// What must hold of the numbers in a write or copy. Called per write, so nothing here allocates unless it throws.

/** @throws UsageMissing */
export function requireUsage(buffer: MkBuffer<MkGpuBackend>, flag: number, operation: string): void {
  if ((buffer.usage & flag) !== flag) throw new UsageMissing(operation, buffer.label, flag, buffer.usage)
}

/**
 * Checks that `[offset, offset + size)` lies within a buffer and starts at a multiple of 4.
 * @throws OutOfRange, MisalignedCopy
 */
export function checkRange(
  buffer: MkBuffer<MkGpuBackend>,
  offset: number,
  size: number,
  offsetName: string,
): void {
  if (!Number.isInteger(offset) || offset < 0 || offset > buffer.size)
    throw new OutOfRange(offsetName, offset, 0, buffer.size, `in '${buffer.label}'`)
  if (offset % 4 !== 0) throw new MisalignedCopy(offsetName, offset, 4)
  if (!Number.isInteger(size) || size < 0 || size > buffer.size - offset)
    throw new OutOfRange('size', size, 0, buffer.size - offset, `from byte ${offset} of '${buffer.label}'`)
}

/**
 * Checks that `size` bytes, known to be an integer, can be read from a source of `length` bytes.
 * @throws OutOfRange, MisalignedCopy
 */
export function checkSource(length: number, srcOffset: number, size: number): void {
  if (!Number.isInteger(srcOffset) || srcOffset < 0 || srcOffset > length - size)
    throw new OutOfRange(
      'srcOffset',
      srcOffset,
      0,
      Math.max(0, length - size),
      `of ${size} bytes among the ${length} of the source`,
    )
  if (srcOffset % 4 !== 0) throw new MisalignedCopy('srcOffset', srcOffset, 4)
}

/**
 * The bytes to move for a destination range of `size` bytes: a multiple of 4. An unaligned size is safe only where the
 * range ends with the buffer, whose padding belongs to nobody.
 * @throws MisalignedCopy
 */
export function paddedSize(dst: MkBuffer<MkGpuBackend>, dstOffset: number, size: number): number {
  const rest = size % 4
  if (rest === 0) return size
  if (dstOffset + size !== dst.size)
    throw new MisalignedCopy(
      'size',
      size,
      4,
      `Only a range that ends with its destination may have another size, and '${dst.label}' goes on to byte ${dst.size}.`,
    )
  return size + 4 - rest
}
