import { short } from '../interleave.ts'
import type { Figures } from '../outcome.ts'
import type { PrintedTable } from '../package-benches.ts'
import type { BackendName } from '../place.ts'
import { cliffTargets } from './cliff-targets.ts'
import { lifeTargets } from './life-targets.ts'
import { movingTargets } from './moving-targets.ts'
import { cellsOf, dataOf, entryOf } from './parts-of.ts'
import { DEVICES, judge, SHORT_NAMES, verdict, type Judged, type Target } from './target.ts'

const FLOORS = ['dummy', 'null', 'dawn'] as const

/** All that has a number, from what was measured. What a test holds is met as long as the test is green. */
export function targets(figures: Figures): Target[] {
  return [
    ...movingTargets(figures),
    staggered(figures),
    marked(figures),
    regret(figures),
    wholeBuffers(figures),
    marks(figures),
    ...cliffTargets(figures),
    ...lifeTargets(figures),
    garbage(figures),
    {
      number: 'P17',
      what: 'calls per frame',
      wanted: '≤ 4 + 2 per dirty mirror, one write per piece however long, 1 submit',
      met: 'met',
      figure: 'exact, by test',
      by: '`tests/exact-counts.node.test.ts`, `packages/coordinator/test/report.test.ts`',
    },
    floor(
      figures,
      'P18',
      'idle frame',
      'an idle frame of a mirror of 1 000 000 rows, µs, frame after frame',
      '≤ 2, no call',
      2,
    ),
    weight(figures),
    size(figures),
    scatter(figures),
    ...kept(figures),
  ]
}

/** What has no number any more, and is not to get worse. */
function kept(figures: Figures): Target[] {
  return [
    kernels(figures, 'detect in the heap, 0 to 1 % changed ÷ `TypedArray.set` of the columns', 'heap'),
    kernels(figures, 'the same outside the heap; `number[]` ÷ a loop that compares', 'Float32Array'),
    overhead(figures),
    floor(
      figures,
      '',
      'all rows of columns',
      'all rows of heap columns packed and uploaded ÷ (that `writeBuffer` + 2 copies of the bytes)',
      '≤ 1',
      1,
    ),
    floor(figures, '', '1 000 rows of 10⁶', '1 000 changed rows of 10⁶ ÷ of 10⁵', '≤ 5', 5),
    startup(figures),
    queries(figures),
  ]
}

const PLANNER = '`npm run bench -- --only planner`'

function tablesOf(
  figures: Figures,
  name: 'planner' | 'queries',
  backend: BackendName,
): readonly PrintedTable[] {
  return dataOf(figures, name, backend)?.tables ?? []
}

/** A line of the coordinator's floors, which begins with `line`. */
function floor(
  figures: Figures,
  number: string,
  line: string,
  what: string,
  wanted: string,
  most: number,
): Target {
  const found = FLOORS.flatMap((backend) => {
    const row = tablesOf(figures, 'planner', backend)
      .flat()
      .find((each) => each['what']?.startsWith(line))
    return row ? [{ backend, value: Number(row['ratio']) }] : []
  })
  return {
    number,
    what,
    wanted,
    met: verdict(found.map(({ value }) => value <= most)),
    figure: found.map(({ backend, value }) => `${value.toFixed(2)} ${SHORT_NAMES[backend]}`).join(', '),
    by: PLANNER,
  }
}

/** P4: loops over the heap's columns. */
function staggered(figures: Figures): Target {
  const found = (['dummy', 'chromium'] as const).flatMap((backend) =>
    (dataOf(figures, 'stagger', backend) ?? []).flatMap(({ columns, capacity, places }) => {
      const ratio = places.find(({ name }) => name === 'heap')?.ratio?.ratio
      const said = `${columns} × ${capacity.toLocaleString('en')} ${backend === 'dummy' ? 'Node' : 'Chromium'}`
      return ratio === undefined ? [] : [{ said, value: ratio, most: 1.1 }]
    }),
  )
  const line = judge(
    {
      number: 'P4',
      what: 'a system that writes 12 and 16 columns of the heap ÷ columns that share no place in a cache, any capacity',
      wanted: '≤ 1.1',
      by: '`npm run bench -- --only stagger`',
    },
    found,
  )
  const worst = found.toSorted((a, b) => b.value - a.value)[0]
  const within = found.filter(({ value, most }) => value <= most).length
  return {
    ...line,
    figure: worst
      ? `${within} of ${found.length} cells; worst ${worst.value.toFixed(2)} (${worst.said})`
      : '',
  }
}

