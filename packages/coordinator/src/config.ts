import { defineError, type ErrorClass, type Heap } from '@memkit/core'
import { tableCosts, type CostModel } from './costs/model.ts'
import type { DeviceFactory } from './device/lease.ts'

/**
 * An option of the coordinator has a value that it cannot have.
 *
 * What to do: give the option what the message allows, or leave it out.
 */
export const InvalidConfig: ErrorClass<{
  code: 'InvalidConfig'
  option: string
  value: unknown
  allowed: string
}> = defineError(
  'InvalidConfig',
  ({ option, value, allowed }) =>
    `Option \`${option}\` is ${typeof value === 'string' ? `'${value}'` : String(value)}; it must be ${allowed}.`,
)
export type InvalidConfig = InstanceType<typeof InvalidConfig>

/** Arena slots that rotate: how many frames memory lives for, and how many `pace` lets fly. */
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
  /** Bytes of each slot's arena, default 128 KiB. A frame that needs more spills, up to 16 × this, by default 16 MiB. */
  frameArenaBytes?: number | undefined
  /** The heap for mirrors and arenas, never disposed of; default a new one of `heapBytes`. */
  heap?: Heap | undefined
  /** Bytes of the heap that is made without `heap`, default that of `createHeap`. */
  heapBytes?: number | undefined
  /** Costs by hand; those left out are measured, or come from the backend's table. */
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
  /**
   * Called for a new device after a loss, until it gives one that can be used. A backend becomes the
   * coordinator's, an `MkGpu` is borrowed, and a `DeviceLease` says whose it is.
   */
  recover?: DeviceFactory | undefined
}

const bufferings: readonly unknown[] = Object.values(BufferingMode)
const strategies: readonly unknown[] = ['auto', 'full', 'runs', 'scatter']
const frameBuffers: readonly unknown[] = ['shared', 'per-slot']

/** @throws {@link InvalidConfig} for a value that an option cannot have */
export function checkConfig(config: CoordinatorConfig): void {
  const { buffering = BufferingMode.Triple, strategy = 'auto', costs = {} } = config
  check(bufferings.includes(buffering), 'buffering', buffering, 'BufferingMode.Single, Double or Triple')
  checkStrategy(strategy)
  const isWay = frameBuffers.includes(config.frameBuffers ?? 'shared')
  check(isWay, 'frameBuffers', config.frameBuffers, "'shared' or 'per-slot'")
  for (const [name, cost] of Object.entries(costs)) {
    const isCost = cost === undefined || (Number.isFinite(cost) && cost >= 0)
    check(isCost, `costs.${name}`, cost, 'a number from 0 on')
  }
  const { nearBytes, farBytes } = { ...tableCosts.webgpu, ...costs }
  const allowed = `above 0 and below \`costs.farBytes\`, ${farBytes}`
  check(nearBytes > 0 && nearBytes < farBytes, 'costs.nearBytes', nearBytes, allowed)
  for (const name of ['frameArenaBytes', 'frameBufferBytes', 'heapBytes'] as const) {
    const bytes = config[name]
    const isSize = bytes === undefined || (Number.isInteger(bytes) && bytes > 0)
    check(isSize, name, bytes, 'a whole number of bytes above 0')
  }
}

/** @throws {@link InvalidConfig} */
export function checkStrategy(strategy: Strategy): void {
  check(strategies.includes(strategy), 'strategy', strategy, "'auto', 'full', 'runs' or 'scatter'")
}

function check(isAllowed: boolean, option: string, value: unknown, allowed: string): void {
  if (!isAllowed) throw new InvalidConfig({ option, value, allowed })
}
