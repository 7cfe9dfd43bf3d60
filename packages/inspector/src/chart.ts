import type uPlot from 'uplot'
import { chartTop } from './chart-scale.ts'
import { element, setText } from './element.ts'
import type { FrameHistory, HistoryColumn } from './frame-history.ts'
import { onResize } from './page.ts'

export interface ChartOptions {
  readonly title: string
  /** The lines: each has a title, the CSS custom property with its colour, and the figure it draws. */
  readonly series: readonly {
    readonly title: string
    readonly color: string
    readonly column: HistoryColumn
  }[]
  /** Formats a value. */
  readonly text: (value: number) => string
  /** Formats a value at an axis, default `text`. */
  readonly axisText?: (value: number) => string
  /** Possible steps of the axis, smallest first. */
  readonly steps: number[]
}

let Plot: typeof uPlot | undefined
let loading: Promise<void> | undefined

/** Loads uPlot on demand: it needs `matchMedia`, which jsdom lacks. */
function loadPlot(): Promise<void> {
  loading ??= import('uplot').then(
    (module) => {
      Plot = module.default
    },
    (error: unknown) => console.warn('[memkit] The inspector cannot show charts:', error),
  )
  return loading
}

/** A line chart of the history, with a title, legend and values. Drawn by uPlot. */
export class Chart {
  readonly element: HTMLElement
  readonly #options: ChartOptions
  readonly #sync: string
  readonly #onCursor: (index: number | undefined) => void
  readonly #values: HTMLElement[]
  readonly #stopObserving: () => void
  #disposed = false
  readonly #peak = element('span', { class: 'peak', title: 'Higher than the chart' })
  readonly #body = element('div', { class: 'plot' }, this.#peak)
  #plot: uPlot | undefined
  #data: uPlot.AlignedData = [[]]
  #top = 1

  /**
   * @param sync charts with the same name share their cursor
   * @param onCursor called with the index of the frame that the pointer chooses, undefined when it
   *   leaves
   */
  constructor(options: ChartOptions, sync: string, onCursor: (index: number | undefined) => void) {
    this.#options = options
    this.#sync = sync
    this.#onCursor = onCursor
    this.#values = options.series.map(() => element('b'))
    const legend = options.series.map(({ title, color }, i) =>
      element('span', { class: 'key', 'data-color': color }, element('i'), `${title} `, this.#values[i]),
    )
    this.element = element(
      'figure',
      { class: 'chart', 'aria-label': options.title },
      element('figcaption', {}, element('span', { class: 'title' }, options.title), ...legend),
      this.#body,
    )
    this.#stopObserving = onResize(this.#body, () => this.#fit())
  }

  /** Draws the lines. @param shown index of the frame whose values the legend shows */
  update(history: FrameHistory, shown: number): void {
    const { text, series } = this.#options
    const columns = series.map(({ column }) => history.view(column))
    this.#data = [history.view('frame'), ...columns]
    const { top, peak } = chartTop(columns)
    this.#top = top
    setText(this.#peak, peak > top ? `peak ${text(peak)}` : '')
    this.#plot?.setData(this.#data)
    for (let i = 0; i < columns.length; i++) {
      const value = columns[i][shown]
      setText(this.#values[i], value === undefined ? '–' : text(value))
    }
  }

  /** Puts the cursor on a frame, or removes it. Charts with the same name follow. */
  setCursor(index: number | undefined): void {
    const plot = this.#plot
    if (plot === undefined) return
    const frame = index === undefined ? undefined : this.#data[0][index]
    plot.setCursor({ left: frame === undefined ? -10 : plot.valToPos(frame, 'x'), top: 10 })
  }

  recolor(): void {
    this.#plot?.redraw(false, true)
  }

  dispose(): void {
    this.#disposed = true
    this.#stopObserving()
    this.#plot?.destroy()
    this.#plot = undefined
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.#body
    if (width === 0 || height === 0 || this.#disposed) return
    if (Plot === undefined) void loadPlot().then(() => Plot && this.#fit())
    else if (this.#plot === undefined) this.#plot = this.#make(Plot, width, height)
    else if (this.#plot.width !== width || this.#plot.height !== height) this.#plot.setSize({ width, height })
  }

  #make(Plot: typeof uPlot, width: number, height: number): uPlot {
    const { series, text, axisText = text, steps } = this.#options
    const style = getComputedStyle(this.element)
    const color = (name: string) => (): string => style.getPropertyValue(name).trim() || '#888'
    const hidden = { show: false }
    const axis = { stroke: color('--muted'), font: '11px system-ui, sans-serif', ticks: hidden }
    const grid = { stroke: color('--line'), width: 1 }
    const values: uPlot.Axis.Values = (_plot, splits) => splits.map(axisText)
    const lines = series.map((line) => ({ stroke: color(line.color), width: 1.5, points: hidden }))
    const onMove = ({ cursor: { left = -1, idx } }: uPlot): void =>
      this.#onCursor(left < 0 ? undefined : (idx ?? undefined))
    const options: uPlot.Options = {
      width,
      height,
      pxAlign: 1,
      legend: hidden,
      padding: [6, 8, 0, 0],
      cursor: { sync: { key: this.#sync }, drag: { x: false, y: false }, points: { size: 6 } },
      scales: { x: { time: false }, y: { range: () => [0, this.#top] } },
      axes: [
        { ...axis, grid: hidden, size: 20, space: 60, gap: 2 },
        { ...axis, grid, size: 58, incrs: steps, space: 28, gap: 4, values },
      ],
      series: [{}, ...lines],
      hooks: { setCursor: [onMove] },
    }
    return new Plot(options, this.#data, this.#body)
  }
}
