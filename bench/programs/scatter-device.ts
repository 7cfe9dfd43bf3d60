import { STORAGE_USAGE, type Place } from '../place.ts'
import { RowSets } from '../rows.ts'
import { ratioOf, summarise, type Ratio, type Summary } from '../statistics.ts'
import { inTurns } from '../turns.ts'
import type { Run } from './program.ts'

/** P12: the device's part of scatter. Milliseconds until done. */
export interface DeviceScatter {
  readonly rows: number
  readonly repetitions: number
  readonly scatter: Summary | undefined
  readonly copies: Summary | undefined
  readonly ratio: Ratio | undefined
}

const ROWS = 10_000
const STRIDE = 16
const OF = 1_000_000

/** 10 000 rows of 16 bytes scattered into 16 MB, again and again in one submit, against as many plain copies of the same bytes. */
export async function scatterDevice({ gpu }: Place, run: Run): Promise<DeviceScatter | undefined> {
  if (!(await gpu.prepareScatter())) return undefined
  const repetitions = run.quick ? 10 : 100
  const target = gpu.createDeviceBuffer(OF * STRIDE, STORAGE_USAGE)
  const payload = gpu.createDeviceBuffer(ROWS * (STRIDE + 4), STORAGE_USAGE)
  const rows = new RowSets(OF, ROWS, 'random', 1).next().sort()
  gpu.write(payload, ROWS * STRIDE, rows.buffer, rows.byteOffset, rows.byteLength)
  const job = { payload, stride: STRIDE, count: ROWS, payloadOffset: 0, indexOffset: ROWS * STRIDE }
  const timed = (record: () => void) => ({
    async run() {
      await gpu.waitIdle()
      for (let i = 0; i < repetitions; i++) record()
      const start = performance.now()
      await gpu.whenCompleted(gpu.submit())
      return { thread: performance.now() - start }
    },
  })
  run.progress(0, `${repetitions} × ${ROWS} rows`)
  const samples = await inTurns(
    [timed(() => gpu.scatter(target, job)), timed(() => gpu.copy(payload, 0, target, 0, ROWS * STRIDE))],
    { budgetMs: run.quick ? 600 : 5_000, leastRounds: 5, mostRounds: 41, warmUp: 2 },
  )
  target.destroy()
  payload.destroy()
  const [scatter, copies] = samples.map((each) => each.map(({ thread }) => thread))
  return {
    rows: ROWS,
    repetitions,
    scatter: summarise(scatter),
    copies: summarise(copies),
    ratio: ratioOf(scatter, copies),
  }
}