/** P7: everything goes up, in the grid. */
function wholeBuffers(figures: Figures): Target {
  const shapes = [
    [100_000, 64],
    [1_000_000, 16],
  ] as const
  const found = DEVICES.flatMap((backend) =>
    shapes.flatMap(([rows, stride]) => {
      const cell = cellsOf(dataOf(figures, 'grid', backend) ?? [], rows, stride, 'random').find(
        ({ share }) => share === 1,
      )
      const ours = entryOf(cell, 'memkit all')?.thread?.median
      const whole = entryOf(cell, 'writeBuffer, whole buffer')?.thread?.median
      if (ours === undefined || whole === undefined) return []
      return [
        {
          said: `${rows / 1000} k × ${stride} ${SHORT_NAMES[backend]}`,
          value: ours / whole,
          most: backend === 'chromium' ? 1.15 : Infinity,
        },
      ]
    }),
  )
  return judge(
    {
      number: 'P7',
      what: 'all of 100 000 × 64 B and of 1 000 000 × 16 B, heap rows, `all` ÷ one `writeBuffer`',
      wanted: '≤ 1.15 in Chromium',
      by: '`npm run bench -- --only grid`',
    },
    found,
  )
}

/** P8: a row's mark. */
function marks(figures: Figures): Target {
  const line = (dataOf(figures, 'marks', 'dummy')?.tables ?? [])
    .flat()
    .find((each) => each['entities'] === '100,000' && each['marked'] === 'all')
  const wanted = [
    ['markAll', 0.2],
    ['markRange', 0.2],
    ['mark a list', 3.5],
  ] as const
  return judge(
    {
      number: 'P8',
      what: 'ns a row, 100 000 entities, `Float32Array` columns: `markAll`, `markRange`, `mark` of a list',
      wanted: '≤ 0.2, 0.2, 3.5',
      by: '`npm run bench -- --only marks`',
    },
    line ? wanted.map(([said, most]) => ({ said, value: Number(line[said]), most })) : [],
  )
}

/** P19: memory. */
function weight(figures: Figures): Target {
  const weights = dataOf(figures, 'memory', 'chromium') ?? []
  const line = (name: string): readonly Judged[] => {
    const found = weights.find((each) => each.name === name)
    return found ? [{ said: `${name}:`, value: found.heapPerRow, most: 16 }] : []
  }
  const fixed = weights.find(({ name }) => name === 'memkit marked')?.fixed
  return judge(
    {
      number: 'P19',
      what: 'memory in Chromium, rows of 16 bytes: fixed, MB; of the heap for each row beside the game’s own, bytes',
      wanted: '≤ 1 MB; rows once, so less than 16',
      by: '`npm run bench -- --only memory`',
    },
    [
      ...(fixed === undefined ? [] : [{ said: 'fixed', value: fixed / 1e6, most: 1 }]),
      ...line('memkit marked'),
      ...line('memkit marked, Float32Array columns'),
      ...line('memkit all'),
    ],
  )
}

interface KernelCell {
  readonly place: string
  readonly rows: number
  readonly columns: number
  readonly share: number
  readonly timings: readonly { readonly median: number }[]
}

