import { bevyRuleCase, memkitCase, mirrorCase } from '../cases/memkit.ts'
import { rawCases } from '../cases/raw.ts'
import { typegpuCases } from '../cases/typegpu.ts'
import type { Shape, Uploader } from '../cases/uploader.ts'
import type { Place } from '../place.ts'
import { RowSets } from '../rows.ts'
import type { Pattern } from '../rows.ts'
import { Contest } from './contest.ts'
import type { Entry } from './contest.ts'
import type { Run } from './program.ts'

/** Rows × stride × share of rows that change, and where they lie. */
export interface GridCell {
  readonly rows: number
  readonly stride: number
  readonly share: number
  readonly pattern: Pattern
  readonly entries: readonly Entry[]
}

/** Makes more ways of uploading, where there are any: engines, in a page. */
export type MoreCases = (place: Place, shape: Shape) => Promise<Uploader[]>

const SHAPES: readonly Shape[] = [
  { rows: 100_000, stride: 16 },
  { rows: 100_000, stride: 64 },
  { rows: 1_000_000, stride: 16 },
]
const SHARES = [0, 0.001, 0.01, 0.1, 0.5, 1]
const QUICK_SHARES = [0, 0.01, 1]

/** The grid: memkit beside what people use today. The first way is the one that ratios are made against. */
export async function grid(
  place: Place,
  run: Run,
  more: MoreCases = () => Promise.resolve([]),
): Promise<GridCell[]> {
  const shapes = run.quick ? SHAPES.slice(0, 1) : SHAPES
  const shares = run.quick ? QUICK_SHARES : SHARES
  const cells: GridCell[] = []
  const all = shapes.length * (2 * shares.length - 2)
  for (const shape of shapes) {
    run.progress(cells.length / all, `${said(shape)}: setting up`)
    const contest = new Contest(place, [...(await uploadersOf(place, shape)), ...(await more(place, shape))])
    const percent = new RowSets(shape.rows, shape.rows / 100, 'random')
    await contest.warmUp(percent)
    await contest.check(new RowSets(shape.rows, shape.rows, 'clustered'), percent)
    for (const share of shares) {
      for (const pattern of ['clustered', 'random'] as const) {
        // All rows, or none, lie in no pattern.
        if (pattern === 'random' && (share === 0 || share === 1)) continue
        const count = Math.round(shape.rows * share)
        run.progress(cells.length / all, `${said(shape)}, ${share * 100} % ${pattern}`)
        const entries = await contest.cell(new RowSets(shape.rows, count, pattern), count, {
          budgetMs: run.quick ? 400 : 2_500,
          leastRounds: run.quick ? 3 : 7,
          mostRounds: run.quick ? 15 : 41,
          warmUp: 2,
        })
        cells.push({ rows: shape.rows, stride: shape.stride, share, pattern, entries })
      }
    }
    await contest.check(percent)
    contest.dispose()
  }
  return cells
}

async function uploadersOf(place: Place, shape: Shape): Promise<Uploader[]> {
  const bevy = await bevyRuleCase(place, shape)
  return [
    await memkitCase(place, shape, 'marked', 'heap rows', 'memkit marked'),
    await memkitCase(place, shape, 'detect', 'heap columns', 'memkit detect'),
    await memkitCase(place, shape, 'all', 'heap rows', 'memkit all'),
    await mirrorCase(place, shape),
    ...(bevy ? [bevy] : []),
    ...rawCases(place, shape),
    ...(place.device ? typegpuCases(place, place.device, shape) : []),
  ]
}

function said({ rows, stride }: Shape): string {
  return `${rows.toLocaleString('en')} × ${stride} B`
}
