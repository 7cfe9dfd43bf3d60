import { hasCode, shared } from '@memkit/core'
import { throwIfAborted } from './abort.ts'
import type { EcsWorld } from './ecs.ts'
import { InvalidOption, NotGpuSynced, WorldAlreadyAttached } from './errors.ts'
import { syncedOptions } from './gpu-synced.ts'
import { openGpu, optionNames } from './mk-options.ts'
import type { MkOptions } from './mk-options.ts'
import { columnNames, MkSync } from './mk-sync.ts'

/** Worlds that are attached, or about to be, by whichever copy of this package. */
function attachedWorlds(): WeakSet<object> {
  return shared('attached-worlds', () => new WeakSet<object>())
}

/**
 * A page of Chromium has about 124 WebAssembly memories, and a heap is one. Those of syncs that were disposed of just now are collected once the
 * device has answered what they asked it, which takes a turn of the event loop or a few. Where none comes free, plain memory must do.
 * Milliseconds.
 */
const RESERVE_PAUSES = [0, 20, 100, 400]

/**
 * What `attachMk` and its like have in common: the world is taken, the gpu waited for, the sync made; when any of it fails, or is
 * aborted, the world is free again.
 *
 * @throws WorldAlreadyAttached, NotAGpu, NotGpuSynced (in `components`), InvalidOption, and what `gpu` throws
 */
export async function attachWorld<W extends object>(
  world: W,
  ecs: EcsWorld,
  options: MkOptions,
): Promise<MkSync<W>> {
  const attached = attachedWorlds()
  if (attached.has(world)) throw new WorldAlreadyAttached()
  checkOptions(options)
  const { signal } = options
  throwIfAborted(signal)
  attached.add(world)
  const release = (): void => void attached.delete(world)
  signal?.addEventListener('abort', release, { once: true })
  try {
    const lease = await openGpu(options)
    try {
      for (const pause of RESERVE_PAUSES) {
        throwIfAborted(signal)
        try {
          return new MkSync(world, ecs, options, lease, release, true)
        } catch (error) {
          if (!hasCode(error, 'ReserveRefused')) throw error
        }
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
      throwIfAborted(signal)
      return new MkSync(world, ecs, options, lease, release)
    } catch (error) {
      lease.end()
      throw error
    }
  } catch (error) {
    if (signal?.aborted !== true) release()
    throw error
  } finally {
    signal?.removeEventListener('abort', release)
  }
}

function checkOptions(options: MkOptions): void {
  for (const name of Object.keys(options))
    if (!optionNames.includes(name))
      throw new InvalidOption(name, options[name as keyof MkOptions], `one of ${optionNames.join(', ')}`)
  const { components } = options
  if (components === undefined) return
  if (!Array.isArray(components))
    throw new InvalidOption('components', components, 'an array of flagged components')
  for (const component of components as unknown[])
    if (!isObject(component) || syncedOptions(component) === undefined)
      throw new NotGpuSynced('components', columnNames(component))
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
