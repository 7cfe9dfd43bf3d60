/**
 * Kills every view of a buffer that somebody kept, as WebGPU does at `unmap`, without copying its bytes. Where the platform cannot (jsdom on
 * an old engine), the bytes are copied and those views live on.
 * @returns the same bytes, in a buffer of their own
 */
export function detach(buffer: ArrayBuffer): ArrayBuffer {
  if (typeof structuredClone === 'function') return structuredClone(buffer, { transfer: [buffer] })
  // What comes from V8 itself is there where what comes from the page or from Node is not.
  const { transfer } = buffer as { readonly transfer?: () => ArrayBuffer }
  return transfer === undefined ? buffer.slice() : transfer.call(buffer)
}
