import type { MkCoordinator } from '../coordinator.ts'
import { ColumnMirror, type ColumnMirrorOptions } from './column-mirror.ts'

/**
 * Makes a mirror of columns: the device has each as it is, one after the other.
 * @throws {@link InvalidSize}, {@link InvalidConfig}, {@link MirrorTooLarge},
 *   {@link UsageUnsupported}, {@link MirrorOutOfMemory}, {@link DeviceLost}
 */
export function createColumnMirror(coordinator: MkCoordinator, options: ColumnMirrorOptions): ColumnMirror {
  return coordinator.addMirror('createColumnMirror()', options.label, (owner, label) =>
    ColumnMirror.create(owner, options, label),
  )
}
