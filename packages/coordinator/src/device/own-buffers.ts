import { shared } from '@memkit/core'
import type { MkBuffer } from '@memkit/gpu'

/**
 * By identity, because users label buffers as they like; shared, because one gpu may serve
 * coordinators of two copies of this module.
 */
const ownBuffers = (): WeakSet<MkBuffer> => shared('own-buffers', () => new WeakSet())

/** Marks a buffer as made by a coordinator for itself: no loss reports it as the user's. */
export function ownBuffer<B extends MkBuffer>(buffer: B): B {
  ownBuffers().add(buffer)
  return buffer
}

export function isOwnBuffer(buffer: MkBuffer): boolean {
  return ownBuffers().has(buffer)
}
