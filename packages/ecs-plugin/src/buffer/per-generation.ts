/** Something that is replaced now and then and counts it: a `SyncedBuffer`, a mirror. */
export interface Generational {
  readonly generation: number
}

/**
 * Keeps something that was made from buffers, and makes it again when one of them was replaced. Bind groups, above all:
 *
 * ```ts
 * const position = mk.buffer(Position)
 * const bindGroup = perGeneration([position], () =>
 *   device.createBindGroup({ layout, entries: [{ binding: 0, resource: position.binding }] }))
 *
 * pass.setBindGroup(0, bindGroup())      // each frame; makes a new one only after the buffer has grown
 * ```
 *
 * @param sources what it is made from
 * @param make makes it; called at the first call of the returned function and after a replacement
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
    // Noted last: a maker that throws is asked again.
    for (let i = 0; i < seen.length; i++) seen[i] = sources[i].generation
    return made
  }
}
