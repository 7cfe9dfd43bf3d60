import { defineError, type ErrorClass } from '../mk-error.ts'
import { roundUp } from './bits.ts'

/**
 * The platform refused to reserve memory of this size, and every smaller size that was tried.
 *
 * What to do: ask for fewer `bytes`, and drop heaps that are no longer used.
 */
export const ReserveRefused: ErrorClass<{
  code: 'ReserveRefused'
  /** Bytes asked for. */
  asked: number
  /** Bytes of the smallest reserve that was tried. */
  smallest: number
}> = defineError(
  'ReserveRefused',
  ({ asked, smallest }) =>
    `The platform refused to reserve ${asked} bytes` +
    (smallest < asked ? `, and every smaller reserve down to ${smallest} bytes. ` : '. ') +
    'Ask for fewer `bytes`, and drop heaps that are no longer used.',
)
export type ReserveRefused = InstanceType<typeof ReserveRefused>

/** Bytes of a WebAssembly page: reserves are whole pages. */
const PAGE_BYTES = 65536
/** The largest reserve: all that a 32-bit WebAssembly memory can address. */
export const MAX_RESERVE_BYTES: number = 65536 * PAGE_BYTES
/** The smallest reserve that is tried instead of a bigger one. */
const SMALLEST_FALLBACK = 1 << 20

/** Reserved memory. Pages that are never touched cost address space only. */
export interface Reserve {
  readonly buffer: ArrayBuffer
  /** Undefined where `buffer` is a plain one. */
  readonly memory: WebAssembly.Memory | undefined
}

/** The kind of memory that a heap lies in; see `HeapOptions.memory`. */
export type MemoryKind = 'auto' | 'wasm' | 'plain'

/**
 * Reserves `bytes`, rounded up to whole pages. Where the platform refuses that much, tries half of
 * it, and half of that, down to 1 MiB, unless `exact`. Where WebAssembly refuses all of these,
 * tries plain memory in the same way.
 * @throws {@link ReserveRefused}
 */
export function reserve(bytes: number, exact: boolean, kind: MemoryKind): Reserve {
  const asked = roundUp(bytes, PAGE_BYTES)
  const smallest = exact ? asked : Math.min(asked, SMALLEST_FALLBACK)
  if (kind === 'plain' || typeof WebAssembly !== 'object') return takeMost(asked, smallest, takePlainMemory)
  if (kind === 'wasm') return takeMost(asked, smallest, takeWasmMemory)
  try {
    return takeMost(asked, smallest, takeWasmMemory)
  } catch {
    // There may be plain memory left: Chromium gives a page about 124 WebAssembly memories.
    return takeMost(asked, smallest, takePlainMemory)
  }
}

function takeMost(asked: number, smallest: number, take: (bytes: number) => Reserve): Reserve {
  for (let size = asked; ; size = Math.max(smallest, roundUp(size / 2, PAGE_BYTES))) {
    try {
      return take(size)
    } catch (cause) {
      if (size <= smallest) throw new ReserveRefused({ asked, smallest: size }, { cause })
    }
  }
}

function takeWasmMemory(bytes: number): Reserve {
  // Growing would detach every view.
  const pages = bytes / PAGE_BYTES
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  return { buffer: memory.buffer, memory }
}

function takePlainMemory(bytes: number): Reserve {
  return { buffer: new ArrayBuffer(bytes), memory: undefined }
}
