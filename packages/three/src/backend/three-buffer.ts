import type { BackendBufferDescriptor, MkMemory } from '@memkit/gpu'

/** Is told of the bytes that reach a buffer. */
export interface WriteListener {
  wrote(byteOffset: number, byteLength: number): void
}

/** A buffer of `ThreeBackend`: the bytes that a device would hold, in plain memory. */
export class ThreeBuffer {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** The same bytes: what moves is bits, which NaN survives. */
  readonly words: Uint32Array<ArrayBuffer>
  readonly memory: MkMemory
  readonly label: string
  /** What the CPU writes to or reads from while the buffer is mapped. */
  mapped: ArrayBuffer | undefined
  readonly #listeners = new Set<WriteListener>()

  /** @throws RangeError where this process has no memory */
  constructor({ size, memory, label }: BackendBufferDescriptor) {
    this.bytes = new Uint8Array(size)
    this.words = new Uint32Array(this.bytes.buffer)
    this.memory = memory
    this.label = label
  }

  /** Tells a listener of everything that is written from now on. @returns a function that ends it */
  follow(listener: WriteListener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Takes bytes, and tells of them. Offsets and size are multiples of 4, in range. */
  take(offset: number, source: ArrayBufferLike, srcOffset: number, size: number): void {
    this.bytes.set(new Uint8Array(source, srcOffset, size), offset)
    for (const listener of this.#listeners) listener.wrote(offset, size)
  }
}
