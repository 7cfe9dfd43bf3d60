/** A piece of a linear memory. */
export interface Block {
  /** First byte, from the start of the memory's `buffer`. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
}

/** What most of core needs of a Heap: to allocate from one memory whose `buffer` never detaches. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer
  /** The WebAssembly memory behind `buffer`; undefined for a plain buffer. */
  readonly memory: WebAssembly.Memory | undefined
  /** `align` is a power of two, default 16; leak lists show `label`. @throws {@link HeapFull} */
  alloc(bytes: number, align?: number, label?: string): Block
  free(block: Block): void
}
