/**
 * Detaches every view of a buffer, as WebGPU does at `unmap`, without copying its bytes. Where the
 * platform cannot (jsdom on an old engine), it copies the bytes and the views stay alive.
 * @returns the same bytes, in a buffer of their own
 */
export function detach(buffer: ArrayBuffer): ArrayBuffer {
  if (typeof structuredClone === 'function') return structuredClone(buffer, { transfer: [buffer] })
  // V8's own method exists where the global of the page or of Node may not.
  const { transfer } = buffer as { readonly transfer?: () => ArrayBuffer }
  return transfer === undefined ? buffer.slice() : transfer.call(buffer)
}
