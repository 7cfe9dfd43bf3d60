import { Chart } from '../chart.ts'
import type { ChartOptions, ChartSeries } from '../chart.ts'
import { element, setAttribute, setText } from '../element.ts'
import type { FrameHistory, HistoryColumn } from '../frame-history.ts'
import { bytesText, countText, msText } from '../quantities.ts'
import type { View } from '../tab-list.ts'

/** A figure of the frame that is chosen. */
interface Tile {
  readonly title: string
  readonly hint: string
  readonly text: (at: (column: HistoryColumn) => number) => string
}

const tiles: readonly Tile[] = [
  { title: 'Frame', hint: 'Number of the frame', text: (at) => countText(at('frame')) },
  {
    title: 'Rows changed',
    hint: 'Rows that were dirty when the frame was flushed',
    text: (at) => countText(at('rowsChanged')),
  },
  {
    title: 'Uploaded ÷ changed',
    hint: 'Bytes handed over for each byte that changed: gaps and row numbers are what is above 1',
    text: (at) => {
      const ratio = at('bytesUploaded') / at('bytesChanged')
      return Number.isFinite(ratio) ? ratio.toFixed(2) : '–'
    },
  },
  { title: 'Writes', hint: 'Calls of writeBuffer', text: (at) => countText(at('writes')) },
  {
    title: 'Dispatches',
    hint: 'Mirrors whose rows a shader scattered',
    text: (at) => countText(at('dispatches')),
  },
  {
    title: 'Copies',
    hint: 'Copies on the device: readbacks, grown buffers',
    text: (at) => countText(at('copies')),
  },
  { title: 'Submits', hint: 'Submits of the flush', text: (at) => countText(at('submits')) },
]

/** One chart, and which figures it draws. */
interface ChartLines extends Omit<ChartOptions, 'series' | 'sync' | 'onCursor'> {
  readonly lines: readonly (ChartSeries & { readonly column: HistoryColumn })[]
}

/** 1, 2, 5, 10, 20, 50 … */
const decimalSteps = (first: number): number[] =>
  Array.from({ length: 24 }, (_, i) => [1, 2, 5][i % 3] * first * 10 ** Math.floor(i / 3))

const charts: readonly ChartLines[] = [
  {
    title: 'Time',
    text: msText,
    axisText: (ms) => `${Number(ms.toFixed(3))} ms`,
    steps: decimalSteps(0.001),
    lines: [
      { title: 'stage', color: '--one', column: 'stageMs' },
      { title: 'flush', color: '--two', column: 'flushMs' },
    ],
  },
  {
    title: 'Bytes',
    text: bytesText,
    steps: Array.from({ length: 40 }, (_, i) => 2 ** i),
    lines: [
      { title: 'uploaded', color: '--four', column: 'bytesUploaded' },
      { title: 'changed', color: '--three', column: 'bytesChanged' },
    ],
  },
  {
    title: 'Calls to the device',
    text: countText,
    steps: decimalSteps(1),
    lines: [{ title: 'calls', color: '--five', column: 'apiCalls' }],
  },
]

interface ChartColumns {
  readonly chart: Chart
  readonly columns: readonly HistoryColumn[]
}

let made = 0

/** The timeline: what the last frames took and moved. */
export class FramesView implements View {
  readonly element: HTMLElement
  readonly #history: FrameHistory
  readonly #charts: readonly ChartColumns[]
  readonly #strip: HTMLElement
  readonly #figures: HTMLElement[]
  readonly #pause: HTMLButtonElement
  readonly #note: HTMLElement
  #drawn = -1
  #paused = false
  /** The frame that pointer or keyboard chose; undefined: the last one. */
  #chosen: number | undefined
  #isMoving = false

