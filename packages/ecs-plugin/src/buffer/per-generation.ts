/** Something that counts how often it was replaced: a `SyncedBuffer`, a mirror. */
export interface Generational {
  readonly generation: number
}

/**
 * Caches something made from buffers, such as a bind group, until one of them is replaced:
 *
 * ```ts
 * const position = mk.buffer(Position)
 * const bindGroup = perGeneration([position], () =>
 *   device.createBindGroup({ layout, entries: [{ binding: 0, resource: position.binding }] }))
 *
 * pass.setBindGroup(0, bindGroup())      // each frame; makes a new one only after the buffer grew
 * ```
 * @param make called by the first call of the returned function, and after a replacement
 */
export function perGeneration<T>(sources: readonly Generational[], make: () => T): () => T {
  const seen = new Float64Array(sources.length).fill(-1)
  let made: T
  let isMade = false
  return () => {
    let replaced = !isMade
    for (let i = 0; i < seen.length; i++) if (sources[i].generation !== seen[i]) replaced = true
    if (!replaced) return made
    made = make()
    isMade = true
    // Last, so that a `make` that throws is called again.
    for (let i = 0; i < seen.length; i++) seen[i] = sources[i].generation
    return made
  }
}
