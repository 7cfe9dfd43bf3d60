/// <reference types="@webgpu/types" preserve="true" />

/**
 * Maps that Dawn may still answer. In Node, it ends the process when the promise of `mapAsync` is collected before it has: also after
 * `destroy()` or `unmap()` of the buffer, which reject the promise at once and leave Dawn's own answer for later.
 */
const pending = new Set<Promise<void>>()

/**
 * `buffer.mapAsync(mode)`, whose promise is held until the device has answered.
 * @param queue of the buffer's device
 */
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
