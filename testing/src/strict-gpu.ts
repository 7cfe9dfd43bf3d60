import type { MkGpu } from '@memkit/gpu'
import { expect } from 'vitest'

const heard = new WeakMap<MkGpu, unknown[]>()

/** Listens to what the device says about our calls, with `debug` in an error scope around each. */
export function strict(gpu: MkGpu): MkGpu {
  const errors: unknown[] = []
  heard.set(gpu, errors)
  gpu.onError((error) => errors.push(error))
  return gpu
}

/** Destroys it, and fails the test when the device had something to say. */
export async function closeStrict(gpu: MkGpu): Promise<void> {
  // Errors come some time after their calls.
  if (!gpu.isLost) await gpu.waitIdle().catch(() => undefined)
  await new Promise((resolve) => setTimeout(resolve, 0))
  gpu.destroy()
  expect(heard.get(gpu)).toEqual([])
}
