import type { FrameReport, MirrorReport } from '@memkit/ecs-plugin'
import { formatBytes, formatCount, formatMs, formatRate } from './figures.ts'
import type { PageValues } from './page-values.ts'
import { ReportWindow } from './report-window.ts'

/** How often the numbers change, in milliseconds: often enough to follow, seldom enough to read. */
const REFRESH = 500

/** Shows the frame report. */
export class Overlay {
  readonly #values: PageValues
  readonly #window = new ReportWindow(REFRESH)
  readonly #rows = new Map<string, HTMLTableRowElement>()

  constructor(values: PageValues, adapter: string) {
    this.#values = values
    values.set('adapter', `${adapter === '' ? '' : `${adapter} · `}busiest frame of each half second`)
    values.element('mirrors').replaceChildren()
  }

  /** Takes in the report of a frame that has ended. */
  show(report: FrameReport): void {
    const summary = this.#window.add(report, performance.now())
    if (summary === undefined) return
    const values = this.#values
    const { busiest } = summary
    for (const mirror of busiest.mirrors) this.#showMirror(mirror)
    values.set('rowsChanged', formatCount(busiest.rowsChanged))
    values.set('bytesChanged', formatBytes(busiest.bytesChanged))
    values.set('bytesUploaded', formatBytes(busiest.bytesUploaded))
    values.set('apiCalls', formatCount(busiest.apiCalls))
    values.set('submits', formatCount(busiest.submits))
    values.set('stageMs', formatMs(summary.stageMs))
    values.set('flushMs', formatMs(summary.flushMs))
    values.set('fps', formatRate(summary.framesPerSecond))
    values.set(
      'brief',
      busiest.apiCalls === 0
        ? 'nothing changed, no call'
        : `${formatBytes(busiest.bytesUploaded)} · ${busiest.apiCalls} ${busiest.apiCalls === 1 ? 'call' : 'calls'} · ${formatRate(summary.framesPerSecond)} fps`,
    )
  }

  #showMirror({ label, strategy, rows, bytes }: MirrorReport): void {
    let row = this.#rows.get(label)
    if (row === undefined) {
      row = document.createElement('tr')
      const head = document.createElement('th')
      head.scope = 'row'
      head.textContent = label
      const badge = document.createElement('span')
      badge.className = 'strategy'
      const strategyCell = document.createElement('td')
      strategyCell.append(badge)
      row.append(head, strategyCell, document.createElement('td'), document.createElement('td'))
      this.#rows.set(label, row)
      this.#values.element('mirrors').append(row)
    }
    const badge = row.cells[1].firstElementChild as HTMLElement
    badge.textContent = badge.dataset['strategy'] = strategy
    row.cells[2].textContent = formatCount(rows)
    row.cells[3].textContent = formatBytes(bytes)
  }
}
