import { DirtyRows, type Block, type Heap } from '@memkit/core'

/**
 * A block beside a mirror's rows, in the same heap, where kernels read both. It moves when they do: the
 * new block is taken before the old one is given back, so that a full heap leaves everything as it was.
 */
export class MovingBlock {
  readonly #label: string
  #heap: Heap | undefined
  #block: Block | undefined

  constructor(label: string) {
    this.#label = label
  }

  /** Offset of the block in its heap, −1 before the first move. */
  get offset(): number {
    return this.#block?.offset ?? -1
  }

  /** Copies a set of rows to a new block with room for `capacity` of them. @throws {@link HeapFull} */
  moveSet(set: DirtyRows, heap: Heap, capacity: number): DirtyRows {
    const offset = this.#move(heap, DirtyRows.bytesFor(capacity))
    const moved = new DirtyRows(capacity, { buffer: heap.buffer, offset, kernels: heap.kernels })
    // The block before was given back just now, and nothing was written there since.
    moved.copyFrom(set)
    return moved
  }

  /** A new block of `capacity` u32 that begins with `values`. @throws {@link HeapFull} */
  moveTable(values: Uint32Array, heap: Heap, capacity: number): Uint32Array {
    const table = new Uint32Array(heap.buffer, this.#move(heap, capacity * 4), capacity)
    table.set(values.subarray(0, capacity))
    return table
  }

  /** Gives the block back. Idempotent. */
  free(): void {
    if (this.#block !== undefined) this.#heap?.free(this.#block)
    this.#block = undefined
  }

  #move(heap: Heap, bytes: number): number {
    const block = heap.alloc(bytes, 64, this.#label)
    this.free()
    this.#heap = heap
    this.#block = block
    return block.offset
  }
}
