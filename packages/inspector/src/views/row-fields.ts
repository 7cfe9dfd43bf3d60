import type { Schema } from '@memkit/ecs-plugin'
import { element, setAttribute, setText } from '../element.ts'
import { cellDiffers, cellText, fieldLines, type Cell, type FieldLine } from '../row-values.ts'

/** A table of the fields of one schema: their values on the CPU and on the device, side by side. */
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
      const [cpu, device] = [numbersOf(line), numbersOf(line)]
      cpu.spans.forEach((span, i) => spans.push([span, device.spans[i]]))
      return element(
        'tr',
        {},
        element('th', { scope: 'row' }, line.path || 'value', element('small', {}, line.type)),
        element('td', { 'data-side': 'CPU' }, cpu.box),
        element('td', { 'data-side': 'Device' }, device.box),
      )
    })
    this.#spans = spans
    const head = ['Field', 'CPU', 'Device'].map((title) => element('th', { scope: 'col' }, title))
    this.element = element(
      'table',
      { class: 'fields', 'aria-label': 'Fields of the row', tabindex: 0 },
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...this.#rows),
    )
  }

  /** Shows a row. @returns how many cells differ; 0 while a side is missing */
  update(cpu: DataView | undefined, device: DataView | undefined): number {
    let differing = 0
    let at = 0
    this.#lines.forEach(({ cells }, line) => {
      const before = differing
      for (const cell of cells) {
        const [left, right] = this.#spans[at++]
        const differs = cpu !== undefined && device !== undefined && cellDiffers(cpu, device, cell)
        setText(left, cpu === undefined ? '–' : cellText(cpu, cell))
        setText(right, device === undefined ? '–' : cellText(device, cell))
        for (const span of [left, right]) span.classList.toggle('differs', differs)
        if (differs) differing++
      }
      const row = this.#rows[line]
      row.classList.toggle('differs', differing > before)
      // For those who can't see the colour.
      setAttribute(row, 'title', differing > before ? 'CPU and device differ' : '')
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
