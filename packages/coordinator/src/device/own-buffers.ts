import { shared } from '@memkit/core'
import type { MkBuffer } from '@memkit/gpu'

/** By identity: a user may give a buffer any label, those that we use included. One gpu may serve coordinators of two copies. */
function ownBuffers(): WeakSet<MkBuffer> {
  return shared('own-buffers', () => new WeakSet<MkBuffer>())
}

/** Remembers that a coordinator made this buffer for itself, so that no loss reports it as one of the user's. */
export function ownBuffer<B extends MkBuffer>(buffer: B): B {
  ownBuffers().add(buffer)
  return buffer
}

/** Whether a coordinator made the buffer for itself, and makes it again after a loss. */
export function isOwnBuffer(buffer: MkBuffer): boolean {
  return ownBuffers().has(buffer)
}
