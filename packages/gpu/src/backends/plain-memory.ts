/** Bytes copied at a time. */
const BOUNCE_BYTES = 1 << 20

/** True for memory that every device takes: neither shared nor resizable. */
export function isPlain(source: ArrayBufferLike): source is ArrayBuffer {
  return source instanceof ArrayBuffer && (source as { resizable?: boolean }).resizable !== true
}

/** Copies shared and resizable memory, which devices refuse or crash on, in pieces to plain memory. */
export class BounceMemory {
  #memory: Uint8Array<ArrayBuffer> | undefined

  /** @param take gets memory that starts with a piece: `bytes` bytes from `srcOffset + done` */
  each(
    source: ArrayBufferLike,
    srcOffset: number,
    size: number,
    take: (memory: Uint8Array<ArrayBuffer>, done: number, bytes: number) => void,
  ): void {
    const memory = (this.#memory ??= new Uint8Array(BOUNCE_BYTES))
    for (let done = 0; done < size; done += BOUNCE_BYTES) {
      const bytes = Math.min(BOUNCE_BYTES, size - done)
      memory.set(new Uint8Array(source, srcOffset + done, bytes))
      take(memory, done, bytes)
    }
  }
}
