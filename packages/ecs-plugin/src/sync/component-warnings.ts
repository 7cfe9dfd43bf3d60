import type { MkCoordinator } from '@memkit/coordinator'
import type { Membership } from '../ecs/membership.ts'
import { accessError } from '../store/errors.ts'
import { EntityBeyondColumn } from './errors.ts'
import type { ForgottenMarks } from '../marks/forgotten-marks.ts'
import type { ComponentColumns } from '../store/component-columns.ts'

/** Says what is wrong with the values of one component: by a warning once, or as an error to throw. */
export class ComponentWarnings {
  readonly #coordinator: MkCoordinator
  readonly #columns: ComponentColumns
  readonly #said = new Set<string>()

  constructor(coordinator: MkCoordinator, columns: ComponentColumns) {
    this.#coordinator = coordinator
    this.#columns = columns
  }

  /** Warns of values that are not numbers. @returns the error for a column without any numbers */
  holes(count: number, reading: number): unknown {
    try {
      this.#columns.checkNumbers()
    } catch (error) {
      return this.readingThrew(error, reading)
    }
    this.#warn(
      'ColumnHoles',
      `${this.#label}: ${count} of the values of its living entities are not numbers, and read as 0. Write all of an entity's values when the ` +
        'component is added to it.',
    )
    return undefined
  }

  forgottenMarks(found: number, { example }: ForgottenMarks): void {
    this.#warn(
      'ForgottenMarks',
      `${this.#label}: ${found} rows changed without a mark (that of entity ${example}, for one), so the device keeps their old values. ` +
        "Call mk.mark after writing, write with set(), or flag it with changes: 'detect'. mk.forgottenMarks counts on.",
    )
  }

  markerFull(entities: number): void {
    this.#warn(
      'MarkerFull',
      `${this.#label}: an entity was marked whose id is past the ${entities} that its shared marker has room for, so every row was taken. ` +
        'Ask mk.marker for a bigger one, and post that.',
    )
  }

  /** A getter, or a Proxy, threw while column `reading` was read. @returns the error that says so */
  readingThrew(error: unknown, reading: number): unknown {
    const { label, layout } = this.#columns
    return accessError(error, label, layout.columns[reading]?.path ?? '', 'read')
  }

  beyond(length: number, { alive, end }: Membership): EntityBeyondColumn {
    let entity = end - 1
    while (!alive.has(entity)) entity--
    const column = this.#columns.columnOf(length)
    return new EntityBeyondColumn({ component: this.#columns.label, column, entity, length })
  }

  #warn(code: string, message: string): void {
    if (this.#said.has(code)) return
    this.#said.add(code)
    this.#coordinator.warn(code, message, undefined, `${code} ${this.#label}`)
  }

  get #label(): string {
    return this.#columns.label
  }
}
