import { COLOURS, Svg } from './svg.ts'

export interface Series {
  readonly name: string
  /** Which colour, counted from 0: the same for the same name in all pictures. */
  readonly colour: number
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Drawn thick: ours. */
  readonly strong?: boolean
}

export interface Panel {
  readonly title: string
  readonly series: readonly Series[]
}

export interface LogChart {
  readonly title: string
  readonly note: string
  readonly panels: readonly Panel[]
  readonly xLabel: string
  readonly yLabel: string
  readonly xTicks: readonly (readonly [value: number, label: string])[]
  readonly yTick: (value: number) => string
}

const PLOT = { left: 52, top: 74, width: 262, height: 300, labels: 196 }
const PANEL = PLOT.left + PLOT.width + PLOT.labels

/** Lines over two logarithmic axes, named at their ends; panels beside each other share the axes and the colours. */
export function logChart(chart: LogChart): string {
  const { panels, xTicks } = chart
  const svg = new Svg(PANEL * panels.length, PLOT.top + PLOT.height + 56, chart.title)
  svg.text(12, 24, chart.title, 'title ink')
  svg.text(12, 42, chart.note, 'soft')
  const all = panels.flatMap(({ series }) => series.flatMap(({ points }) => points))
  const values = all.map(([, y]) => y).filter((y) => y > 0)
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.ceil(Math.log10(Math.max(...values)))
  const xs = xTicks.map(([value]) => Math.log10(value))
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  panels.forEach((panel, at) => {
    const x0 = at * PANEL + PLOT.left
    const x = (value: number): number => x0 + ((Math.log10(value) - left) / (right - left)) * PLOT.width
    const y = (value: number): number =>
      PLOT.top + (1 - (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * PLOT.height
    svg.text(x0, PLOT.top - 12, panel.title, 'head ink')
    for (let decade = low; decade <= high; decade++) {
      svg.line(x0, y(10 ** decade), x0 + PLOT.width, y(10 ** decade), 'grid')
      svg.text(x0 - 6, y(10 ** decade) + 4, chart.yTick(10 ** decade), 'soft', 'end')
    }
    for (const [value, label] of xTicks) {
      svg.line(x(value), PLOT.top, x(value), PLOT.top + PLOT.height, 'grid')
      svg.text(x(value), PLOT.top + PLOT.height + 16, label, 'soft', 'middle')
    }
    svg.text(x0 + PLOT.width / 2, PLOT.top + PLOT.height + 38, chart.xLabel, 'ink', 'middle')
    svg.text(at * PANEL + 12, PLOT.top + PLOT.height / 2, chart.yLabel, 'ink', 'middle', -90)
    const drawn = panel.series.filter(({ points }) => points.length > 0)
    for (const { points, strong = false, colour: at } of drawn) {
      const colour = at % COLOURS
      const places = points.map(([px, py]) => [x(px), y(py)] as const)
      svg.polyline(places, `l${colour}${strong ? ' strong' : ''}`)
      for (const [px, py] of places) svg.circle(px, py, strong ? 3.5 : 2.2, `f${colour}`)
    }
    const ends = drawn.map(({ name, points, strong = false, colour }) => {
      const [px, py] = points.at(-1)!
      return { name, strong, colour: colour % COLOURS, x: x(px), y: y(py), at: y(py) }
    })
    spread(ends, PLOT.top, PLOT.top + PLOT.height)
    for (const end of ends) {
      const { colour } = end
      const labelX = x0 + PLOT.width + 16
      svg.line(end.x + 4, end.y, labelX - 3, end.at, 'lead')
      svg.text(labelX, end.at + 4, end.name, end.strong ? `head f${colour}` : `f${colour}`)
    }
  })
  return svg.toString()
}

/** Moves labels apart that would lie upon each other. */
function spread(labels: { at: number }[], top: number, bottom: number): void {
  const gap = 14
  labels.sort((a, b) => a.at - b.at)
  for (let i = 1; i < labels.length; i++) labels[i].at = Math.max(labels[i].at, labels[i - 1].at + gap)
  for (let i = labels.length - 1; i >= 0; i--) {
    const most = i === labels.length - 1 ? bottom : labels[i + 1].at - gap
    labels[i].at = Math.max(top, Math.min(labels[i].at, most))
  }
}

export interface HeatMap {
  readonly title: string
  readonly note: string
  readonly columns: readonly string[]
  readonly rows: readonly {
    readonly group: string
    readonly label: string
    /** Undefined where there is nothing. */
    readonly cells: readonly (
      | { readonly value: number; readonly note: string; readonly strong?: boolean }
      | undefined
    )[]
  }[]
  /** From 0 (cold) to 1 (hot). */
  readonly heat: (value: number) => number
}

const CELL = { left: 168, top: 84, width: 76, height: 36 }

/** A table whose cells glow. */
export function heatMap(map: HeatMap): string {
  const groups = new Set(map.rows.map(({ group }) => group)).size
  const svg = new Svg(
    CELL.left + map.columns.length * CELL.width + 16,
    CELL.top + map.rows.length * CELL.height + groups * 24 + 8,
    map.title,
  )
  svg.text(12, 24, map.title, 'title ink')
  svg.text(12, 42, map.note, 'soft')
  map.columns.forEach((column, i) => {
    column
      .split('\n')
      .forEach((part, k) =>
        svg.text(CELL.left + (i + 0.5) * CELL.width, CELL.top - 16 + k * 13, part, 'soft', 'middle'),
      )
  })
  let y = CELL.top
  let group = ''
  for (const row of map.rows) {
    if (row.group !== group) {
      group = row.group
      y += 24
      svg.text(12, y - 6, group, 'head ink')
    }
    svg.text(12, y + CELL.height / 2 + 4, row.label, 'ink')
    row.cells.forEach((cell, i) => {
      const x = CELL.left + i * CELL.width
      svg.rect(x + 1, y + 1, CELL.width - 2, CELL.height - 2, 'cold')
      if (!cell) return
      const heat = Math.max(0, Math.min(1, map.heat(cell.value)))
      if (heat > 0.02) svg.rect(x + 1, y + 1, CELL.width - 2, CELL.height - 2, 'heat', heat * 0.75)
      const middle = x + CELL.width / 2
      svg.text(middle, y + 16, `${cell.value.toFixed(2)}${cell.strong ? ' !' : ''}`, 'head onheat', 'middle')
      svg.text(middle, y + 29, cell.note, 'onheat', 'middle')
    })
    y += CELL.height
  }
  return svg.toString()
}
