import type { ThreeBuffer, WriteListener } from '../backend/three-buffer.ts'

/** What was written to a buffer since it was last looked at. */
export class WrittenRanges implements WriteListener {
  /** Pairs of first byte and number of bytes. */
  readonly pairs: number[] = []
  #buffer: ThreeBuffer | undefined
  #stop: (() => void) | undefined

  wrote(byteOffset: number, byteLength: number): void {
    this.pairs.push(byteOffset, byteLength)
  }

  /** Follows a buffer from now on. @returns true when it isn't the buffer of the last call */
  follow(buffer: ThreeBuffer): boolean {
    if (buffer === this.#buffer) return false
    this.stop()
    this.#buffer = buffer
    this.#stop = buffer.follow(this)
    return true
  }

  clear(): void {
    this.pairs.length = 0
  }

  stop(): void {
    this.#stop?.()
    this.#stop = this.#buffer = undefined
    this.clear()
  }
}
