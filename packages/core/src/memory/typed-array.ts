/** A view of one kind of number over an unshared buffer. */
export type TypedArray =
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Uint8ClampedArray<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>

/** The constructor of a kind of typed array: `Float32Array`, `Uint16Array` … */
export interface TypedArrayKind<A extends TypedArray> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A
}

/** Returns the kind of a view, `'Float32Array'`, `'DataView'` …, also of another realm's views. */
export function kindOfView(view: ArrayBufferView): string {
  return Object.prototype.toString.call(view).slice(8, -1)
}

/** Copies `from` to the start of `to`, and returns that. */
export function copyInto<A extends Uint8Array | Int32Array | Uint32Array | Float64Array>(to: A, from: A): A {
  to.set(from)
  return to
}

/** Whether the memory behind a view is gone: transferred, or WebAssembly memory that grew. */
export function isDetached(view: ArrayBufferView): boolean {
  // Not every platform has `buffer.detached` yet.
  if (view.byteLength > 0) return false
  try {
    return new Uint8Array(view.buffer as ArrayBuffer).length < 0
  } catch {
    return true
  }
}
