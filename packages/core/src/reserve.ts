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
  /** Undefined where WebAssembly is refused: `buffer` is then a plain one. */
  readonly memory: WebAssembly.Memory | undefined
}

/**
 * Reserves `bytes`, rounded up to whole pages. Where the platform refuses that much, half of it is tried, and half of
 * that, down to 1 MiB, unless `exact`.
 *
 * @throws ReserveRefused
 */
export function reserve(bytes: number, exact: boolean): Reserve {
  const asked = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES
  const smallest = exact ? asked : Math.min(asked, SMALLEST_FALLBACK)
  const take = typeof WebAssembly === 'object' ? takeWasmMemory : takePlainMemory
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
