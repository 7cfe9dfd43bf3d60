import { expect, it } from 'vitest'
import { MkCoordinator, tableCosts, type Mirror } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { firstDifference, frame } from './device-bytes.ts'

// Two rows far apart are two calls of 1 000, or one scatter: 3 500 for the first mirror that scatters, 100 for each
// further one. Rows and bytes cost nothing. So a scatter saves 1 900 per mirror and costs 3 400 more once.
const costs = {
  ...tableCosts.dummy,
  callThread: 1000,
  callDevice: 0,
  byteThread: 0.001,
  byteDevice: 0,
  scatterThread: 3500,
  scatterDevice: 0,
  dispatchThread: 100,
  dispatchDevice: 0,
  rowThread: 0,
  rowThreadFar: 0,
  rowDevice: 0,
  rowDeviceFar: 0,
}

async function started(): Promise<MkCoordinator> {
  const backend = new DummyBackend({ maxBufferSize: 1 << 30 })
  const co = new MkCoordinator(backend, { costs, calibrate: false, heapBytes: 512 << 20 })
  await co.ready()
  return co
}

function touch(mirror: Mirror): void {
  // 2 000 000 rows of 16 bytes lie between: 32 000 ns of bytes, so the gap is never merged.
  mirror.write(0, new Uint32Array([1]))
  mirror.write(2_000_000, new Uint32Array([2]))
}

it('scatters for two mirrors that share the set-up when it would not pay for one', async () => {
  const co = await started()
  const mirrors = [0, 1].map(() => co.createMirror({ rows: 2_000_001, stride: 16 }))
  await Promise.all(mirrors.map(({ buffer }) => buffer.allocationError))
  const alone = frame(co, () => touch(mirrors[0]))
  expect(alone).toMatchObject({ writes: 2, dispatches: 0 })
  expect(alone.mirrors.map(({ strategy }) => strategy)).toEqual(['runs', 'none'])
  const both = frame(co, () => mirrors.forEach(touch))
  expect(both).toMatchObject({ writes: 1, dispatches: 2, submits: 1, rowsChanged: 4 })
  // Each has two rows of 16 bytes and their numbers, rounded up to 16.
  expect(both.bytesUploaded).toBe(2 * 48)
  expect(both.mirrors.map(({ strategy }) => strategy)).toEqual(['scatter', 'scatter'])
  for (const mirror of mirrors) expect(await firstDifference(co, mirror)).toBe(-1)
  expect(frame(co, () => {}).apiCalls).toBe(0)
  co.dispose()
})

it('lets a mirror join the scatter of another unless its strategy is fixed', async () => {
  const co = await started()
  const mirrors = [0, 1].map(() => co.createMirror({ rows: 2_000_001, stride: 16 }))
  await Promise.all(mirrors.map(({ buffer }) => buffer.allocationError))
  const many = (): void => {
    for (let k = 0; k <= 2_000_000; k += 250_000) mirrors[0].write(k, new Uint32Array([k]))
  }
  // Nine calls for the first mirror: a scatter pays for it by itself, and the second mirror joins.
  const joined = frame(co, () => (many(), touch(mirrors[1])))
  expect(joined).toMatchObject({ writes: 1, dispatches: 2, submits: 1 })
  co.strategy = 'runs'
  expect(frame(co, () => (many(), touch(mirrors[1])))).toMatchObject({
    writes: 11,
    dispatches: 0,
    submits: 0,
  })
  for (const mirror of mirrors) expect(await firstDifference(co, mirror)).toBe(-1)
  co.dispose()
})
