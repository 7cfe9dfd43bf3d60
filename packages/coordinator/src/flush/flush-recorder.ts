import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { DeviceWriter, FlushTarget } from './flush-target.ts'

/**
 * Sees the bytes that frames hand over to mirrors' buffers, in the device's layout. While there is
 * none, a flush pays one comparison.
 */
export interface FlushRecorder extends DeviceWriter {
  /** Before anything is planned; all direct writes of the flush go through `write`, to this gpu. */
  begin(plans: readonly { readonly mirror: FlushTarget }[], gpu: MkGpu): void
  /** The device copies an outgrown buffer's rows into the next one. */
  copied(mirror: FlushTarget, from: MkDeviceBuffer, to: MkDeviceBuffer): void
  /** So many rows lie side by side at byte `place` of the mirror's heap, then their numbers: scattered. */
  scattered(mirror: FlushTarget, place: number, count: number): void
  /** Rows `first … end − 1` came back from the device and lie in the mirror. */
  arrived(mirror: FlushTarget, first: number, end: number): void
  /** The frame was submitted. @param timeStep seconds that were given for it */
  submitted(frame: number, timeStep: number | undefined): void
}
