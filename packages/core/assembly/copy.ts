// Copying, for all kernels in AssemblyScript.
// @ts-nocheck

/** Copies a multiple of 64 bytes; returns where the next goes. */
@inline
export function copyLines(from: u32, bytes: u32, to: u32): u32 {
  for (const end = to + bytes; to < end; to += 64, from += 64) {
    const a = v128.load(from)
    const b = v128.load(from, 16)
    const c = v128.load(from, 32)
    const d = v128.load(from, 48)
    v128.store(to, a)
    v128.store(to, b, 16)
    v128.store(to, c, 32)
    v128.store(to, d, 48)
  }
  return to
}
