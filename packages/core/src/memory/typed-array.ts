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

/** `'Float32Array'`, `'BigInt64Array'`, `'DataView'` …: the kind of a view of any realm, where `instanceof` knows those of its own alone. */
export function kindOfView(view: ArrayBufferView): string {
  return Object.prototype.toString.call(view).slice(8, -1)
}

/** Whether the memory behind a view is gone: transferred to another thread, or memory of WebAssembly that grew. */
export function isDetached(view: ArrayBufferView): boolean {
  // `buffer.detached` is not everywhere yet.
  if (view.byteLength > 0) return false
  try {
    return new Uint8Array(view.buffer as ArrayBuffer).length < 0
  } catch {
    return true
  }
}
