import type { GpuQuery, MirrorReport, MkSync, SyncedBuffer, SyncedInfo } from '@memkit/ecs-plugin'
import { element, setText } from '../element.ts'
import { bytesText, countText } from '../quantities.ts'
import { RowsTable } from '../rows-table.ts'
import type { View } from '../tab-list.ts'

/** A component or a query, as the inspector lists it. */
export interface Listed {
  /** The component itself, or the query. */
  readonly key: object
  readonly label: string
  readonly buffer: SyncedBuffer
  readonly info: SyncedInfo | undefined
  readonly mirror: SyncedInfo['mirror']
}

/** Everything that has rows on the device: components in the order in which they were found, then queries. */
export function listed(mk: MkSync<object>): Listed[] {
  const components = mk.synced().map((info) => ({
    key: info.component,
    label: info.label,
    buffer: info.buffer,
    info,
    mirror: info.mirror,
  }))
  const queries = mk.queries().map((query: GpuQuery) => ({
    key: query,
    label: query.label,
    buffer: query.indices as SyncedBuffer,
    info: undefined,
    mirror: query.mirror,
  }))
  return [...components, ...queries]
}

interface Line extends Listed {
  readonly report: MirrorReport | undefined
}

/** The table of what is synced, and what the last frame did with it. */
export class ComponentsView implements View {
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #table: RowsTable<Line>
  readonly #sum: HTMLElement

  /** @param pick called with what somebody wants to see the rows of */
  constructor(mk: MkSync<object>, pick: (chosen: Listed) => void) {
    this.#mk = mk
    this.#table = new RowsTable<Line>(
      'Synced components and queries',
      [
        {
          title: 'Name',
          text: ({ label }) => label,
          decorate: (cell, line) => {
            if (cell.childElementCount === 0)
              cell.append(element('span', { class: 'name' }), element('span', { class: 'chip kind' }))
            setText(cell.children[0] as HTMLElement, line.label)
            setText(cell.children[1] as HTMLElement, kindOf(line))
          },
        },
        { title: 'Rows', hint: 'Rows in use', numeric: true, text: ({ buffer }) => countText(buffer.rows) },
        {
          title: 'Capacity',
          hint: 'Rows there is room for',
          numeric: true,
          leftOutAt: 2,
          text: ({ buffer }) => countText(buffer.capacity),
        },
        {
          title: 'Stride',
          hint: 'Bytes from one row to the next',
          numeric: true,
          leftOutAt: 2,
          text: ({ buffer }) => `${buffer.stride} B`,
        },
        {
          title: 'Changes',
          hint: 'How changed rows are found',
          leftOutAt: 1,
          text: ({ info }) => info?.changes ?? 'entered, left',
        },
        {
          title: 'Direction',
          hint: 'Who writes the rows',
          leftOutAt: 1,
          text: ({ info }) => info?.direction ?? 'upload',
        },
        {
          title: 'Strategy',
          hint: 'How the last frame brought them up',
          text: ({ report }) => report?.strategy ?? 'none',
          decorate: (cell, { report }) => {
            const strategy = report?.strategy ?? 'none'
            if (cell.childElementCount === 0) cell.append(element('span', { class: 'chip' }))
            const chip = cell.children[0] as HTMLElement
            setText(chip, strategy)
            chip.dataset['strategy'] = strategy
          },
        },
        {
          title: 'Changed',
          hint: 'Rows that were dirty in the last frame',
          leftOutAt: 2,
          numeric: true,
          text: ({ report }) => countText(report?.rows ?? 0),
        },
        {
          title: 'Uploaded',
          hint: 'Bytes uploaded in the last frame',
          numeric: true,
          text: ({ report }) => bytesText(report?.bytes ?? 0),
        },
        {
          title: 'Buffer',
          hint: 'Bytes on the device, and as many on the CPU',
          numeric: true,
          leftOutAt: 2,
          text: ({ buffer }) => bytesText(buffer.capacity * buffer.stride),
        },
        {
          title: 'Gen.',
          hint: 'Generation: goes up when the buffer is replaced',
          numeric: true,
          leftOutAt: 1,
          text: ({ buffer }) => String(buffer.generation),
        },
      ],
      { key: ({ key }) => key, pick, empty: 'Nothing is synced yet: flag a component with GpuSynced.' },
    )
    this.#sum = element('p', { class: 'note' })
    this.element = element(
      'div',
      { class: 'components-view' },
      this.#sum,
      element('div', { class: 'scroll' }, this.#table.element),
    )
  }

  update(): void {
    const { mirrors } = this.#mk.report
    const lines = listed(this.#mk).map((each) => ({
      ...each,
      report: mirrors.find(({ mirror }) => mirror === each.mirror),
    }))
    this.#table.update(lines)
    const rows = lines.reduce((sum, { buffer }) => sum + buffer.rows, 0)
    const bytes = lines.reduce((sum, { buffer }) => sum + buffer.rows * buffer.stride, 0)
    setText(this.#sum, `${countText(rows)} rows in use, ${bytesText(bytes)}. Enter, or a click, shows rows.`)
  }

  dispose(): void {}
}

function kindOf({ info }: Line): string {
  if (info === undefined) return 'query'
  return info.rowKind === 'packed' ? 'packed' : ''
}
