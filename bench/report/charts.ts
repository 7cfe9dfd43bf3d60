import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

/** Where the plots are made: there is no page. */
const { document } = parseHTML('<html></html>')

/** Colours of series, as in light and in dark: each stands out from its ground by 4.5 to 1 or more. */
const SERIES = [
  ['#0550ae', '#79c0ff'],
  ['#0f7a80', '#56d4dd'],
  ['#bc4c00', '#ffa657'],
  ['#cf222e', '#ff7b72'],
  ['#8250df', '#d2a8ff'],
  ['#7d4e00', '#e3b341'],
  ['#57606a', '#a5adb6'],
  ['#bf3989', '#f778ba'],
  ['#4d7000', '#a5d64c'],
] as const

const theme = (at: 0 | 1): string =>
  (at === 0
    ? '--ground:#fff;--ink:#1f2328;--soft:#57606a;--grid:#d8dee4;--cold:#eef1f4;--heat:#bc4c00;'
    : '--ground:#0d1117;--ink:#e6edf3;--soft:#9198a1;--grid:#262c36;--cold:#1b212a;--heat:#db6d28;') +
  SERIES.map((pair, i) => `--s${i}:${pair[at]}`).join(';')

const STYLE = `svg{${theme(0)};color:var(--ink)}
@media(prefers-color-scheme:dark){svg{${theme(1)}}}`

export interface Series {
  readonly name: string
  /** Which colour, counted from 0: the same for the same name in all pictures. */
  readonly colour: number
  readonly points: readonly (readonly [x: number, y: number])[]
  /** Drawn thick: ours. */
  readonly strong?: boolean
}

export interface LogChart {
  readonly title: string
  readonly note: string
  readonly panels: readonly { readonly title: string; readonly series: readonly Series[] }[]
  readonly xLabel: string
  readonly yLabel: string
  readonly xTicks: readonly (readonly [value: number, label: string])[]
  readonly yTick: (value: number) => string
}

const PANEL = { width: 510, height: 430, marginTop: 84, marginRight: 170, marginBottom: 54, marginLeft: 62 }

/** Lines over two logarithmic axes, named at their ends; panels beside each other share the axes and the colours. */
export function logChart(chart: LogChart): string {
  const all = chart.panels.flatMap(({ series }) => series.flatMap(({ points }) => points))
  const decades = all.map(([, y]) => Math.log10(y))
  const [low, high] = [Math.floor(Math.min(...decades)), Math.ceil(Math.max(...decades))]
  const xs = chart.xTicks.map(([value]) => value)
  // Names stand beyond the last point; a thin line leads there.
  const beyond = xs.at(-1)! * (xs.at(-1)! / xs[0]) ** 0.06
  const gap = ((high - low) * 14) / (PANEL.height - PANEL.marginTop - PANEL.marginBottom)
  const panels = chart.panels.map(({ title, series }) => {
    const ends = series
      .filter(({ points }) => points.length > 0)
      .map((each) => ({ ...each, last: each.points.at(-1)!, place: Math.log10(each.points.at(-1)![1]) }))
    spread(ends, low, high, gap)
    return Plot.plot({
      ...PANEL,
      document,
      title: undefined,
      style: { background: 'none', overflow: 'visible' },
      x: { type: 'log', domain: [xs[0], beyond] },
      y: { type: 'log', domain: [10 ** low, 10 ** high] },
      marks: [
        Plot.gridX(xs, { stroke: 'var(--grid)', strokeOpacity: 1 }),
        Plot.gridY(powers(low, high), { stroke: 'var(--grid)', strokeOpacity: 1, x2: xs.at(-1) }),
        Plot.axisX([], { label: chart.xLabel, labelAnchor: 'center', labelArrow: 'none' }),
        // By hand: a logarithmic axis labels only what is near a power of ten.
        Plot.text(chart.xTicks, { x: '0', text: '1', frameAnchor: 'bottom', lineAnchor: 'top', dy: 8 }),
        Plot.axisY(powers(low, high), {
          tickFormat: chart.yTick,
          tickSize: 0,
          label: chart.yLabel,
          labelAnchor: 'center',
          labelArrow: 'none',
        }),
        Plot.text([title], { frameAnchor: 'top-left', dy: -16, fontWeight: 600 }),
        Plot.link(ends, {
          x1: ({ last }) => last[0],
          y1: ({ last }) => last[1],
          x2: beyond,
          y2: ({ place }) => 10 ** place,
          stroke: 'var(--soft)',
          strokeWidth: 0.5,
        }),
        ...ends.map(({ points, colour, strong }) =>
          Plot.line(points, {
            stroke: `var(--s${colour % SERIES.length})`,
            strokeWidth: strong ? 3 : 1.4,
          }),
        ),
        ...ends.map(({ points, colour, strong }) =>
          Plot.dot(points, { fill: `var(--s${colour % SERIES.length})`, r: strong ? 3.5 : 2.2 }),
        ),
        ...ends.map(({ name, place, colour, strong }) =>
          Plot.text([name], {
            x: beyond,
            y: 10 ** place,
            dx: 3,
            textAnchor: 'start',
            fill: `var(--s${colour % SERIES.length})`,
            fontWeight: strong ? 600 : 400,
          }),
        ),
      ],
    })
  })
  return page(chart, panels)
}

