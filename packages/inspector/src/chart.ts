import type uPlot from 'uplot'
import { chartTop } from './chart-scale.ts'
import { element, setText } from './element.ts'
import { onResize } from './page.ts'

/** A line of a chart. */
export interface ChartSeries {
  readonly title: string
  /** Name of the custom property with its colour. */
  readonly color: string
}

export interface ChartOptions {
  readonly title: string
  readonly series: readonly ChartSeries[]
  /** A value, in words. */
  readonly text: (value: number) => string
  /** The same at an axis; default `text`. */
  readonly axisText?: (value: number) => string
  /** Steps that an axis may have, smallest first. */
  readonly steps: number[]
  /** Charts of one name share their cursor. */
  readonly sync: string
  /** Called when the pointer or the keyboard chooses a frame: its index in the data; undefined when it lets go. */
  readonly onCursor: (index: number | undefined) => void
}

type Numbers = ArrayLike<number>

let Plot: typeof uPlot | undefined
let loading: Promise<void> | undefined

/** On demand: it asks the page for `matchMedia` when it is loaded, and where there is none (jsdom) the rest of the panel must work. */
function loadPlot(): Promise<void> {
  loading ??= import('uplot').then(
    (module) => {
      Plot = module.default
    },
    (error: unknown) => console.warn('[memkit] The inspector shows no charts:', error),
  )
  return loading
}

/** Lines over frame numbers, in a box with title, legend and values. Drawn by uPlot. */
export class Chart {
  readonly element: HTMLElement
  readonly #options: ChartOptions
  readonly #values: HTMLElement[]
  readonly #body: HTMLElement
  readonly #stopObserving: () => void
  #disposed = false
  readonly #peak: HTMLElement
  #plot: uPlot | undefined
  #data: uPlot.AlignedData = [[]]
  #top = 1

  constructor(options: ChartOptions) {
    this.#options = options
    this.#values = options.series.map(() => element('b'))
    const legend = options.series.map(({ title, color }, i) =>
      element('span', { class: 'key', 'data-color': color }, element('i'), `${title} `, this.#values[i]),
    )
    this.#peak = element('span', { class: 'peak', title: 'Higher than what is drawn' })
    this.#body = element('div', { class: 'plot' }, this.#peak)
    this.element = element(
      'figure',
      { class: 'chart', 'aria-label': options.title },
      element('figcaption', {}, element('span', { class: 'title' }, options.title), ...legend),
      this.#body,
    )
    this.#stopObserving = onResize(this.#body, () => this.#fit())
  }

  /** Draws. @param shown index of the frame whose values the legend tells */
  update(frames: Numbers, columns: readonly Numbers[], shown: number): void {
    this.#data = [frames, ...columns] as unknown as uPlot.AlignedData
    const { text } = this.#options
    const { top, peak } = chartTop(columns)
    this.#top = top
    setText(this.#peak, peak > top ? `peak ${text(peak)}, above` : '')
    this.#plot?.setData(this.#data)
    for (let i = 0; i < columns.length; i++) {
      const value = columns[i][shown]
      setText(this.#values[i], value === undefined ? '–' : text(value))
    }
  }

  /** Puts the cursor on a frame, or takes it away. Charts of the same name follow. */
  setCursor(index: number | undefined): void {
    const plot = this.#plot
    if (plot === undefined) return
    const frame = index === undefined ? undefined : this.#data[0][index]
    plot.setCursor({ left: frame === undefined ? -10 : plot.valToPos(frame, 'x'), top: 10 })
  }

  /** The colours are others now. */
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

  #color(name: string): string {
    return getComputedStyle(this.element).getPropertyValue(name).trim() || '#888'
  }

  #make(Plot: typeof uPlot, width: number, height: number): uPlot {
    const { series, text, axisText = text, steps, sync, onCursor } = this.#options
    const muted = (): string => this.#color('--muted')
    const line = (): string => this.#color('--line')
    const font = '11px system-ui, sans-serif'
    const grid = { stroke: line, width: 1 }
    return new Plot(
      {
        width,
        height,
        pxAlign: 1,
        legend: { show: false },
        padding: [6, 8, 0, 0],
        cursor: { sync: { key: sync }, drag: { x: false, y: false }, points: { size: 6 } },
        scales: {
          x: { time: false },
          y: { range: () => [0, this.#top] },
        },
        axes: [
          { stroke: muted, font, grid: { show: false }, ticks: { show: false }, size: 20, space: 60, gap: 2 },
          {
            stroke: muted,
            font,
            grid,
            ticks: { show: false },
            size: 58,
            incrs: steps,
            space: 28,
            gap: 4,
            values: (_plot, splits) => splits.map(axisText),
          },
        ],
        series: [
          {},
          ...series.map(({ title, color }) => ({
            label: title,
            stroke: (): string => this.#color(color),
            width: 1.5,
            points: { show: false },
          })),
        ],
        hooks: {
          setCursor: [
            (plot): void => {
              const { left, idx } = plot.cursor
              onCursor(left === undefined || left < 0 ? undefined : (idx ?? undefined))
            },
          ],
        },
      },
      this.#data,
      this.#body,
    )
  }
}
