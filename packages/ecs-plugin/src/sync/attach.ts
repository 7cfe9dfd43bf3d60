import { hasCode, shared } from '@memkit/core'
import type { EcsWorld } from '../ecs/ecs.ts'
import { NotGpuSynced, WorldAlreadyAttached } from './errors.ts'
import { checkOption, checkOptionNames } from '../options.ts'
import { throwIfAborted } from './abort.ts'
import { loadColumns } from './columns-code.ts'
import { isAnyInColumns, syncedOptions } from './gpu-synced.ts'
import { openGpu, optionNames, type MkOptions } from './mk-options.ts'
import { MkSync } from './mk-sync.ts'
import { columnNames } from './synced-components.ts'

/**
 * Milliseconds to wait after each failed attempt to reserve a heap. A page of Chromium has about 124
 * WebAssembly memories, and a heap is one. Those of disposed syncs are collected some turns of the
 * event loop after the device has answered.
 */
const RESERVE_PAUSES = [0, 20, 100, 400]

/** Attaches a world of any ECS. When a step fails or is aborted, the world is free again. */
export async function attachWorld<W extends object>(
  world: W,
  ecs: EcsWorld,
  options: MkOptions,
): Promise<MkSync<W>> {
  // Any copy of this package may have attached it, or be attaching it.
  const attached = shared('attached-worlds', () => new WeakSet<object>())
  if (attached.has(world)) throw new WorldAlreadyAttached()
  checkOptions(options)
  const { signal } = options
  throwIfAborted(signal)
  attached.add(world)
  const release = (): void => void attached.delete(world)
  signal?.addEventListener('abort', release, { once: true })
  try {
    if (isAnyInColumns()) await loadColumns()
    const lease = await openGpu(options)
    try {
      return await retried((waits) => new MkSync(world, ecs, options, lease, release, waits), signal)
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

/** Calls `make` until it finds a heap to reserve, and in the end where plain memory must do. */
async function retried<T>(make: (waits: boolean) => T, signal: AbortSignal | undefined): Promise<T> {
  for (const pause of RESERVE_PAUSES) {
    throwIfAborted(signal)
    try {
      return make(true)
    } catch (error) {
      if (!hasCode(error, 'ReserveRefused')) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pause))
  }
  throwIfAborted(signal)
  return make(false)
}

function checkOptions(options: MkOptions): void {
  checkOptionNames(options, optionNames)
  const { components = [] } = options
  checkOption(Array.isArray(components), 'components', components, 'an array of flagged components')
  for (const component of components as unknown[]) {
    const isObject = (typeof component === 'object' && component !== null) || typeof component === 'function'
    if (!isObject || syncedOptions(component) === undefined)
      throw new NotGpuSynced({ call: 'components', columns: columnNames(component) })
  }
}