  constructor(history: FrameHistory) {
    this.#history = history
    const sync = `memkit-inspector-${++made}`
    this.#charts = charts.map(({ lines, ...rest }) => ({
      chart: new Chart({ ...rest, series: lines, sync, onCursor: (index) => this.#choose(index) }),
      columns: lines.map(({ column }) => column),
    }))
    this.#figures = tiles.map(() => element('dd'))
    const list = tiles.map(({ title, hint }, i) =>
      element('div', { title: hint }, element('dt', {}, title), this.#figures[i]),
    )
    this.#pause = element('button', { type: 'button', 'aria-pressed': 'false', class: 'quiet' }, 'Pause')
    this.#pause.addEventListener('click', () => this.#setPaused(!this.#paused))
    this.#note = element('span', { class: 'note' })
    this.#strip = element(
      'div',
      {
        class: 'charts',
        tabindex: 0,
        role: 'group',
        'aria-label': 'Timeline of the last frames. Left and right arrow choose a frame.',
      },
      ...this.#charts.map(({ chart }) => chart.element),
    )
    this.#strip.addEventListener('keydown', (event) => this.#onKey(event))
    this.#strip.addEventListener('blur', () => {
      this.#charts[0].chart.setCursor(undefined)
      this.#choose(undefined)
    })
    this.element = element(
      'div',
      { class: 'frames-view' },
      element('div', { class: 'tools' }, this.#pause, this.#note),
      element('dl', { class: 'tiles' }, ...list),
      this.#strip,
    )
  }

  update(): void {
    if (this.#paused || this.#history.pushed === this.#drawn) return
    this.#drawn = this.#history.pushed
    this.#draw()
  }

  /** The colours are others now. */
  recolor(): void {
    for (const { chart } of this.#charts) chart.recolor()
  }

  dispose(): void {
    for (const { chart } of this.#charts) chart.dispose()
  }

  #draw(): void {
    const frames = this.#history.view('frame')
    const shown = this.#shown()
    // Drawing moves the cursors of the charts; that is nobody's choice.
    this.#isMoving = true
    for (const { chart, columns } of this.#charts)
      chart.update(
        frames,
        columns.map((column) => this.#history.view(column)),
        shown,
      )
    this.#isMoving = false
    this.#tell(shown)
  }

  #shown(): number {
    const last = this.#history.length - 1
    return this.#chosen === undefined ? last : Math.min(this.#chosen, last)
  }

  #tell(shown: number): void {
    const none = this.#history.length === 0
    for (let i = 0; i < tiles.length; i++)
      setText(this.#figures[i], none ? '–' : tiles[i].text((column) => this.#history.at(column, shown)))
    setText(this.#note, this.#noteOf(shown))
    // What was chosen is read out; the last frame would be ten times a second.
    setAttribute(this.#note, 'aria-live', this.#chosen === undefined ? 'off' : 'polite')
  }

  #noteOf(shown: number): string {
    const { length } = this.#history
    if (length === 0) return 'No frame yet: it shows what mk.endFrame() reports.'
    if (this.#chosen === undefined) return `Figures of the last frame, of ${countText(length)} kept.`
    const at = (column: HistoryColumn): number => this.#history.at(column, shown)
    const times = `stage ${msText(at('stageMs'))}, flush ${msText(at('flushMs'))}`
    return `Frame ${countText(at('frame'))}: ${times}, ${bytesText(at('bytesUploaded'))} in ${countText(at('apiCalls'))} calls.`
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused
    setAttribute(this.#pause, 'aria-pressed', String(paused))
    setText(this.#pause, paused ? 'Go on' : 'Pause')
    this.update()
  }

  #choose(index: number | undefined): void {
    if (this.#isMoving || index === this.#chosen) return
    this.#chosen = index
    this.#draw()
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.#history.length - 1
    if (last < 0) return
    const at = this.#shown()
    const step = event.shiftKey ? 10 : 1
    const to = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: last }[event.key]
    if (to === undefined) return
    event.preventDefault()
    // What is looked at must not run away.
    this.#setPaused(true)
    const index = Math.min(last, Math.max(0, to))
    this.#choose(index)
    this.#isMoving = true
    this.#charts[0].chart.setCursor(index)
    this.#isMoving = false
  }
}
