// How long calibration takes once the pipeline is there (P13), and how far its terms spread from run to run.
import { MkCoordinator } from '@memkit/coordinator'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { short, table } from '../../interleave.ts'

const RUNS = 9
for (const [name, gpu] of [
  ['dummy', new MkGpu(new DummyBackend())],
  ['null', (await dawnGpu({ backend: 'null' })) as unknown as MkGpu],
  ['swiftshader', (await dawnGpu()) as unknown as MkGpu],
] as const) {
  const co = new MkCoordinator(gpu, { calibrate: false })
  await co.ready()
  const terms = new Map<string, number[]>()
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now()
    const costs = await co.calibrate()
    const all = { milliseconds: performance.now() - start, ...costs }
    for (const [term, value] of Object.entries(all)) terms.set(term, [...(terms.get(term) ?? []), value])
  }
  console.log(`\n${name}: ${gpu.capabilities.adapter}\n`)
  const rows = [...terms].map(([term, values]) => {
    values.sort((a, b) => a - b)
    return [term, ...[0, RUNS >> 1, RUNS - 1].map((k) => short(values[k]))]
  })
  table(['term', 'least', 'median', 'most'], rows)
  co.dispose()
}
process.exit()
