import type { MirrorReport, MkSync, SyncedBuffer, SyncedInfo } from '@memkit/ecs-plugin'
import { element, setText } from '../element.ts'
import { bytesText, countText } from '../quantities.ts'
import { parts, RowsTable, type TableColumn } from '../rows-table.ts'
import type { View } from '../tab-list.ts'

/** A component or a query, as the inspector lists it. */
export interface Listed {
  readonly key: object
  readonly label: string
  readonly buffer: SyncedBuffer
  /** Undefined for a query. */
  readonly info: SyncedInfo | undefined
  readonly mirror: SyncedInfo['mirror']
}

/** Lists what has rows on the device: components in the order in which they were found, then queries. */
export function listed(mk: MkSync<object>): Listed[] {
  const components = mk.synced().map((info) => {
    const { component: key, label, buffer, mirror } = info
    return { key, label, buffer, info, mirror }
  })
  const queries = mk.queries().map((key) => {
    const { label, indices, mirror } = key
    return { key, label, buffer: indices, info: undefined, mirror }
  })
  return [...components, ...queries]
}

interface Line extends Listed {
  readonly report: MirrorReport | undefined
}

type Text = (line: Line) => string

const word = (title: string, hint: string, text: Text, leftOutAt?: 1 | 2): TableColumn<Line> => {
  return { title, hint, text, leftOutAt }
}
const number: typeof word = (...column) => ({ ...word(...column), numeric: true })

const columns: readonly TableColumn<Line>[] = [
  {
    title: 'Name',
    fill: (cell, line) => {
      const [name, kind] = parts(cell, 'span.name', 'span.chip.kind')
      setText(name, line.label)
      setText(kind, kindOf(line))
    },
  },
  number('Rows', 'Rows in use', ({ buffer }) => countText(buffer.rows)),
  number('Capacity', 'Rows there is room for', ({ buffer }) => countText(buffer.capacity), 2),
  number('Stride', 'Bytes of a row on the device', ({ buffer }) => `${buffer.stride} B`, 2),
  word('Changes', 'How changed rows are found', ({ info }) => info?.changes ?? 'entered, left', 1),
  word('Direction', 'Which side writes the rows', ({ info }) => info?.direction ?? 'upload', 1),
  {
    title: 'Strategy',
    hint: 'How the last frame uploaded the rows',
    fill: (cell, { report }) => {
      const [chip] = parts(cell, 'span.chip')
      setText(chip, (chip.dataset['strategy'] = report?.strategy ?? 'none'))
    },
  },
  number('Changed', 'Rows that changed in the last frame', ({ report }) => countText(report?.rows ?? 0), 2),
  number('Uploaded', 'Bytes uploaded in the last frame', ({ report }) => bytesText(report?.bytes ?? 0)),
  number('Buffer', 'Bytes on the device', ({ buffer }) => bytesText(buffer.capacity * buffer.stride), 2),
  number('Gen.', 'Goes up when the buffer is replaced', ({ buffer }) => `${buffer.generation}`, 1),
]

/** The table of what is synced, and what the last frame did with it. */
export class ComponentsView implements View {
  readonly title = 'Components'
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #table: RowsTable<Line>
  readonly #sum = element('p', { class: 'note' })

  constructor(mk: MkSync<object>, pick: (chosen: Listed) => void) {
    this.#mk = mk
    const empty = 'Nothing is synced yet: flag a component with GpuSynced.'
    const options = { key: ({ key }: Line) => key, pick, empty }
    this.#table = new RowsTable('Synced components and queries', columns, options)
    const scroll = element('div', { class: 'scroll' }, this.#table.element)
    this.element = element('div', { class: 'components-view' }, this.#sum, scroll)
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
    const advice = 'Click a line, or press Enter, to see its rows.'
    setText(this.#sum, `${countText(rows)} rows in use, ${bytesText(bytes)}. ${advice}`)
  }
}

function kindOf({ info }: Line): string {
  if (info === undefined) return 'query'
  if (info.layout === 'columns') return 'columns'
  return info.rowKind === 'packed' ? 'packed' : ''
}
