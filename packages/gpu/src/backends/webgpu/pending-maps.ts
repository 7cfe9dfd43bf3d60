/// <reference types="@webgpu/types" preserve="true" />

/**
 * Maps that Dawn may still answer. In Node, the process ends when the promise of `mapAsync` is
 * collected before that, also after `destroy()` or `unmap()`, which reject it at once.
 */
const pending = new Set<Promise<void>>()

/** `buffer.mapAsync(mode)`, whose promise is held until the device has answered. */
export function mapHeld(queue: GPUQueue, buffer: GPUBuffer, mode: number): Promise<void> {
  const map = buffer.mapAsync(mode)
  pending.add(map)
  const letGo = (): void => void pending.delete(map)
  map.then(letGo, () => {
    // The queue answers after the map that was called off before it.
    queue.onSubmittedWorkDone().then(letGo, letGo)
  })
  return map
}