function powers(low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
}

/** Moves places apart that are closer than `gap`. */
function spread(labels: { place: number }[], low: number, high: number, gap: number): void {
  labels.sort((a, b) => a.place - b.place)
  for (const [i, label] of labels.entries())
    label.place = Math.max(label.place, i === 0 ? low : labels[i - 1].place + gap)
  for (const [i, label] of [...labels.entries()].toReversed())
    label.place = Math.min(label.place, i === labels.length - 1 ? high : labels[i + 1].place - gap)
}

export interface HeatMap {
  readonly title: string
  readonly note: string
  readonly cells: readonly {
    /** Rows stand in groups. */
    readonly group: string
    readonly row: string
    readonly column: string
    readonly value: number
    readonly note: string
    readonly strong: boolean
  }[]
  /** From 0 (cold) to 1 (hot). */
  readonly heat: (value: number) => number
}

/** A table whose cells glow. */
export function heatMap(map: HeatMap): string {
  const columns = [...new Set(map.cells.map(({ column }) => column))]
  const groups = [...new Set(map.cells.map(({ group }) => group))]
  const rows = [...new Set(map.cells.map(({ row }) => row))]
  const at = { fy: 'group', x: 'column', y: 'row' } as const
  const plot = Plot.plot({
    document,
    width: 184 + columns.length * 76,
    height: 96 + groups.length * (rows.length * 36 + 26),
    marginTop: 84,
    marginLeft: 168,
    marginRight: 16,
    marginBottom: 12,
    style: { background: 'none', overflow: 'visible' },
    fy: { domain: groups, padding: 0.19, axis: null },
    x: { domain: columns, padding: 0.03 },
    y: { domain: rows, padding: 0.06 },
    marks: [
      Plot.axisX({ anchor: 'top', tickSize: 0, label: null, color: 'var(--soft)' }),
      Plot.axisY({ tickSize: 0, label: null, textAnchor: 'start', dx: -147 }),
      Plot.text(groups, {
        fy: (group: string) => group,
        text: (group: string) => group,
        frameAnchor: 'top-left',
        dx: -156,
        dy: -14,
        fontWeight: 600,
      }),
      Plot.cell(map.cells, { ...at, fill: 'var(--cold)' }),
      Plot.cell(map.cells, {
        ...at,
        fill: 'var(--heat)',
        fillOpacity: ({ value }) => Math.max(0, Math.min(1, map.heat(value))) * 0.75,
      }),
      Plot.text(map.cells, {
        ...at,
        text: ({ value, strong }) => `${value.toFixed(2)}${strong ? ' !' : ''}`,
        dy: -6,
        fontWeight: 600,
      }),
      Plot.text(map.cells, { ...at, text: 'note', dy: 8 }),
    ],
    opacity: { type: 'identity' },
  })
  return page(map, [plot])
}

/** Puts plots beside each other, under a title and a note. Ink and ground follow the reader's colour scheme. */
function page({ title, note }: { title: string; note: string }, plots: Element[]): string {
  const widths = plots.map((plot) => Number(plot.getAttribute('width')))
  const width = widths.reduce((sum, each) => sum + each, 0)
  const height = plots[0].getAttribute('height')!
  let x = 0
  const placed = plots.map((plot, i) => {
    plot.setAttribute('x', String(x))
    x += widths[i]
    return plot.outerHTML.replaceAll(/(?<=[\s",(MLC])\d+\.\d{3,}(?=[^<>]*>)/g, (number) =>
      String(Math.round(Number(number) * 100) / 100),
    )
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${title}</title>
<style>${STYLE}</style>
<rect width="100%" height="100%" fill="var(--ground)"/>
<g font-family="system-ui, sans-serif" fill="var(--ink)">
<text x="12" y="24" font-size="15" font-weight="600">${title}</text>
<text x="12" y="42" font-size="11" fill="var(--soft)">${note}</text>
</g>
${placed.join('\n')}
</svg>
`
}
