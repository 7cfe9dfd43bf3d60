/** A piece of a linear memory. */
export interface Block {
  /** First byte, from the start of the memory's `buffer`. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
}

/**
 * What allocates from one linear memory: the heap, seen by the parts of core that only need memory.
 * `buffer` never detaches and never moves.
 */
export interface LinearMemory {
  readonly buffer: ArrayBuffer
  /** The WebAssembly memory behind `buffer`; undefined where WebAssembly is refused. */
  readonly memory: WebAssembly.Memory | undefined
  /**
   * @param bytes how many
   * @param align power of two, default 16
   * @param label shown in leak lists
   * @throws HeapFull when no piece of that size is free
   */
  alloc(bytes: number, align?: number, label?: string): Block
  free(block: Block): void
}
