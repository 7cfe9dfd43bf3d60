import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { BufferingMode, MkCoordinator, tableCosts } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'
import { firstDifference, frame } from './device-bytes.ts'

describe('the report', () => {
  it('is one object that says what each mirror did', async () => {
    const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
    await co.ready()
    const a = co.createMirror({ rows: 100, stride: 16, label: 'A' })
    co.createMirror({ rows: 10, stride: 4, label: 'B' })
    const first = frame(co, () => {
      a.markRange(0, 10)
      co.noteStageMs(1.5)
      co.noteStageMs(0.25)
    })
    const line = first.mirrors[0]
    expect(first).toMatchObject({
      frame: 1,
      rowsChanged: 10,
      bytesChanged: 160,
      stageMs: 1.75,
      submits: 0,
      apiCalls: 1,
    })
    expect(first.mirrors).toMatchObject([
      { label: 'A', strategy: 'runs', rows: 10, bytes: 160 },
      { label: 'B', strategy: 'none', rows: 0, bytes: 0 },
    ])
    const second = frame(co, () => {})
    expect(second).toBe(first)
    expect(second.mirrors[0]).toBe(line)
    expect(second).toMatchObject({ frame: 2, rowsChanged: 0, stageMs: 0 })
    expect(line).toMatchObject({ strategy: 'none', rows: 0, bytes: 0 })
    co.dispose()
  })

  it('makes one staging write, one dispatch per mirror and one submit for a frame of scatters (P8)', async () => {
    const co = new MkCoordinator(new DummyBackend(), { strategy: 'scatter', calibrate: false })
    await co.ready()
    const mirrors = Array.from({ length: 5 }, () => co.createMirror({ rows: 1000, stride: 20 }))
    await Promise.all(mirrors.map(({ buffer }) => buffer.allocationError))
    const report = frame(co, () => {
      for (const mirror of mirrors)
        for (let row = 0; row < 1000; row += 50) mirror.write(row, new Uint32Array([row]))
    })
    expect(report).toMatchObject({ writes: 1, dispatches: 5, submits: 1, apiCalls: 7, rowsChanged: 100 })
    for (const mirror of mirrors) expect(await firstDifference(co, mirror)).toBe(-1)
    // All of it is clean now.
    expect(frame(co, () => {})).toMatchObject({ apiCalls: 0, rowsChanged: 0 })
    co.dispose()
  })

  it('uses another strategy for a scatter bigger than its buffer, and scatters again soon', async () => {
    const co = new MkCoordinator(new DummyBackend(), { strategy: 'scatter', calibrate: false })
    await co.ready()
    const mirror = co.createMirror({ rows: 40_000, stride: 16 })
    const strategies: string[] = []
    for (let i = 0; i < 3; i++) {
      // 20 000 rows of 20 bytes: more than the first 256 KiB.
      const report = frame(co, () => {
        for (let row = 0; row < 40_000; row += 2) mirror.write(row, new Uint32Array([row + i]))
      })
      strategies.push(report.mirrors[0].strategy)
      expect(await firstDifference(co, mirror)).toBe(-1)
    }
    expect(strategies).toEqual(['runs', 'scatter', 'scatter'])
    co.dispose()
  })

  it.each([BufferingMode.Single, BufferingMode.Double, BufferingMode.Triple])(
    'resolves pace() with %d slots once fewer frames are in flight',
    async (buffering) => {
      const backend = new DummyBackend({ transferDelayUs: Infinity })
      const co = new MkCoordinator(backend, { buffering, calibrate: false })
      const mirror = co.createMirror({ rows: 4, stride: 4 })
      let paced = 0
      for (let i = 0; i < 3; i++) {
        const report = frame(co, () => mirror.mark(0))
        expect(report.slotsInFlight).toBe(Math.min(i + 1, buffering))
        void co.pace().then(() => paced++)
        await Promise.resolve()
        await Promise.resolve()
      }
      // One slot: none may be in flight. Two: one may, three: two may.
      expect(paced).toBe(buffering - 1)
      backend.finish()
      await co.idle()
      await Promise.resolve()
      expect(paced).toBe(3)
      co.dispose()
    },
  )
})

it('traces each frame with its flush, in the format that Perfetto reads', async () => {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  co.startTrace()
  const mirror = co.createMirror({ rows: 4, stride: 4, label: 'Traced' })
  frame(co, () => mirror.mark(1))
  frame(co, () => co.noteStageMs(1))
  const { traceEvents } = JSON.parse(JSON.stringify(co.trace)) as {
    traceEvents: { name: string; ph: string; args: object }[]
  }
  expect(traceEvents.filter(({ ph }) => ph === 'X').map(({ name }) => name)).toEqual([
    'frame 1',
    'flush',
    'frame 2',
    'flush',
    'stage',
  ])
  expect(traceEvents[1].args).toMatchObject({ rowsChanged: 1, Traced: 'runs, 1 rows, 4 bytes' })
  co.trace?.clear()
  expect(co.trace?.events).toEqual([])
  co.dispose()
})

describe('costs', () => {
  it('given by hand are not overwritten by measurements', async () => {
    const co = new MkCoordinator(new DummyBackend(), { costs: { callThread: 123, lambda: 0 } })
    await co.ready()
    expect(co.costs).toMatchObject({ callThread: 123, lambda: 0 })
    co.dispose()
  })

  it('are the default table until measured, then positive numbers', async () => {
    const co = new MkCoordinator(new DummyBackend())
    expect(co.costs).toEqual(tableCosts.dummy)
    const costs = await co.calibrate()
    for (const term of ['callThread', 'byteThread', 'scatterThread', 'rowThread', 'rowThreadFar'] as const)
      expect(costs[term]).toBeGreaterThan(0)
    expect(costs.rowThreadFar).toBeGreaterThanOrEqual(costs.rowThread)
    // What was needed to measure is gone.
    expect(co.gpu.leaks().filter(({ label }) => label.includes('calibration'))).toEqual([])
    co.dispose()
  })
})

it.each(['full', 'runs', 'scatter'])(
  'makes next to no garbage in a steady frame of %s (P10)',
  (strategy) => {
    const script = fileURLToPath(new URL('garbage.ts', import.meta.url))
    const flags = [
      '--expose-gc',
      '--max-semi-space-size=256',
      '--min-semi-space-size=256',
      '--conditions=@memkit/source',
    ]
    const run = spawnSync(process.execPath, [...flags, '--import', 'tsx', script, strategy], {
      encoding: 'utf8',
    })
    const { bytesPerFrame } = JSON.parse(run.stdout) as { bytesPerFrame: number }
    expect(bytesPerFrame).toBeLessThanOrEqual(64)
  },
  30_000,
)
