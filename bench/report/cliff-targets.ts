import type { Figures } from '../outcome.ts'
import type { LifeEntry } from '../programs/life.ts'
import { dataOf } from './parts-of.ts'
import { judge, type Judged, type Target } from './target.ts'

const BY = '`npm run bench -- --only cliffs`, Dawn, `backend=null`'

/** P9 to P11: what a store or a kind of rows costs more than another. */
export function cliffTargets(figures: Figures): Target[] {
  const entries = (dataOf(figures, 'cliffs', 'null') ?? []).filter(({ against }) => against !== undefined)
  const ratios = (
    table: string,
    said: (entry: LifeEntry) => string,
    most: (entry: LifeEntry) => number,
  ): Judged[] =>
    entries
      .filter((entry) => entry.table.includes(table))
      .map((entry) => ({
        said: said(entry),
        value: entry.time.median / entry.against!.time.median,
        most: most(entry),
      }))
  return [
    judge(
      {
        number: 'P9',
        what: 'a frame with one mark, tight, of 1 000 000 rows ÷ of 10 000, heap and plain columns',
        wanted: '≤ 2',
        by: BY,
      },
      ratios(
        'a frame with one mark',
        ({ store }) => store,
        () => 2,
      ),
    ),
    judge(
      {
        number: 'P10',
        what: 'a frame of 100 000 × 16 B in an array of objects, one field of each changed ÷ a loop by hand and one `writeBuffer`',
        wanted: '≤ 1.3',
        by: BY,
      },
      ratios(
        'in objects',
        ({ name }) => name,
        () => 1.3,
      ),
    ),
    judge(
      {
        number: 'P11',
        what: 'a frame of 100 000 × 16 B, packed rows ÷ entity rows, `detect`, heap and plain columns',
        wanted: '≤ 2.2, 4',
        by: BY,
      },
      ratios(
        'detect, ',
        ({ store, table }) => `${store} ${table.slice(table.lastIndexOf(',') + 2)}`,
        ({ store }) => (store === 'Float32Array' ? 4 : 2.2),
      ),
    ),
  ]
}
