import type { Figures } from '../outcome.ts'
import type { BackendName } from '../place.ts'
import type { Entry } from '../programs/contest.ts'
import type { GridCell } from '../programs/grid.ts'
import { heatMap, logChart, type LogChart, type Series } from './charts.ts'
import { backendNames, cellsOf, dataOf, entryOf, partOf } from './parts-of.ts'

/** Whom the lines show: ours and the best known way of each peer. The same order gives the same colours in all plots. */
const WAYS: readonly (readonly [entry: string, label: string])[] = [
  ['memkit marked', 'memkit, marked'],
  ['memkit detect', 'memkit, detect'],
  ['writeBuffer per changed row', 'writeBuffer per row'],
  ['writeBuffer per sorted range', 'writeBuffer per range'],
  ['writeBuffer, whole buffer', 'writeBuffer, all'],
  ['TypeGPU patch', 'TypeGPU patch'],
  ['Bevy’s rule on memkit’s parts', 'Bevy’s rule, our parts'],
]
const ENGINES: readonly (readonly [entry: string, label: string])[] = [
  ['memkit marked', 'memkit, marked'],
  ['memkit detect', 'memkit, detect'],
  ['three.js, update ranges', 'three.js, update ranges'],
  ['three.js, needsUpdate', 'three.js, needsUpdate'],
  ['Babylon.js thin instances, partial updates', 'Babylon.js, partial'],
  ['Babylon.js thin instances, all', 'Babylon.js, all'],
  ['PlayCanvas StorageBuffer, per sorted range', 'PlayCanvas, ranges'],
  ['PlayCanvas StorageBuffer, all', 'PlayCanvas, all'],
]

const SHARE_TICKS = [
  [0.001, '0.1 %'],
  [0.01, '1 %'],
  [0.1, '10 %'],
  // No room for words between 10 and 100.
  [0.5, ''],
  [1, '100 %'],
] as const
const milliseconds = (value: number): string => `${value}`

/** File names and the pictures in them, as far as the figures go. */
export function plots(figures: Figures): Map<string, string> {
  const files = new Map<string, string>()
  for (const backend of ['dawn', 'chromium'] as const) {
    const cells = dataOf(figures, 'grid', backend)
    if (cells) {
      files.set(
        `share-${backend}.svg`,
        shareChart(figures, backend, cells, WAYS, 'what people write by hand'),
      )
      if (backend === 'chromium')
        files.set('share-engines.svg', shareChart(figures, backend, cells, ENGINES, 'what engines do'))
    }
    const entities = dataOf(figures, 'entities', backend)
    if (entities) files.set(`entities-${backend}.svg`, entityChart(figures, backend, entities))
  }
  const moving = movingChart(figures)
  if (moving) files.set('moving.svg', moving)
  const bytes = bytesChart(figures)
  if (bytes) files.set('bytes.svg', bytes)
  const regret = regretMap(figures)
  if (regret) files.set('regret.svg', regret)
  return files
}

function shareChart(
  figures: Figures,
  backend: BackendName,
  cells: readonly GridCell[],
  ways: typeof WAYS,
  whom: string,
): string {
  const chosen = cellsOf(cells, 1_000_000, 16, 'random').filter(({ share }) => share > 0)
  return logChart({
    title: `A frame against the share of rows that change, beside ${whom}`,
    note: `1 000 000 rows of 16 bytes, rows changed at random; medians. ${said(figures, 'grid', backend)}`,
    panels: panels(ways, chosen, ({ share }) => share),
    xLabel: 'rows changed',
    yLabel: 'milliseconds',
    xTicks: SHARE_TICKS,
    yTick: milliseconds,
  })
}

function entityChart(figures: Figures, backend: BackendName, cells: readonly GridCell[]): string {
  return logChart({
    title: 'A frame against the number of entities',
    note: `Rows of 16 bytes, 1 % of them changed at random; medians. ${said(figures, 'entities', backend)}`,
    panels: panels(WAYS, cells, ({ rows }) => rows),
    xLabel: 'entities',
    yLabel: 'milliseconds',
    xTicks: [
      [1_000, '10³'],
      [10_000, '10⁴'],
      [100_000, '10⁵'],
      [1_000_000, '10⁶'],
    ],
    yTick: milliseconds,
  })
}

function panels(
  ways: typeof WAYS,
  cells: readonly GridCell[],
  x: (cell: GridCell) => number,
): LogChart['panels'] {
  const by = (time: (entry: Entry) => number | undefined): Series[] =>
    ways.map(([name, label]) => ({
      name: label,
      colour: ways.findIndex(([each]) => each === name),
      strong: name.startsWith('memkit'),
      points: cells.flatMap((cell) => {
        const entry = entryOf(cell, name)
        const value = entry && time(entry)
        return value === undefined || value <= 0 ? [] : [[x(cell), value] as const]
      }),
    }))
  return [
    { title: 'of the calling thread', series: by(({ thread }) => thread?.median) },
    { title: 'until the device was done', series: by(({ done }) => done?.median) },
  ]
}

