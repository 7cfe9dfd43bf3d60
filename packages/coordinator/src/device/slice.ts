import type { MkDeviceBuffer } from '@memkit/gpu'

/** A piece of a device buffer, in bytes: bindable as it is. */
export interface DeviceSlice {
  readonly buffer: MkDeviceBuffer
  readonly offset: number
  readonly size: number
}