function kernels(figures: Figures, what: string, place: string): Target {
  const json = dataOf(figures, 'kernels', 'dummy')?.json as
    | { readonly cells: readonly KernelCell[] }
    | undefined
  const cells = (json?.cells ?? []).filter(
    (cell) => cell.share <= 0.01 && (cell.place === place || (place !== 'heap' && cell.place === 'number[]')),
  )
  const judged = cells.map((cell) => {
    const ratio = cell.timings[1].median / cell.timings[0].median
    const bytes = cell.rows * cell.columns * 4
    const most = cell.place === 'number[]' ? 1 : cell.place === 'heap' ? (bytes > 4 << 20 ? 1.5 : 2.2) : 3
    return { ...cell, ratio, most }
  })
  const worst = judged.toSorted((a, b) => b.ratio / b.most - a.ratio / a.most)[0]
  const within = judged.filter(({ ratio, most }) => ratio <= most).length
  return {
    number: '',
    what,
    wanted: place === 'heap' ? '≤ 1.5 above 4 MB, ≤ 2.2 below' : '≤ 3; ≤ 1',
    met: verdict(judged.map(({ ratio, most }) => ratio <= most)),
    figure: worst
      ? `${within} of ${judged.length} cells; worst ${worst.ratio.toFixed(2)} where ${worst.most} is allowed (${worst.rows.toLocaleString('en')} × ${worst.columns} columns, ${worst.share * 100} %)`
      : '',
    by: '`npm run bench -- --only kernels`',
  }
}

/** P5: 1 % at random of a million rows of 16 bytes, from each store. */
function marked(figures: Figures): Target {
  const stores = [
    ['heap rows', 'memkit marked', 30],
    ['heap columns', 'memkit marked, heap columns', 25],
    ['plain', 'memkit marked, Float32Array columns', 14],
    ['a mirror', 'memkit mirror, marked', 35],
  ] as const
  const found = DEVICES.flatMap((backend) => {
    const cell = cellsOf(dataOf(figures, 'grid', backend) ?? [], 1_000_000, 16, 'random').find(
      ({ share }) => share === 0.01,
    )
    const perRow = entryOf(cell, 'writeBuffer per changed row')?.thread?.median
    return stores.flatMap(([said, name, least]) => {
      const ours = entryOf(cell, name)?.thread?.median
      if (ours === undefined || perRow === undefined) return []
      return [{ backend, said, value: perRow / ours, least }]
    })
  })
  return {
    number: 'P5',
    what: '1 % of 1 000 000 × 16 B at random, marked by a list: a `writeBuffer` per row ÷ ours, for heap rows, heap columns, plain columns, a mirror',
    wanted: '≥ 30, 25, 14, 35 on Dawn',
    met: verdict(found.flatMap(({ backend, value, least }) => (backend === 'dawn' ? [value >= least] : []))),
    figure: found
      .map(({ backend, said, value }) => `${said} ${short(value)} ${SHORT_NAMES[backend]}`)
      .join(', '),
    by: '`npm run bench -- --only grid`',
  }
}

function regret(figures: Figures): Target {
  const found = FLOORS.flatMap((backend) => {
    const text = dataOf(figures, 'planner', backend)?.text ?? ''
    const line = /geometric mean of the regret ([\d.]+) over (\d+) cells.*cells that fail: (\d+)/.exec(text)
    return line ? [{ backend, mean: Number(line[1]), cells: line[2], failed: Number(line[3]) }] : []
  })
  return {
    number: 'P6',
    what: 'planner ÷ best strategy forced by hand, geometric mean over the grid; cells that fail',
    wanted: '≤ 1.05; none',
    met: verdict(found.flatMap(({ mean, failed }) => [mean <= 1.05, failed === 0])),
    figure: found
      .map(
        ({ backend, mean, cells, failed }) =>
          `${mean.toFixed(2)} ${SHORT_NAMES[backend]} (${failed} of ${cells} fail)`,
      )
      .join(', '),
    by: PLANNER,
  }
}

interface ChosenCell {
  readonly stride: number
  readonly share: number
  readonly random: boolean
  readonly chosen: { readonly strategy: string; readonly bytes: number; readonly changed: number }
}

