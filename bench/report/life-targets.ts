import type { Figures } from '../outcome.ts'
import type { LifeEntry } from '../programs/life.ts'
import { dataOf } from './parts-of.ts'
import { judge, type Judged, type Target } from './target.ts'

const BY = '`npm run bench -- --only life`, Dawn, `backend=null`'

/** P12 to P15: entities that come and go, what is idle, a big world at first, pieces with targets. */
export function lifeTargets(figures: Figures): Target[] {
  const entries = dataOf(figures, 'life', 'null') ?? []
  const of = (table: string, name: string, store?: string): LifeEntry | undefined =>
    entries.find(
      (each) =>
        each.table.includes(table) && each.name === name && (store === undefined || each.store === store),
    )
  const ratio = (said: string, entry: LifeEntry | undefined, most: number): Judged[] =>
    entry?.against === undefined ? [] : [{ said, value: entry.time.median / entry.against.time.median, most }]
  const time = (said: string, entry: LifeEntry | undefined, scale: number, most: number): Judged[] =>
    entry === undefined ? [] : [{ said, value: entry.time.median * scale, most }]
  const spawn = (components: number, name: string): LifeEntry | undefined =>
    of(` ${components} `, `${name}, and marked`)
  const million = (changes: string, name: string): LifeEntry | undefined => of(`there, ${changes}`, name)
  const idle = 'an idle frame of 100 components'
  const pieces = '64 bytes to places of their own, '
  return [
    judge(
      {
        number: 'P12',
        what: 'spawning with 4 and 8 flagged components, heap columns, `marked` ÷ bitECS by itself; ÷ in a game with a query per component',
        wanted: '≤ 1.5, 1.65; ≤ 1.15',
        by: BY,
      },
      [
        ...ratio('4', spawn(4, 'bitECS by itself'), 1.5),
        ...ratio('8', spawn(8, 'bitECS by itself'), 1.65),
        ...ratio('4 ÷ queries', spawn(4, 'a query per component'), 1.15),
        ...ratio('8 ÷ queries', spawn(8, 'a query per component'), 1.15),
      ],
    ),
    judge(
      {
        number: 'P13',
        what: 'a frame of 100 idle components of 1 000 rows, µs',
        wanted: '≤ 30, 120, 250',
        by: BY,
      },
      [
        ...time('marked', of(idle, 'marked'), 1000, 30),
        ...time('detect', of(idle, 'detect', 'heap columns'), 1000, 120),
        ...time('plain detect', of(idle, 'detect', 'Float32Array'), 1000, 250),
      ],
    ),
    judge(
      {
        number: 'P14',
        what: '10⁶ entities that are there, heap columns, ms: attach; first frame, and that without its `writeBuffer`, which the system hands out new pages for',
        wanted: '≤ 20; ≤ 25 `marked`, ≤ 35 `detect`',
        by: BY,
      },
      (['marked', 'detect'] as const).flatMap((changes) => [
        ...time(`attach, ${changes}`, million(changes, 'attach'), 1, 20),
        ...time(`first, ${changes}`, million(changes, 'first frame'), 1, changes === 'marked' ? 25 : 35),
        ...time(
          `without its write, ${changes}`,
          million(changes, 'first frame without its writeBuffer'),
          1,
          Infinity,
        ),
      ]),
    ),
    judge(
      {
        number: 'P15',
        what: 'teleport with targets, 1 000 × 64 B ÷ a `writeBuffer` each',
        wanted: '≤ 0.5',
        by: BY,
      },
      ['in order', 'in any order', 'apart'].flatMap((order) =>
        ratio(order, of(pieces + order, 'with targets'), 0.5),
      ),
    ),
  ]
}
