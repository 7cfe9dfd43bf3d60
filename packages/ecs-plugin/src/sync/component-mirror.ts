import { hasCode } from '@memkit/core'
import { MirrorTooLarge, mostMirrorBytes, type Mirror, type MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, UsageUnsupported } from '@memkit/gpu'
import type { ComponentLayout } from '../store/component-columns.ts'
import { checkOption } from '../options.ts'
import type { SyncedOptions } from './gpu-synced-options.ts'
import type { InPlace } from './rows-in-place.ts'
import type { RowsOnDemand } from './rows-on-demand.ts'

/** Most bytes that are reserved where the user gave no capacity. */
const MAX_FIRST_BYTES = 64 << 20

/**
 * Checks that the device can have a component's buffer.
 * @throws {@link InvalidOption} for a `direction` in which the device writes, where it can't
 * @throws {@link UsageUnsupported} when the device has no buffers of the usage asked for
 * @throws {@link MirrorTooLarge} when it allows none of as many rows as are to be reserved
 */
export function checkDevice({ gpu }: MkCoordinator, options: SyncedOptions, stride: number): void {
  const { backend, deviceWrites = true, indexIsExclusive, usages } = gpu.capabilities
  const { capacity, direction, isReserved, label, usage } = options
  const allowed = `'upload' for ${label}: shaders write no buffers of the ${backend} backend`
  checkOption(deviceWrites || direction === 'upload', 'direction', direction, allowed)
  const possible = indexIsExclusive ? usages & ~MkBufferUsage.INDEX : usages
  if ((usage & ~possible) !== 0)
    throw new UsageUnsupported({ backend, usage: usage & ~possible, supported: possible })
  const max = mostMirrorBytes(gpu.capabilities)
  const bytes = (isReserved ? capacity : 1) * stride
  if (bytes > max) throw new MirrorTooLarge({ label, requested: bytes, max })
}

/** Rows to reserve for those that are there, as many as the device allows. */
export function firstRows(
  { gpu }: MkCoordinator,
  { capacity, isReserved }: SyncedOptions,
  stride: number,
  wanted: number,
): number {
  const most = Math.floor(mostMirrorBytes(gpu.capabilities) / stride)
  const affordable = Math.max(1, Math.floor(MAX_FIRST_BYTES / stride))
  return Math.min(most, Math.max(isReserved ? capacity : Math.min(capacity, affordable), wanted))
}

/**
 * Makes a mirror with room for the rows that are there, or for as many as the device allows.
 * @param wanted rows that are there
 * @param ownerRows rows that the owner of its rows has room for
 * @param source makes its rows, where it keeps none
 * @throws HeapFull, ReserveRefused
 */
export function createMirror(
  coordinator: MkCoordinator,
  options: SyncedOptions,
  { schema, stride }: ComponentLayout,
  wanted: number,
  ownerRows: number | undefined,
  source: RowsOnDemand | undefined,
): Mirror {
  const { direction, history, label, usage } = options
  const most = Math.floor(mostMirrorBytes(coordinator.gpu.capabilities) / stride)
  const rows =
    ownerRows === undefined
      ? firstRows(coordinator, options, stride, wanted)
      : Math.min(most, Math.max(ownerRows, wanted))
  const mirror = coordinator.createMirror({ rows, schema, label, usage, direction, source, history })
  if (source !== undefined) source.mirror = mirror
  return mirror
}

/** Makes a mirror of rows that lie in a heap. @returns undefined where heap or device have no room */
export function createMirrorOver(
  coordinator: MkCoordinator,
  { history, label, usage }: SyncedOptions,
  { schema }: ComponentLayout,
  { rows, memory }: InPlace,
): Mirror | undefined {
  try {
    return coordinator.createMirror({ rows, schema, label, usage, memory, history })
  } catch (error) {
    if (hasCode(error, 'HeapFull') || hasCode(error, 'MirrorTooLarge')) return undefined
    throw error
  }
}
