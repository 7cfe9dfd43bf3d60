import { MkCoordinator } from '@memkit/coordinator'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'
import { expect, it } from 'vitest'
import { firstDifference, frame } from './device-bytes.ts'

it.each(['full', 'runs', 'scatter'] as const)(
  'strategy %s uploads exactly the dirty rows',
  async (strategy) => {
    const gpu = strict(await place.open())
    const co = new MkCoordinator(gpu, { strategy })
    await co.ready()
    const mirror = co.createMirror({ rows: 1000, stride: 12 })
    frame(co, () => {})
    const words = mirror.view(Uint32Array)
    const report = frame(co, () => {
      for (const row of [0, 1, 500, 998, 999]) {
        words.fill(row + 1, row * 3, row * 3 + 3)
        mirror.mark(row)
      }
    })
    expect(report.mirrors[0]).toMatchObject({ strategy, rows: 5 })
    expect(report.bytesChanged).toBe(60)
    expect(await firstDifference(co, mirror)).toBe(-1)
    co.dispose()
    await closeStrict(gpu)
  },
)
