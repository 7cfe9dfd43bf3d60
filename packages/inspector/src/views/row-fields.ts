import type { Schema } from '@memkit/ecs-plugin'
import { element, setAttribute, setText } from '../element.ts'
import { cellDiffers, cellText, fieldLines } from '../row-values.ts'
import type { Cell, FieldLine } from '../row-values.ts'

/** The fields of one schema as a table: what the CPU has beside what the device has. */
export class RowFields {
  readonly element: HTMLTableElement
  readonly cells: readonly Cell[]
  readonly #spans: readonly (readonly [cpu: HTMLElement, device: HTMLElement])[]
  readonly #rows: readonly HTMLTableRowElement[]
  readonly #lines: readonly FieldLine[]

  constructor(schema: Schema) {
    this.#lines = fieldLines(schema)
    this.cells = this.#lines.flatMap(({ cells }) => cells)
    const spans: [HTMLElement, HTMLElement][] = []
    this.#rows = this.#lines.map((line) => {
      const cpu = numbersOf(line)
      const device = numbersOf(line)
      for (let i = 0; i < line.cells.length; i++) spans.push([cpu.spans[i], device.spans[i]])
      return element(
        'tr',
        {},
        element(
          'th',
          { scope: 'row' },
          line.path === '' ? 'value' : line.path,
          element('small', {}, line.type),
        ),
        element('td', { 'data-side': 'CPU' }, cpu.box),
        element('td', { 'data-side': 'Device' }, device.box),
      )
    })
    this.#spans = spans
    const head = ['Field', 'CPU: columns now', 'Device'].map((title) =>
      element('th', { scope: 'col' }, title),
    )
    this.element = element(
      'table',
      { class: 'fields', 'aria-label': 'Fields of the row', tabindex: 0 },
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...this.#rows),
    )
  }

  /** Fills in a row. @returns cells that differ; 0 while the device's side is not there yet */
  update(cpu: DataView | undefined, device: DataView | undefined): number {
    let differing = 0
    let at = 0
    this.#lines.forEach(({ cells }, line) => {
      let differs = false
      for (const cell of cells) {
        const [left, right] = this.#spans[at++]
        const differ = cpu !== undefined && device !== undefined && cellDiffers(cpu, device, cell)
        setText(left, cpu === undefined ? '–' : cellText(cpu, cell))
        setText(right, device === undefined ? '–' : cellText(device, cell))
        for (const span of [left, right]) span.classList.toggle('differs', differ)
        if (!differ) continue
        differs = true
        differing++
      }
      const row = this.#rows[line]
      row.classList.toggle('differs', differs)
      // Colour alone tells nobody who cannot see it.
      setAttribute(row, 'title', differs ? 'CPU and device differ' : '')
    })
    return differing
  }
}

function numbersOf({ cells, width }: FieldLine): { box: HTMLElement; spans: HTMLElement[] } {
  const spans = cells.map(() => element('span', {}, '–'))
  const box = element('div', { class: 'numbers' }, ...spans)
  box.style.setProperty('--width', String(width))
  return { box, spans }
}
