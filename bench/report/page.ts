import { short } from '../interleave.ts'
import type { Figures, PartResult } from '../outcome.ts'
import type { BackendName } from '../place.ts'
import type { Entry } from '../programs/contest.ts'
import type { GridCell } from '../programs/grid.ts'
import type { Ratio, Summary } from '../statistics.ts'
import { backendNames, cellsOf, dataOf, entryOf, partOf } from './parts-of.ts'
import { targets } from './targets.ts'

/** Tables by the name of their place in a page: between `<!-- figures:NAME -->` and `<!-- /figures:NAME -->`. */
export function tablesByName(figures: Figures): Map<string, string> {
  return new Map([
    ['machine', machine(figures)],
    ['targets', targetTable(figures)],
    ['fastest-dawn', fastest(figures, 'dawn')],
    ['fastest-chromium', fastest(figures, 'chromium')],
    ['ways-dawn', ways(figures, 'dawn')],
    ['ways-chromium', ways(figures, 'chromium')],
    ['stores', stores(figures)],
    ['detection', detection(figures)],
    ['memory', memory(figures)],
    ['startup', startup(figures)],
    ['summary', summary(figures)],
  ])
}

/** Fills the tables of a page. A table whose part was not measured stays as it is. @throws when a place has no end */
export function filled(page: string, tables: ReadonlyMap<string, string>): string {
  return page.replaceAll(
    /(<!-- figures:([\w-]+) -->\n)([\s\S]*?)(<!-- \/figures:\2 -->)/g,
    (whole, begin: string, name: string, _: string, end: string) => {
      const content = tables.get(name)
      return content ? `${begin}${content}\n${end}` : whole
    },
  )
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function machine(figures: Figures): string {
  const [part] = figures.parts
  if (!part) return ''
  const dates = [...new Set(figures.parts.map(({ date }) => date.slice(0, 10)))].toSorted()
  const chromium = figures.parts.find((each) => each.machine.chromium)?.machine.chromium
  const adapters = [
    ...new Set(
      figures.parts
        .filter(({ backend, name }) => name === 'grid' && backend !== 'dummy')
        .map(({ backend, adapter, runtime }) => `${backendNames[backend]}: ${adapter} (${runtime})`),
    ),
  ]
  const commits = [...new Set(figures.parts.flatMap(({ machine }) => machine.commit ?? []))]
  const { processor, cores, memoryGb, system, node, packages } = part.machine
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return markdown(
    ['', ''],
    [
      [
        'date',
        `${dates.length > 1 ? `${dates[0]} to ${dates.at(-1)}` : dates[0]}${commits.length > 0 ? `, at ${commits.join(', ')}` : ''}`,
      ],
      ['processor', `${processor}, ${cores} cores shared with other programs, ${memoryGb} GB`],
      ['system', system],
      ['runtimes', `Node ${node}${chromium ? `, Chromium ${chromium}` : ''}`],
      ['adapters', adapters.join('; ')],
      ['packages', versions.join(', ')],
      [
        'measured in',
        `${Math.round(figures.parts.reduce((sum, { seconds }) => sum + seconds, 0) / 60)} minutes`,
      ],
    ],
  )
}

function targetTable(figures: Figures): string {
  return markdown(
    ['', 'what', 'target', '', 'figure', 'by'],
    targets(figures).map(({ number, what, wanted, met, figure, by }) => [
      number,
      what,
      wanted,
      met === 'met' ? '**met**' : met,
      figure,
      by,
    ]),
  )
}

const OURS = (name: string): boolean => name.startsWith('memkit')

/** For each cell who of the others is fastest, and how we stand to them. */
function fastest(figures: Figures, backend: BackendName): string {
  const cells = dataOf(figures, 'grid', backend) ?? []
  return markdown(
    [
      'rows × bytes, changed',
      'marked, ms',
      'detect, ms',
      'fastest other way, ms',
      'marked ÷ it',
      'until done: marked',
      'fastest other way',
      'marked ÷ it',
    ],
    cells
      .filter(({ share }) => share > 0)
      .map((cell) => {
        const ours = entryOf(cell, 'memkit marked')
        const detect = entryOf(cell, 'memkit detect')
        const byThread = best(cell, ({ thread }) => thread)
        const byDone = best(cell, ({ done }) => done)
        return [
          cellName(cell),
          ms(ours?.thread),
          ms(detect?.thread),
          byThread ? `${ms(byThread.thread)} ${byThread.name}` : '',
          inverse(byThread?.threadRatio),
          ms(ours?.done),
          byDone ? `${ms(byDone.done)} ${byDone.name}` : '',
          inverse(byDone?.doneRatio),
        ]
      }),
  )
}

function best(cell: GridCell, time: (entry: Entry) => Summary | undefined): Entry | undefined {
  let found: Entry | undefined
  for (const entry of cell.entries) {
    const value = time(entry)?.median
    if (OURS(entry.name) || value === undefined) continue
    if (!found || value < time(found)!.median) found = entry
  }
  return found
}

function cellName({ rows, stride, share, pattern }: GridCell): string {
  return `${rows.toLocaleString('en')} × ${stride}, ${share * 100} %${share < 1 ? ` ${pattern}` : ''}`
}

/** Every way in two cells. */
function ways(figures: Figures, backend: BackendName): string {
  const all = dataOf(figures, 'grid', backend) ?? []
  const cells = [
    cellsOf(all, 100_000, 64, 'random').find(({ share }) => share === 0.01),
    cellsOf(all, 1_000_000, 16, 'random').find(({ share }) => share === 0.01),
  ].filter((cell) => cell !== undefined)
  return cells
    .map((cell) => {
      const rows = cell.entries.map(({ name, thread, done, threadRatio, doneRatio, calls, leftOut }) => [
        OURS(name) ? `**${name}**` : name,
        thread ? `${short(thread.median)} (${spread(thread)})` : `left out: ${leftOut ?? ''}`,
        interval(threadRatio),
        done ? `${short(done.median)} (${spread(done)})` : '',
        interval(doneRatio),
        calls ? `${calls.writes + calls.submits + calls.dispatches + calls.copies}` : '',
        calls ? calls.bytesWritten.toLocaleString('en') : '',
      ])
      return `${cellName(cell)}:\n\n${markdown(
        ['way', 'thread, ms (quartiles)', '÷ marked', 'until done, ms', '÷ marked', 'calls', 'bytes'],
        rows,
      )}`
    })
    .join('\n\n')
}

function stores(figures: Figures): string {
  const cells = dataOf(figures, 'stores', 'dawn') ?? []
  const names = cells[0]?.entries.map(({ name }) => name) ?? []
  return markdown(
    [
      '100 000 × 16 B',
      ...cells.map(({ share }) => `${share * 100} % changed, ms`),
      '÷ copying all rows once',
    ],
    names.map((name) => [
      name,
      ...cells.map((cell) => {
        const time = entryOf(cell, name)?.thread
        return time ? `${short(time.median)} (${spread(time)})` : ''
      }),
      interval(entryOf(cells[1], name)?.threadRatio),
    ]),
  )
}

function detection(figures: Figures): string {
  const cells = dataOf(figures, 'detection', 'dummy') ?? []
  return markdown(
    ['100 000 entities, ms', ...cells.map(({ share }) => `${share * 100} % written`)],
    (cells[0]?.entries ?? []).map(({ name }, i) => [
      name,
      ...cells.map(({ entries }) => {
        const { time } = entries[i]
        return time ? `${short(time.median)} (${spread(time)})` : ''
      }),
    ]),
  )
}

function memory(figures: Figures): string {
  const weights = dataOf(figures, 'memory', 'chromium') ?? []
  return markdown(
    [
      'way',
      'JS B/row',
      'array buffers B/row',
      'memkit’s heap B/row',
      'GPU B/row',
      'fixed, KB',
      'garbage, B/frame',
      'GPU buffers/frame',
    ],
    weights.map((weight) => [
      weight.name,
      ...[weight.jsPerRow, weight.buffersPerRow, weight.heapPerRow, weight.gpuPerRow].map((bytes) =>
        bytes.toFixed(1),
      ),
      Math.round(weight.fixed / 1024).toLocaleString('en'),
      Math.round(weight.garbagePerFrame).toLocaleString('en'),
      `${weight.gpuBuffersPerFrame}`,
    ]),
  )
}

function startup(figures: Figures): string {
  const rows = (['dummy', 'dawn', 'chromium'] as const).flatMap((backend) =>
    (dataOf(figures, 'startup', backend) ?? []).map((each) => [
      backendNames[backend],
      each.entities.toLocaleString('en'),
      ...[each.attach, each.firstFrame, each.calibrate].map((time) =>
        time ? `${short(time.median)} (${spread(time)})` : '',
      ),
    ]),
  )
  return markdown(['', 'entities', 'attachMk, ms', 'first frame, ms', 'calibration, ms'], rows)
}

/** For the README of the repository. */
function summary(figures: Figures): string {
  const part = partOf(figures, 'grid', 'dawn')
  if (!part) return ''
  const lines = (['dawn', 'chromium'] as const).flatMap((backend) => {
    const cells = cellsOf(dataOf(figures, 'grid', backend) ?? [], 1_000_000, 16, 'random')
    const cell = cells.find(({ share }) => share === 0.01)
    if (!cell) return []
    const time = (name: string): string => ms(entryOf(cell, name)?.thread)
    const fastest = (engine: string): string => {
      const ways = cell.entries.filter(({ name, thread }) => name.startsWith(engine) && thread !== undefined)
      ways.sort((a, b) => a.thread!.median - b.thread!.median)
      return ms(ways[0]?.thread)
    }
    return [
      [
        backendNames[backend],
        time('memkit marked'),
        time('memkit detect'),
        time('writeBuffer, whole buffer'),
        time('writeBuffer per sorted range'),
        time('TypeGPU patch'),
        fastest('three.js'),
        fastest('Babylon.js'),
        fastest('PlayCanvas'),
      ],
    ]
  })
  return `${markdown(
    [
      '1 % of 1 000 000 × 16 B at random, ms of the calling thread',
      'marked',
      'detect',
      '`writeBuffer` of all',
      'per range',
      'TypeGPU `patch`',
      'three.js, fastest way',
      'Babylon.js, fastest way',
      'PlayCanvas, fastest way',
    ],
    lines,
  )}\n\n${versionsOf(figures, part)}`
}

function versionsOf(figures: Figures, part: PartResult): string {
  const chromium = figures.parts.find((each) => each.machine.chromium)?.machine.chromium ?? ''
  const { processor, cores, node, packages } = part.machine
  const of = (name: string): string => packages[name] ?? ''
  return (
    `${part.date.slice(0, 10)}; ${processor}, ${cores} cores shared with other programs, no GPU: SwiftShader; Node ${node}, Dawn of npm's webgpu ${of('webgpu')}, ` +
    `Chromium ${chromium}; TypeGPU ${of('typegpu')}, three.js ${of('three')}, Babylon.js ${of('@babylonjs/core')}, PlayCanvas ${of('playcanvas')}.`
  )
}

function ms(time: Summary | undefined): string {
  return time ? short(time.median) : '–'
}

function spread({ lower, upper }: Summary): string {
  return `${short(lower)}–${short(upper)}`
}

function interval(ratio: Ratio | undefined): string {
  return ratio ? `${short(ratio.ratio)} (${short(ratio.low)}–${short(ratio.high)})` : ''
}

/** Theirs ÷ ours, turned round. */
function inverse(ratio: Ratio | undefined): string {
  return ratio ? `${short(1 / ratio.ratio)} (${short(1 / ratio.high)}–${short(1 / ratio.low)})` : ''
}
