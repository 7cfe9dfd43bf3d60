import { expect, it } from 'vitest'
import { MkCoordinator, tableCosts } from '@memkit/coordinator'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'
import { firstDifference, frame } from './device-bytes.ts'

it('measures costs with the coarse clock of a browser, and every strategy uploads the same bytes', async () => {
  const gpu = strict(await place.open())
  for (const strategy of ['auto', 'full', 'runs', 'scatter'] as const) {
    const co = new MkCoordinator(gpu, { strategy })
    await co.ready()
    for (const term of ['callThread', 'byteThread', 'scatterThread', 'rowThread'] as const) {
      expect(co.costs[term]).toBeGreaterThan(0)
      expect(co.costs[term]).not.toBe(tableCosts.webgpu[term])
    }
    const mirror = co.createMirror({ rows: 5000, stride: 16 })
    const report = frame(co, () => {
      for (let row = 0; row < 5000; row += 333) mirror.write(row, new Uint32Array([row, 1, 2, 3]))
      co.stageForUpload(co.frameAlloc(Float32Array, 16))
    })
    if (strategy !== 'auto') expect(report.mirrors[0].strategy).toBe(strategy)
    expect(await firstDifference(co, mirror)).toBe(-1)
    co.dispose()
  }
  await closeStrict(gpu)
})
