import type { Figures } from '../outcome.ts'
import type { MovingCell } from '../programs/moving.ts'
import { dataOf } from './parts-of.ts'
import { DEVICES, judge, SHORT_NAMES, type Judged, type Target } from './target.ts'

const BY = '`npm run bench -- --only moving`, transforms, in a frame'
type Entry = MovingCell['entries'][number]

/** P1 to P3: everything moves. */
export function movingTargets(figures: Figures): Target[] {
  return [columnsByHand(figures), rowsByHand(figures), interleaved(figures)]
}

/** Every transform moves, in a frame: each number of entities on each device. */
function judged(
  figures: Figures,
  of: (cell: MovingCell, entry: (name: string, store?: string) => Entry | undefined) => number | undefined,
  most: (entities: number) => number | undefined,
): Judged[] {
  return DEVICES.flatMap((backend) =>
    (dataOf(figures, 'moving', backend) ?? []).flatMap((cell) => {
      const allowed = most(cell.entities)
      if (cell.kind !== 'transform' || cell.pace !== 'in a frame' || allowed === undefined) return []
      const entry = (name: string, store?: string): Entry | undefined =>
        cell.entries.find((each) => each.name === name && (store === undefined || each.store === store))
      const value = of(cell, entry)
      const said = `${cell.entities / 1000} k ${SHORT_NAMES[backend]}`
      return value === undefined ? [] : [{ said, value, most: allowed }]
    }),
  )
}

function columnsByHand(figures: Figures): Target {
  return judge(
    {
      number: 'P1',
      what: "everything moves, `layout: 'columns'`, `all`, heap columns: sync ÷ a buffer and a `writeBuffer` per column",
      wanted: '≤ 1.05 from 50 000, ≤ 1.2 at 10 000',
      by: BY,
    },
    judged(
      figures,
      (_, entry) => entry('memkit columns, all')?.syncRatio?.ratio,
      (entities) => (entities >= 50_000 ? 1.05 : entities >= 10_000 ? 1.2 : undefined),
    ),
  )
}

function rowsByHand(figures: Figures): Target {
  return judge(
    {
      number: 'P2',
      what: 'everything moves, the best of memkit’s stores and modes: system + sync ÷ rows written by hand and one `writeBuffer`',
      wanted: '≤ 1.05 from 10 000, ≤ 1.25 at 1 000',
      by: BY,
    },
    judged(
      figures,
      ({ entries }) => {
        const ratios = entries.flatMap(({ name, totalRatio }) =>
          name.startsWith('memkit') && totalRatio ? [totalRatio.ratio] : [],
        )
        return ratios.length > 0 ? Math.min(...ratios) : undefined
      },
      (entities) => (entities >= 10_000 ? 1.05 : 1.25),
    ),
  )
}

function interleaved(figures: Figures): Target {
  const ways = [
    [
      'columns',
      'memkit columns, all',
      'heap columns',
      (entities: number) => (entities >= 50_000 ? 0.55 : undefined),
    ],
    ['heap rows', 'memkit rows, all', 'heap rows', (entities: number) => (entities >= 50_000 ? 1 : 1.3)],
    [
      'compared',
      'memkit rows, detect',
      'heap columns',
      (entities: number) => (entities >= 50_000 ? 1.2 : 1.7),
    ],
  ] as const
  return judge(
    {
      number: 'P3',
      what: 'everything moves, sync ÷ columns interleaved by hand and one `writeBuffer`: columns `all`; heap rows `all`; rows that are compared',
      wanted: 'from 50 000 ≤ 0.55; 1.0; 1.2. At 10 000 –; 1.3; 1.7',
      by: BY,
    },
    ways.flatMap(([said, name, store, most]) =>
      judged(
        figures,
        (_, entry) => {
          const ours = entry(name, store)?.sync?.median
          const byHand = entry('columns interleaved by hand, one writeBuffer')?.sync?.median
          return ours === undefined || byHand === undefined ? undefined : ours / byHand
        },
        (entities) => (entities < 10_000 ? undefined : most(entities)),
      ).map((each) => ({ ...each, said: `${said} ${each.said}` })),
    ),
  )
}
