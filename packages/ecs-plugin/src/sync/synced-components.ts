import { columnsInfo, hasCode, Heap, rowsInfo } from '@memkit/core'
import type { MkCoordinator } from '@memkit/coordinator'
import { LabelOwners } from '../buffer/label-owners.ts'
import type { EcsWorld } from '../ecs/ecs.ts'
import { ColumnsLoading, NotGpuSynced } from './errors.ts'
import type { SyncedOptions } from './gpu-synced-options.ts'
import { flaggedCount, flaggedSince, isGpuSynced, syncedOptions } from './gpu-synced.ts'
import { columnsCode, loadColumns } from './columns-code.ts'
import type { ColumnsComponent } from './columns-component.ts'
import { SyncedComponent, type SyncedWorld } from './synced-component.ts'

/** A component that a world syncs, in rows or in columns. */
export type AnySynced = SyncedComponent | ColumnsComponent

/** The components that a world syncs: those listed in its options, or all flagged ones it registered. */
export class SyncedComponents implements SyncedWorld {
  readonly ecs: EcsWorld
  readonly coordinator: MkCoordinator
  readonly debug: boolean
  readonly labels: LabelOwners = new LabelOwners()
  /** In the order in which they are staged: the owner of rows before the components that share them. */
  readonly all: AnySynced[] = []
  /** Those whose rows come back from the device. */
  readonly deviceWritten: SyncedComponent[] = []
  /** Some keep the rows of steps. */
  hasSteps = false
  /** All that are listed are synced. */
  isComplete = false
  readonly #listed: readonly object[] | undefined
  readonly #known = new Map<object, AnySynced>()
  /** Components that could not be synced. */
  readonly #refused = new Set<object>()
  #refusal: unknown
  #flaggedCount = 0
  #looked = false

  constructor(
    ecs: EcsWorld,
    coordinator: MkCoordinator,
    listed: readonly object[] | undefined,
    debug: boolean,
  ) {
    this.ecs = ecs
    this.coordinator = coordinator
    this.#listed = listed
    this.debug = debug
  }

  /**
   * Returns a synced component, or syncs it.
   * @throws {@link NotGpuSynced}, and what `SyncedComponent` throws
   */
  of(component: object, call: string): AnySynced {
    const known = this.#known.get(component)
    if (known !== undefined) return known
    const options = syncedOptions(component)
    if (options === undefined) throw new NotGpuSynced({ call, columns: columnNames(component) })
    const synced =
      options.layout === 'columns'
        ? this.#syncColumns(component, options)
        : this.#syncRows(component, options, call)
    this.#known.set(component, synced)
    this.all.push(synced)
    this.hasSteps ||= synced.options.history === 'step'
    return synced
  }

  /** Syncs components that are new, and those that were refused at the last look. @returns the first error */
  look(): unknown {
    this.#refusal = undefined
    const refused = [...this.#refused]
    this.#refused.clear()
    // A world that was reset may not know it any more.
    for (const component of refused)
      if (this.#listed !== undefined || this.ecs.isRegistered(component)) this.#try(component)
    if (this.#listed === undefined) this.#lookInWorld()
    else if (!this.#looked) this.#listed.forEach(this.#try)
    this.#looked = true
    this.isComplete = this.#listed !== undefined && this.#refused.size === 0
    return this.#refusal
  }

  dispose(): void {
    for (const synced of this.all) synced.dispose()
    this.#known.clear()
    this.all.length = this.deviceWritten.length = 0
  }

  #syncColumns(component: object, options: SyncedOptions): ColumnsComponent {
    const Component = columnsCode()
    if (Component !== undefined) return new Component(this, component, options)
    loadColumns().catch(() => undefined)
    throw new ColumnsLoading({ component: options.label })
  }

  #syncRows(component: object, options: SyncedOptions, call: string): SyncedComponent {
    // The owner of rows has packed ones, which columns don't have.
    const owner = options.rowsOf && (this.of(options.rowsOf, call) as SyncedComponent)
    const synced = new SyncedComponent(this, component, options, owner)
    if (synced.deviceWrites) this.deviceWritten.push(synced)
    return synced
  }

  #lookInWorld(): void {
    this.ecs.forEachNewComponent(this.#tryFlagged)
    const count = flaggedCount()
    if (count === this.#flaggedCount) return
    // Those that were registered first and flagged then.
    for (const component of flaggedSince(this.#flaggedCount))
      if (this.ecs.isRegistered(component)) this.#try(component)
    this.#flaggedCount = count
  }

  readonly #tryFlagged = (component: object): void => {
    if (isGpuSynced(component)) this.#try(component)
  }

  readonly #try = (component: object): void => {
    try {
      this.of(component, 'components')
    } catch (error) {
      this.#refused.add(component)
      if (!hasCode(error, 'ColumnsLoading')) this.#refusal ??= error
    }
  }
}

/** The heap that the components to sync live in: detection then reads their columns where they are. */
export function heapOfComponents(ecs: EcsWorld, listed: readonly object[] | undefined): Heap | undefined {
  let heap: Heap | undefined
  const visit = (component: object): void => {
    const { memory } = columnsInfo(component) ?? rowsInfo(component) ?? {}
    if (heap === undefined && memory instanceof Heap && isGpuSynced(component)) heap = memory
  }
  if (listed !== undefined) listed.forEach(visit)
  else ecs.forEachComponent(visit)
  return heap
}

/** ` ({ x, y })`, to tell which component an error is about. */
export function columnNames(component: unknown): string {
  if (typeof component === 'function') return component.name === '' ? '' : ` (${component.name})`
  if (typeof component !== 'object' || component === null) return ` (${String(component)})`
  const names = Object.keys(component)
  return names.length === 0 || names.length > 8 ? '' : ` ({ ${names.join(', ')} })`
}
