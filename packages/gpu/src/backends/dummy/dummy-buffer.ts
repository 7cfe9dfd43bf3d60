import type { BackendBufferDescriptor } from '../backend.ts'
import type { MkMemory } from '../usage.ts'

/** The Dummy's buffer: real bytes. */
export class DummyBuffer {
  /** What the device holds, without work that has not completed. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly words: Int32Array<ArrayBuffer>
  readonly label: string
  readonly usage: number
  readonly memory: MkMemory
  /** The CPU's side while mapped: memory of its own, except in Unified memory. */
  mapped: ArrayBuffer | undefined
  /** The map() that has not been answered yet. */
  pendingMap: { reject(error: Error): void } | undefined
  destroyed = false
  /** Out of memory: what reaches it is lost. */
  failed: boolean
  /** The last big source copied in, so that a steady upload makes no new view. */
  lastSource: Uint8Array | undefined

  constructor({ size, usage, memory, label }: BackendBufferDescriptor) {
    const zeros = memoryFor(size)
    this.bytes = zeros ?? new Uint8Array(0)
    this.failed = zeros === undefined
    this.words = new Int32Array(this.bytes.buffer)
    this.usage = usage
    this.memory = memory
    this.label = label
  }
}

/** Zeros; undefined where this process cannot give that many. */
function memoryFor(size: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    return new Uint8Array(size)
  } catch {
    return undefined
  }
}

/**
 * Up to this many bytes a loop over words copies: `set` needs a view, some 100 bytes of garbage. The
 * loop runs at 2 to 5 GB/s, so at 64 KiB it takes some 20 µs where `set` would take 5.
 */
const LOOP_BYTES = 64 << 10

const wordsOf = new WeakMap<ArrayBufferLike, Int32Array>()

/** Copies words into a buffer, without garbage in steady state. */
export function copyInto(
  dst: DummyBuffer,
  dstOffset: number,
  source: ArrayBufferLike,
  srcOffset: number,
  size: number,
): void {
  if (size > LOOP_BYTES) {
    let view = dst.lastSource
    if (!view || view.buffer !== source || view.byteOffset !== srcOffset || view.byteLength !== size) {
      view = new Uint8Array(source, srcOffset, size)
      dst.lastSource = view
    }
    dst.bytes.set(view, dstOffset)
    return
  }
  let words = wordsOf.get(source)
  // A resizable source may have grown since.
  if (words === undefined || words.length * 4 < srcOffset + size) {
    words = new Int32Array(source, 0, Math.floor(source.byteLength / 4))
    wordsOf.set(source, words)
  }
  const to = dst.words
  const from = srcOffset >>> 2
  const first = dstOffset >>> 2
  const count = size >>> 2
  for (let i = 0; i < count; i++) to[first + i] = words[from + i]
}
