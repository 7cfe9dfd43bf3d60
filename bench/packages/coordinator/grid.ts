// The grid of the flush: every strategy forced by hand against what the planner chose (regret, P6), bytes (P7) and calls (P8).
//
//   npm run planner -w bench [-- --quick] [-- --only dummy|null|swiftshader]
import { createHeap } from '@memkit/core'
import { MkCoordinator, type Mirror } from '@memkit/coordinator'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { floors } from './floors.ts'
import { interleave, short, table } from '../../interleave.ts'

const quick = process.argv.includes('--quick')
const onlyAt = process.argv.indexOf('--only')
const only = onlyAt > 0 ? process.argv[onlyAt + 1] : undefined
const ROUNDS = quick ? 9 : 31
const WARM_UP = quick ? 3 : 8

const SIZES = [
  { rows: 100_000, stride: 16 },
  { rows: 100_000, stride: 64 },
  { rows: 1_000_000, stride: 16 },
]
const SHARES = [0, 0.001, 0.01, 0.1, 0.5, 1]
const STRATEGIES = ['auto', 'full', 'runs', 'scatter'] as const

const backends: [name: string, make: () => Promise<MkGpu>][] = [
  ['dummy', async () => new MkGpu(new DummyBackend({ maxBufferSize: 1 << 30 }))],
  ['null', async () => await dawnGpu({ backend: 'null' })],
  ['swiftshader', async () => await dawnGpu()],
]

/** Which rows change: in one piece that moves, or all over. A different set each time, as in a game. */
function mark(mirror: Mirror, share: number, random: boolean, turn: number): void {
  const rows = mirror.capacity
  const count = Math.round(rows * share)
  if (count === rows) return mirror.dirty.setRange(0, rows)
  if (!random) return mirror.dirty.setRange((turn * 7919) % (rows - count), count)
  let state = turn * 2_654_435_761 + 1
  for (let left = count; left > 0;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const row = Math.floor((state / 2 ** 32) * rows)
    if (mirror.dirty.has(row)) continue
    mirror.dirty.set(row)
    left--
  }
}

const all: object[] = []
for (const [name, make] of backends) {
  if (only !== undefined && only !== name) continue
  const gpu = await make()
  const { adapter, runtime } = gpu.capabilities
  console.log(
    `\n## ${name}: ${adapter}, ${runtime}${name === 'null' ? ' (no GPU work: front-end cost of the CPU only)' : ''}\n`,
  )
  const heap = createHeap({ bytes: 512 << 20 })
  // One mirror and one buffer for all: the same work takes up to twice as long on other pages of memory.
  const co = new MkCoordinator(gpu, { heap, frameArenaBytes: 4096 })
  await co.ready()
  console.log(
    `costs: ${JSON.stringify(co.costs, (_, v: unknown) => (typeof v === 'number' ? +v.toPrecision(3) : v))}\n`,
  )
  const beside = gpu.createDeviceBuffer(16, MkBufferUsage.TRANSFER_DST)
  const rows: string[][] = []
  let logSum = 0
  let cells = 0
  let failed = 0
  let turn = 1
  for (const { rows: count, stride } of SIZES) {
    const mirror = co.createMirror({ rows: count, stride })
    mirror.view(Uint32Array).fill(1)
    for (const share of SHARES) {
      for (const random of share > 0 && share < 1 ? [false, true] : [false]) {
        // Thread and device together, as with λ = 1: until the device has done it.
        const reports = STRATEGIES.map(() => ({ strategy: '', bytes: 0, changed: 0, calls: 0 }))
        const cases = STRATEGIES.map((strategy, k) => async (): Promise<number> => {
          co.strategy = strategy
          mark(mirror, share, random, turn++)
          co.beginFrame()
          const start = performance.now()
          const report = co.endFrame()
          // Writes without a submit may wait for the next one: this copy's submit takes them along.
          // And it reads the mirror's buffer, as a draw would: drivers write faster into what no device has ever used.
          gpu.copy(mirror.buffer, 0, beside, 0, 16)
          const serial = gpu.submit()
          await gpu.whenCompleted(serial)
          const took = performance.now() - start
          reports[k] = {
            strategy: report.mirrors[0].strategy,
            bytes: report.bytesUploaded,
            changed: report.bytesChanged,
            calls: report.apiCalls,
          }
          return took
        })
        // Forced runs of random rows are a call per row or one long piece; leave out what takes seconds.
        const [auto, ...forced] = await interleave(cases, ROUNDS, WARM_UP)
        const usable = forced.filter((_, k) => share === 0 || reports[k + 1].strategy === STRATEGIES[k + 1])
        const best = usable.reduce((a, b) => (b.median < a.median ? b : a))
        const regret = auto.median / best.median
        const fails = regret > 1.25 && auto.lower > best.upper
        if (share > 0) {
          logSum += Math.log(Math.max(regret, 1))
          cells++
          if (fails) failed++
        }
        const chosen = reports[0]
        rows.push([
          `${count.toLocaleString('en')} × ${stride}`,
          `${share * 100} %${random ? ' random' : ''}`,
          chosen.strategy,
          short(auto.median),
          ...forced.map((timing, k) =>
            share === 0 || reports[k + 1].strategy === STRATEGIES[k + 1] ? short(timing.median) : '-',
          ),
          `${regret.toFixed(2)}${fails ? ' !' : ''}`,
          chosen.changed > 0 ? (chosen.bytes / chosen.changed).toFixed(2) : '-',
          `${chosen.calls}`,
        ])
        all.push({ backend: name, rows: count, stride, share, random, auto, forced, chosen, regret, fails })
      }
    }
    mirror.destroy()
  }
  table(
    [
      'rows × stride',
      'changed',
      'plan',
      'auto ms',
      'full',
      'runs',
      'scatter',
      'regret',
      'bytes ÷ changed',
      'calls',
    ],
    rows,
  )
  const mean = Math.exp(logSum / cells)
  console.log(
    `\n${name}: geometric mean of the regret ${mean.toFixed(3)} over ${cells} cells (target 1.05), cells that fail: ${failed}\n`,
  )
  co.dispose()
  await floors(gpu, name, quick)
  gpu.destroy()
}
const json = process.argv.indexOf('--json')
if (json > 0) (await import('node:fs')).writeFileSync(process.argv[json + 1], JSON.stringify(all, null, 1))
process.exit()
