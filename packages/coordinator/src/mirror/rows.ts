import { DirtyRows } from '@memkit/core'

/** How a view reads a mirror's rows. */
export interface ViewType<T> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T
}

export function bytesOf(bytes: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes
  if (!ArrayBuffer.isView(bytes)) return new Uint8Array(bytes)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The set, or a copy for so many rows if the mirror has grown. */
export function fitted(set: DirtyRows | undefined, rows: number): DirtyRows {
  if (set?.rows === rows) return set
  const bigger = new DirtyRows(rows)
  if (set) bigger.copyFrom(set)
  return bigger
}