const MOVING: readonly (readonly [entry: string, store: string, label: string])[] = [
  ['memkit rows, all', 'heap rows', 'memkit, heap rows'],
  ['memkit columns, all', 'heap columns', 'memkit, columns'],
  ['rows by hand, one writeBuffer', '', 'rows by hand'],
  ['a buffer and a writeBuffer per column', '', 'a write per column'],
  ['columns interleaved by hand, one writeBuffer', '', 'interleaved by hand'],
]

/** The common case: everything moves. */
function movingChart(figures: Figures): string | undefined {
  const devices = (['dawn', 'chromium'] as const).filter((backend) => partOf(figures, 'moving', backend))
  if (devices.length === 0) return undefined
  return logChart({
    title: 'Everything moves: the game’s own loop and the upload, of the calling thread',
    note: `A position and a rotation of 8 f32 per entity, a pass that reads the buffer after each frame; medians. ${said(figures, 'moving', devices[0])}`,
    panels: devices.map((backend) => ({
      title: backendNames[backend],
      series: MOVING.map(([name, store, label], colour) => ({
        name: label,
        colour,
        strong: name.startsWith('memkit'),
        points: (dataOf(figures, 'moving', backend) ?? []).flatMap(({ entities, kind, pace, entries }) => {
          const entry = entries.find((each) => each.name === name && (store === '' || each.store === store))
          if (kind !== 'transform' || pace !== 'in a frame' || !entry?.total) return []
          return [[entities, entry.total.median] as const]
        }),
      })),
    })),
    xLabel: 'entities',
    yLabel: 'milliseconds',
    xTicks: [
      [1_000, '10³'],
      [10_000, '10⁴'],
      [50_000, ''],
      [100_000, '10⁵'],
    ],
    yTick: milliseconds,
  })
}

function bytesChart(figures: Figures): string | undefined {
  const ways: typeof WAYS = WAYS.filter(([name]) => !name.startsWith('TypeGPU') && !name.includes('range'))
  const all = (['dawn', 'chromium'] as const).flatMap((backend) => {
    const cells = dataOf(figures, 'grid', backend)
    return cells ? [{ backend, cells: cellsOf(cells, 1_000_000, 16, 'random') }] : []
  })
  if (all.length === 0) return undefined
  return logChart({
    title: 'Bytes uploaded against bytes changed',
    note: '1 000 000 rows of 16 bytes, rows changed at random, one frame. The planner sends more bytes where that is cheaper than more calls.',
    panels: all.map(({ backend, cells }) => ({
      title: backendNames[backend],
      series: ways.map(([name, label]) => ({
        name: label,
        colour: WAYS.findIndex(([each]) => each === name),
        strong: name.startsWith('memkit'),
        points: cells.flatMap((cell) => {
          const bytes = entryOf(cell, name)?.calls?.bytesWritten
          return cell.share === 0 || !bytes ? [] : [[cell.rows * cell.stride * cell.share, bytes] as const]
        }),
      })),
    })),
    xLabel: 'bytes changed',
    yLabel: 'bytes uploaded',
    xTicks: [
      [16_000, '16 KB'],
      [160_000, '160 KB'],
      [1_600_000, '1.6 MB'],
      [16_000_000, '16 MB'],
    ],
    yTick: (value) => (value >= 1e6 ? `${value / 1e6} MB` : `${value / 1e3} KB`),
  })
}

/** A cell of the coordinator's own bench. */
interface PlannerCell {
  readonly rows: number
  readonly stride: number
  readonly share: number
  readonly random: boolean
  readonly regret: number
  readonly fails: boolean
  readonly chosen: { readonly strategy: string }
}

function regretMap(figures: Figures): string | undefined {
  const backends = (['dummy', 'null', 'dawn'] as const).filter((backend) =>
    partOf(figures, 'planner', backend),
  )
  if (backends.length === 0) return undefined
  const cells = backends.flatMap((backend) =>
    ((dataOf(figures, 'planner', backend)?.json ?? []) as PlannerCell[])
      .filter(({ share }) => share > 0)
      .map((cell) => ({
        group: backendNames[backend],
        row: `${cell.rows.toLocaleString('en')} × ${cell.stride} B`,
        column: `${cell.share * 100} %\n${cell.share === 1 ? 'all' : cell.random ? 'random' : 'clustered'}`,
        value: cell.regret,
        note: cell.chosen.strategy,
        strong: cell.fails,
      })),
  )
  return heatMap({
    title: 'Regret of the planner: its choice ÷ the best of full, runs and scatter forced by hand',
    note: 'Time until the device was done, medians in turn. 1.00: none did better. Below: what was chosen. "!": above 1.25, and the quartiles do not overlap.',
    cells,
    heat: (regret) => (regret - 1) / 1.5,
  })
}

function said(figures: Figures, name: string, backend: BackendName): string {
  const part = partOf(figures, name, backend)
  return part
    ? `${backendNames[backend]}, ${part.date.slice(0, 10)}, ${part.machine.cores} shared cores.`
    : ''
}
