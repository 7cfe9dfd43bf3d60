import { ReserveRefused } from './errors.ts'

/** Bytes of a WebAssembly page: reserves are whole pages. */
const PAGE_BYTES = 65536

/** The largest reserve: all that a 32-bit WebAssembly memory can address. */
export const MAX_RESERVE_BYTES: number = 65536 * PAGE_BYTES

/** Below this no smaller reserve is tried: a heap that small serves nobody. */
const SMALLEST_FALLBACK = 1 << 20

/** Memory that was reserved; nothing of it is touched yet, so it costs address space only. */
export interface Reserve {
  readonly buffer: ArrayBuffer
  /** Undefined where `buffer` is a plain one. */
  readonly memory: WebAssembly.Memory | undefined
}

/**
 * What a heap lies in. `'auto'`: WebAssembly memory, or a plain buffer where there is none to be had; `'wasm'`: refuse the plain buffer where
 * WebAssembly is there, but gives no memory; `'plain'`: an ArrayBuffer.
 */
export type MemoryKind = 'auto' | 'wasm' | 'plain'

/**
 * Reserves `bytes`, rounded up to whole pages. Where the platform refuses that much, half of it is tried, and half of
 * that, down to 1 MiB, unless `exact`. Where WebAssembly gives none of these, plain memory is tried in the same way.
 *
 * @throws ReserveRefused
 */
export function reserve(bytes: number, exact: boolean, kind: MemoryKind): Reserve {
  const asked = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES
  const smallest = exact ? asked : Math.min(asked, SMALLEST_FALLBACK)
  if (kind === 'plain' || typeof WebAssembly !== 'object') return takeMost(asked, smallest, takePlainMemory)
  if (kind === 'wasm') return takeMost(asked, smallest, takeWasmMemory)
  try {
    return takeMost(asked, smallest, takeWasmMemory)
  } catch {
    // A platform may have memory all the same: Chromium gives a page about 124 of WebAssembly, and some give none at all.
    return takeMost(asked, smallest, takePlainMemory)
  }
}

function takeMost(asked: number, smallest: number, take: (bytes: number) => Reserve): Reserve {
  let size = asked
  for (;;) {
    try {
      return take(size)
    } catch (cause) {
      if (size <= smallest) throw new ReserveRefused(asked, size, cause)
      size = Math.max(smallest, Math.ceil(size / 2 / PAGE_BYTES) * PAGE_BYTES)
    }
  }
}

function takeWasmMemory(bytes: number): Reserve {
  const pages = bytes / PAGE_BYTES
  // Growing would detach every view, so there is nothing to grow to.
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  return { buffer: memory.buffer, memory }
}

function takePlainMemory(bytes: number): Reserve {
  return { buffer: new ArrayBuffer(bytes), memory: undefined }
}
