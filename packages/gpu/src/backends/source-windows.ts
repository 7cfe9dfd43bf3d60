/** Buffers below it are taken as they are. Firefox takes no ArrayBuffer above 2 GB, but views of it. */
export const LARGE_SOURCE_BYTES: number = 2 ** 31

/** Bytes from the start of one window to the next. */
const STEP = 2 ** 30

/** A view of a buffer that is too large to be handed over itself. */
export interface SourceWindow {
  /** Byte of the buffer where the view starts. */
  readonly start: number
  readonly view: Uint8Array<ArrayBuffer>
}

/**
 * Views of large buffers, each of 1 GiB and as much as one write may reach beyond, kept for as long as the buffer lives: no garbage per
 * write. For plain buffers, whose length never changes.
 */
export class SourceWindows {
  readonly #reach: number
  readonly #windows = new WeakMap<ArrayBuffer, SourceWindow[]>()

  /** @param reach most bytes of a write, so that each lies in one window */
  constructor(reach: number) {
    this.#reach = reach
  }

  /** The window in which the bytes from `offset` on lie, as many as a write has at most. */
  at(source: ArrayBuffer, offset: number): SourceWindow {
    let windows = this.#windows.get(source)
    if (windows === undefined) this.#windows.set(source, (windows = []))
    const index = Math.floor(offset / STEP)
    return (windows[index] ??= this.#make(source, index * STEP))
  }

  #make(source: ArrayBuffer, start: number): SourceWindow {
    const length = Math.min(STEP + this.#reach, source.byteLength - start)
    return { start, view: new Uint8Array(source, start, length) }
  }
}
