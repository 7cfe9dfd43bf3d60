import { u32 } from '@memkit/core'
import type { Mirror, MkCoordinator } from '@memkit/coordinator'
import { componentLabelProblem, type LabelOwners } from '../buffer/label-owners.ts'
import type { PackedRows } from './packed-rows.ts'
import type { RowListener } from './row-map.ts'
import type { BufferSource } from '../buffer/synced-buffer.ts'

/** The table row → entity of packed rows, on the device. Made when it is first asked for. */
export class RowTable implements BufferSource, RowListener {
  readonly label: string
  readonly schema: u32 = u32
  readonly mirror: Mirror
  readonly #packed: PackedRows
  readonly #labels: LabelOwners
  readonly #isLabelled: boolean

  /** @throws HeapFull, MirrorTooLarge */
  constructor(
    coordinator: MkCoordinator,
    packed: PackedRows,
    capacity: number,
    { isLabelled, label }: { readonly isLabelled: boolean; readonly label: string },
    labels: LabelOwners,
  ) {
    this.label = `${label}Rows`
    this.#isLabelled = isLabelled
    this.#labels = labels
    this.#packed = packed
    this.mirror = coordinator.createMirror({ rows: capacity, schema: u32, label: this.label })
    for (let row = 0; row < packed.rows; row++) this.rowTaken(row, packed.entityOf(row))
    packed.listeners.push(this)
  }

  get labelProblem(): string | undefined {
    return componentLabelProblem(this, this.#isLabelled, this.#labels)
  }

  namesOf(): readonly string[] {
    return []
  }

  get rows(): number {
    return this.#packed.rows
  }

  rowOf(entity: number): number {
    return this.#packed.rowOf(entity)
  }

  rowTaken(row: number, entity: number): void {
    this.mirror.view(Uint32Array)[row] = entity
    this.mirror.dirty.set(row)
  }

  dispose(): void {
    this.mirror.destroy()
  }
}
