import type { Heap } from '@memkit/core'
import { tableCosts } from './cost-model.ts'
import type { CostModel } from './cost-model.ts'
import { InvalidConfig } from './errors.ts'
import type { DeviceFactory } from './recovery.ts'

/** How many CPU arena slots rotate: how many frames frame memory stays valid, and how many `pace` lets fly. */
export const BufferingMode: {
  /** Frame memory dies at the next `beginFrame`. */
  readonly Single: 1
  /** Frame memory lives for two frames. */
  readonly Double: 2
  /** Frame memory lives for three frames. */
  readonly Triple: 3
} = { Single: 1, Double: 2, Triple: 3 }
export type BufferingMode = (typeof BufferingMode)[keyof typeof BufferingMode]

/** `'auto'` asks the cost model; the others force one way of uploading wherever it is possible. */
export type Strategy = 'auto' | 'full' | 'runs' | 'scatter'

/** Options of `new MkCoordinator(…)`; every one has a default. */
export interface CoordinatorConfig {
  /** Slots that rotate, default `BufferingMode.Triple`. */
  buffering?: BufferingMode | undefined
  /** Bytes of each slot's arena, default 1 MiB. A frame that needs more takes spill blocks, up to 16 × this. */
  frameArenaBytes?: number | undefined
  /** The heap for mirrors and arenas, default a new one of `heapBytes`. A heap passed in is never disposed of. */
  heap?: Heap | undefined
  /** Bytes of the heap that is made when none is passed in, default that of `createHeap`. */
  heapBytes?: number | undefined
  /** Numbers for the planner, by hand; those left out are calibrated, or come from the table of the backend. */
  costs?: Partial<CostModel> | undefined
  /** Measure the costs on first use of a device, default true; false keeps the table's numbers. */
  calibrate?: boolean | undefined
  /** Force a way of uploading, default `'auto'`. */
  strategy?: Strategy | undefined
  /** `'shared'` (default): one device frame buffer for all slots. `'per-slot'`: one for each. */
  frameBuffers?: 'shared' | 'per-slot' | undefined
  /** Bytes of the first device frame buffer, default 64 KiB; it grows when a frame spills. */
  frameBufferBytes?: number | undefined
  /** Extra checks: stale views are refused, freed frame memory is poisoned. */
  debug?: boolean | undefined
  /** Record frames as Chrome trace events (`co.trace`) and user-timing measures. */
  trace?: boolean | undefined
  /**
   * Asked for a new device after a loss, again and again with back-off until it gives one that can be used; a `DeviceUnavailable` warning says
   * why it fails. A backend is the coordinator's from then on, and destroyed when it comes too late to be used; an `MkGpu` is borrowed;
   * a `DeviceLease` says whose it is.
   */
  recover?: DeviceFactory | undefined
}

const bufferings: readonly unknown[] = Object.values(BufferingMode)
const strategies: readonly unknown[] = ['auto', 'full', 'runs', 'scatter']
const frameBuffers: readonly unknown[] = ['shared', 'per-slot']

/** @throws InvalidConfig for a value that an option cannot have */
export function checkConfig(config: CoordinatorConfig): void {
  const { buffering = BufferingMode.Triple, strategy = 'auto', costs = {} } = config
  if (!bufferings.includes(buffering))
    throw new InvalidConfig('buffering', buffering, 'BufferingMode.Single, Double or Triple')
  checkStrategy(strategy)
  if (!frameBuffers.includes(config.frameBuffers ?? 'shared'))
    throw new InvalidConfig('frameBuffers', config.frameBuffers, "'shared' or 'per-slot'")
  for (const [name, cost] of Object.entries(costs))
    if (cost !== undefined && !(Number.isFinite(cost) && cost >= 0))
      throw new InvalidConfig(`costs.${name}`, cost, 'a number from 0 on')
  const { nearBytes, farBytes } = { ...tableCosts.webgpu, ...costs }
  if (!(nearBytes > 0 && nearBytes < farBytes))
    throw new InvalidConfig('costs.nearBytes', nearBytes, `above 0 and below \`costs.farBytes\`, ${farBytes}`)
  for (const name of ['frameArenaBytes', 'frameBufferBytes', 'heapBytes'] as const) {
    const bytes = config[name]
    if (bytes !== undefined && !(Number.isInteger(bytes) && bytes > 0))
      throw new InvalidConfig(name, bytes, 'a whole number of bytes above 0')
  }
}

/** @throws InvalidConfig */
export function checkStrategy(strategy: Strategy): void {
  if (!strategies.includes(strategy))
    throw new InvalidConfig('strategy', strategy, "'auto', 'full', 'runs' or 'scatter'")
}