function overhead(figures: Figures): Target {
  const ratios = new Map<number, number[]>()
  for (const backend of FLOORS)
    for (const { stride, random, share, chosen } of (dataOf(figures, 'planner', backend)?.json ??
      []) as ChosenCell[])
      if (random && share <= 0.01 && chosen.strategy === 'scatter')
        ratios.set(stride, [...(ratios.get(stride) ?? []), chosen.bytes / chosen.changed])
  const most: Readonly<Record<number, number>> = { 64: 1.1, 16: 1.3 }
  return {
    number: '',
    what: 'bytes uploaded ÷ bytes changed where rows are scattered, 64-byte and 16-byte rows',
    wanted: '≤ 1.10, ≤ 1.30',
    met: verdict([...ratios].flatMap(([stride, all]) => all.map((ratio) => ratio <= most[stride]))),
    figure: [64, 16]
      .flatMap((stride) => {
        const all = ratios.get(stride)
        return all ? [`${Math.max(...all).toFixed(2)} (${stride} B)`] : [`never scattered (${stride} B)`]
      })
      .join(', '),
    by: PLANNER,
  }
}

function garbage(figures: Figures): Target {
  const weight = dataOf(figures, 'memory', 'chromium')?.find(({ name }) => name === 'memkit marked')
  return {
    number: 'P16',
    what: 'garbage per frame, Dummy, 10 000 frames',
    wanted: '≤ 64 B',
    met: 'met',
    figure: weight
      ? `by test; in Chromium, with the promise that tells completion, ${Math.round(weight.garbagePerFrame).toLocaleString('en')} B`
      : 'by test',
    by: '`garbage.test.ts` in core, `report.test.ts` in coordinator; `npm run bench -- --only memory`',
  }
}

function scatter(figures: Figures): Target {
  const found = DEVICES.flatMap((backend) => {
    const data = dataOf(figures, 'scatter', backend)
    return data?.ratio ? [`${short(data.ratio.ratio)} ${SHORT_NAMES[backend]} + SwiftShader`] : []
  })
  return {
    number: 'P22',
    what: 'scatter’s part on the device ÷ as many plain copies of the same bytes',
    wanted: '≤ 2 on a real GPU',
    met: 'not measured',
    figure: `no real GPU; ${found.join(', ')}`,
    by: '`npm run bench -- --only scatter`',
  }
}

function startup(figures: Figures): Target {
  const found = (['dummy', 'dawn', 'chromium'] as const).flatMap((backend) => {
    const few = dataOf(figures, 'startup', backend)?.[0]
    return few?.attach && few.calibrate
      ? [{ backend, attach: few.attach.median, calibrate: few.calibrate.median }]
      : []
  })
  return {
    number: '',
    what: 'start-up, ms: `attachMk` with 1 000 entities; calibration',
    wanted: '≤ 50; ≤ 20',
    met: verdict(found.flatMap(({ attach, calibrate }) => [attach <= 50, calibrate <= 20])),
    figure: found
      .map(
        ({ backend, attach, calibrate }) => `${short(attach)}; ${short(calibrate)} ${SHORT_NAMES[backend]}`,
      )
      .join(', '),
    by: '`npm run bench -- --only startup`',
  }
}

function size(figures: Figures): Target {
  const bundle = dataOf(figures, 'size', 'dummy')?.[0]
  return {
    number: 'P20',
    what: 'the plugin with WebGPU, minified and gzipped, without bitECS',
    wanted: '≤ 55 kB',
    met: verdict(bundle ? [bundle.gzipped <= 55_000] : []),
    figure: bundle ? `${(bundle.gzipped / 1000).toFixed(1)} KB` : '',
    by: '`npm run bench -- --only size`',
  }
}

function queries(figures: Figures): Target {
  const lines = (tablesOf(figures, 'queries', 'dawn')[0] ?? []).filter(
    (line) => line['entities'] === '100,000' && line['in and out'] === '1 %',
  )
  const found = lines.map((line) => ({
    device:
      line['device'].split(',')[0] === 'Dummy' ? 'Dummy' : line['device'].includes('null') ? 'null' : 'Dawn',
    ratio: Number.parseFloat(line['rebuilt ÷ GPU query']),
  }))
  return {
    number: '',
    what: 'a GPU query kept in step ÷ rebuilding and uploading the list, 1 % of 100 000 entities in and out',
    wanted: '≥ 20 ×',
    met: verdict(found.map(({ ratio }) => ratio >= 20)),
    figure: found.map(({ device, ratio }) => `${ratio.toFixed(1)} × ${device}`).join(', '),
    by: '`npm run bench -- --only queries`',
  }
}
