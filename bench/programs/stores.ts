import { floorCase, memkitCase, type Changes, type Store } from '../cases/memkit.ts'
import type { Shape } from '../cases/uploader.ts'
import type { Place } from '../place.ts'
import { RowSets } from '../rows.ts'
import { Contest } from './contest.ts'
import type { GridCell } from './grid.ts'
import type { Run } from './program.ts'

const STORES: readonly Store[] = ['heap rows', 'heap columns', 'Float32Array columns', 'number[] columns']
const CHANGES: readonly Changes[] = ['detect', 'marked', 'all']

/** Every store in every mode, 100 000 rows of 16 bytes, against copying the bytes once. */
export async function stores(place: Place, run: Run): Promise<GridCell[]> {
  const shape: Shape = { rows: run.quick ? 20_000 : 100_000, stride: 16 }
  const cells: GridCell[] = []
  const shares = run.quick ? [0.01] : [0, 0.01, 1]
  const uploaders = [floorCase(place, shape)]
  for (const changes of CHANGES)
    for (const store of STORES) uploaders.push(await memkitCase(place, shape, changes, store))
  const contest = new Contest(place, uploaders)
  const percent = new RowSets(shape.rows, shape.rows / 100, 'random')
  await contest.warmUp(percent, run.quick)
  await contest.check(new RowSets(shape.rows, shape.rows, 'clustered'), percent)
  for (const share of shares) {
    run.progress(cells.length / shares.length, `${share * 100} % changed`)
    const count = Math.round(shape.rows * share)
    const entries = await contest.cell(new RowSets(shape.rows, count, 'random'), count, {
      budgetMs: run.quick ? 500 : 4_000,
      leastRounds: 7,
      mostRounds: 61,
      warmUp: 3,
    })
    cells.push({ rows: shape.rows, stride: shape.stride, share, pattern: 'random', entries })
  }
  contest.dispose()
  return cells
}
