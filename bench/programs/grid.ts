import { bevyRuleCase, memkitCase, mirrorCase } from '../cases/memkit.ts'
import { rawCases } from '../cases/raw.ts'
import { typegpuCases } from '../cases/typegpu.ts'
import { madeOf, type MakeUploader, type Shape } from '../cases/uploader.ts'
import type { Place } from '../place.ts'
import { RowSets, type Pattern } from '../rows.ts'
import { Contest, type Entry } from './contest.ts'
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
export type MoreCases = (place: Place, shape: Shape) => MakeUploader[]

const SHAPES: readonly Shape[] = [
  { rows: 100_000, stride: 16 },
  { rows: 100_000, stride: 64 },
  { rows: 1_000_000, stride: 16 },
]
const SHARES = [0, 0.001, 0.01, 0.1, 0.5, 1]
const QUICK_SHARES = [0, 0.01, 1]

/** The grid: memkit beside what people use today. The first way is the one that ratios are made against. */
export function grid(place: Place, run: Run, more?: MoreCases): Promise<GridCell[]> {
  const shapes = run.quick ? SHAPES.slice(0, 1) : SHAPES
  return cells(place, run, shapes, run.quick ? QUICK_SHARES : SHARES, ['clustered', 'random'], more)
}

const ENTITIES = [1_000, 10_000, 100_000, 1_000_000]

/** Cost against the number of entities: 1 % of them change, at random. */
export function entities(place: Place, run: Run, more?: MoreCases): Promise<GridCell[]> {
  const shapes = ENTITIES.slice(0, run.quick ? 3 : 4).map((rows) => ({ rows, stride: 16 }) as const)
  return cells(place, run, shapes, [0.01], ['random'], more)
}

async function cells(
  place: Place,
  run: Run,
  shapes: readonly Shape[],
  shares: readonly number[],
  patterns: readonly Pattern[],
  more: MoreCases = () => [],
): Promise<GridCell[]> {
  const cells: GridCell[] = []
  // All rows, or none, lie in no pattern.
  const kinds = shares.flatMap((share) =>
    (share > 0 && share < 1 ? patterns : patterns.slice(0, 1)).map((pattern) => ({ share, pattern })),
  )
  for (const shape of shapes) {
    const done = (): number => cells.length / (shapes.length * kinds.length)
    run.progress(done(), `${said(shape)}: setting up`)
    const contest = new Contest(place, await madeOf([...allCases(place, shape), ...more(place, shape)]))
    const percent = new RowSets(shape.rows, shape.rows / 100, 'random')
    await contest.warmUp(percent, run.quick)
    await contest.check(new RowSets(shape.rows, shape.rows, 'clustered'), percent)
    for (const { share, pattern } of kinds) {
      const count = Math.round(shape.rows * share)
      run.progress(done(), `${said(shape)}, ${share * 100} % ${pattern}`)
      const entries = await contest.cell(new RowSets(shape.rows, count, pattern), count, {
        budgetMs: run.quick ? 400 : 1_600,
        leastRounds: run.quick ? 3 : 5,
        mostRounds: run.quick ? 15 : 41,
        warmUp: 2,
      })
      cells.push({ rows: shape.rows, stride: shape.stride, share, pattern, entries })
    }
    await contest.check(percent)
    contest.dispose()
  }
  return cells
}

/** Everybody that needs no page; the first is the one that ratios are made against. */
export function allCases(place: Place, shape: Shape): MakeUploader[] {
  return [
    () => memkitCase(place, shape, 'marked', 'heap rows', 'memkit marked'),
    () => memkitCase(place, shape, 'marked', 'heap columns'),
    () => memkitCase(place, shape, 'marked', 'Float32Array columns'),
    () => memkitCase(place, shape, 'detect', 'heap columns', 'memkit detect'),
    () => memkitCase(place, shape, 'all', 'heap rows', 'memkit all'),
    () => mirrorCase(place, shape),
    () => bevyRuleCase(place, shape),
    ...rawCases(place, shape),
    ...(place.device ? typegpuCases(place.device, shape) : []),
  ]
}

function said({ rows, stride }: Shape): string {
  return `${rows.toLocaleString('en')} × ${stride} B`
}
