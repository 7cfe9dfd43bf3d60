import { Chart, type ChartOptions } from '../chart.ts'
import { button, element, movedTo, setAttribute, setText } from '../element.ts'
import type { FrameHistory, HistoryColumn } from '../frame-history.ts'
import { bytesText, countText, msText } from '../quantities.ts'
import type { View } from '../tab-list.ts'

type At = (column: HistoryColumn) => number

interface Tile {
  readonly title: string
  readonly hint: string
  readonly text: (at: At) => string
}

function count(title: string, hint: string, column: HistoryColumn): Tile {
  return { title, hint, text: (at) => countText(at(column)) }
}

const tiles: readonly Tile[] = [
  count('Frame', 'Number of the frame', 'frame'),
  count('Rows changed', 'Rows that changed in the frame', 'rowsChanged'),
  {
    title: 'Uploaded ÷ changed',
    hint: 'Bytes uploaded for each byte that changed. Above 1 because of gaps and row numbers',
    text: (at) => {
      const ratio = at('bytesUploaded') / at('bytesChanged')
      return Number.isFinite(ratio) ? ratio.toFixed(2) : '–'
    },
  },
  count('Writes', 'Calls of writeBuffer', 'writes'),
  count('Dispatches', 'Buffers whose rows a shader scattered', 'dispatches'),
  count('Copies', 'Copies on the device: readbacks, grown buffers', 'copies'),
  count('Submits', 'Submits of the flush', 'submits'),
]

/** 1, 2, 5, 10, 20, 50 … */
const decimalSteps = (first: number): number[] =>
  Array.from({ length: 24 }, (_, i) => [1, 2, 5][i % 3] * first * 10 ** Math.floor(i / 3))

const charts: readonly ChartOptions[] = [
  {
    title: 'Time',
    text: msText,
    axisText: (ms) => `${Number(ms.toFixed(3))} ms`,
    steps: decimalSteps(0.001),
    series: [
      { title: 'stage', color: '--one', column: 'stageMs' },
      { title: 'flush', color: '--two', column: 'flushMs' },
    ],
  },
  {
    title: 'Bytes',
    text: bytesText,
    steps: Array.from({ length: 40 }, (_, i) => 2 ** i),
    series: [
      { title: 'uploaded', color: '--four', column: 'bytesUploaded' },
      { title: 'changed', color: '--three', column: 'bytesChanged' },
    ],
  },
  {
    title: 'Calls to the device',
    text: countText,
    steps: decimalSteps(1),
    series: [{ title: 'calls', color: '--five', column: 'apiCalls' }],
  },
]

let made = 0

/** The timeline of the last frames. */
export class FramesView implements View {
  readonly title = 'Frames'
  readonly element: HTMLElement
  readonly #history: FrameHistory
  readonly #charts: readonly Chart[]
  readonly #strip: HTMLElement
  readonly #figures: readonly HTMLElement[] = tiles.map(() => element('dd'))
  readonly #pause: HTMLButtonElement
  readonly #note = element('span', { class: 'note' })
  #drawn = -1
  #paused = false
  /** The frame chosen by pointer or keyboard. Undefined: the last one. */
  #chosen: number | undefined
  #isMoving = false

  constructor(history: FrameHistory) {
    this.#history = history
    const sync = `memkit-inspector-${++made}`
    this.#charts = charts.map((options) => new Chart(options, sync, (index) => this.#choose(index)))
    const list = tiles.map(({ title, hint }, i) =>
      element('div', { title: hint }, element('dt', {}, title), this.#figures[i]),
    )
    const toggle = (): void => this.#setPaused(!this.#paused)
    this.#pause = button(toggle, { 'aria-pressed': 'false' }, 'Pause')
    const label = 'Timeline of the last frames. Use the left and right arrow keys to choose a frame.'
    this.#strip = element(
      'div',
      { class: 'charts', tabindex: 0, role: 'group', 'aria-label': label },
      ...this.#charts.map((chart) => chart.element),
    )
    this.#strip.addEventListener('keydown', (event) => this.#onKey(event))
    this.#strip.addEventListener('blur', () => {
      this.#charts[0].setCursor(undefined)
      this.#choose(undefined)
    })
    const tools = element('div', { class: 'tools' }, this.#pause, this.#note)
    const figures = element('dl', { class: 'tiles' }, ...list)
    this.element = element('div', { class: 'frames-view' }, tools, figures, this.#strip)
  }

  update(): void {
    if (this.#paused || this.#history.pushed === this.#drawn) return
    this.#drawn = this.#history.pushed
    this.#draw()
  }

  recolor(): void {
    for (const chart of this.#charts) chart.recolor()
  }

  dispose(): void {
    for (const chart of this.#charts) chart.dispose()
  }

  #draw(): void {
    const shown = this.#shown()
    // Drawing moves the cursors of the charts, which the user did not choose.
    this.#isMoving = true
    for (const chart of this.#charts) chart.update(this.#history, shown)
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
    // Screen readers read out the chosen frame, but not the last one ten times a second.
    setAttribute(this.#note, 'aria-live', this.#chosen === undefined ? 'off' : 'polite')
  }

  #noteOf(shown: number): string {
    const { length } = this.#history
    if (length === 0) return 'No frame yet. Frames appear with each mk.endFrame().'
    if (this.#chosen === undefined) return `Showing the last of ${countText(length)} frames.`
    const at: At = (column) => this.#history.at(column, shown)
    const times = `stage ${msText(at('stageMs'))}, flush ${msText(at('flushMs'))}`
    return `Frame ${countText(at('frame'))}: ${times}, ${bytesText(at('bytesUploaded'))} in ${countText(at('apiCalls'))} calls.`
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused
    setAttribute(this.#pause, 'aria-pressed', String(paused))
    setText(this.#pause, paused ? 'Continue' : 'Pause')
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
    const index = movedTo(event, at, last, { ArrowLeft: -step, ArrowRight: step })
    if (index === undefined) return
    // Keep the chosen frame in place.
    this.#setPaused(true)
    this.#choose(index)
    this.#isMoving = true
    this.#charts[0].setCursor(index)
    this.#isMoving = false
  }
}
