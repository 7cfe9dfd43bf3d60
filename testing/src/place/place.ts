import type { Strategy } from '@memkit/coordinator'
import type * as gpuPackage from '@memkit/gpu'
import type { MkGpu, MkGpuBackend } from '@memkit/gpu'
import type { Doom } from '../device-calls.ts'
import type { StarvedDevice } from '../starved-device.ts'

/** A backend that suites run on. */
export interface Place<B extends MkGpuBackend = MkGpuBackend> {
  /**
   * Opens a device behind an MkGpu in debug mode, which owns it.
   * @param using whose MkGpu and backend, where two copies of the package are loaded
   */
  readonly open: (using?: typeof gpuPackage) => Promise<MkGpu<B>>
}

/** A gpu that loses its device at a call that is named in advance. */
export interface DoomedGpu {
  readonly gpu: MkGpu
  /** Calls since `arm`. */
  readonly calls: () => number
  readonly arm: (doom: Doom | undefined) => void
}

/** A place whose devices can be lost at any call. */
export interface DoomedPlace {
  readonly whens: readonly Doom['when'][]
  readonly strategies: readonly Strategy[]
  /** A program makes the same calls each time it runs. */
  readonly exact: boolean
  readonly open: () => Promise<DoomedGpu>
}

/** A gpu that can be short of memory. */
export interface ShortGpu extends Omit<StarvedDevice, 'device'> {
  readonly gpu: MkGpu
  /** Messages of errors that the device raised outside of any error scope. */
  readonly uncaptured: () => readonly string[]
}

/** A place whose devices can be short of memory. */
export interface ShortPlace {
  /** Milliseconds after which the device has said that there is no memory. */
  readonly answerMs: number
  readonly open: () => Promise<ShortGpu>
}

/** What tests can run on, by the name that their titles give it. */
export type ByName<T> = Readonly<Record<string, T>>
