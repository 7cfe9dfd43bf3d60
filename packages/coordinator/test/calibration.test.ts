import { expect, test } from 'vitest'
import { MkCoordinator, tableCosts } from '@memkit/coordinator'
import type { CostModel } from '@memkit/coordinator'
import { DummyBackend, MkGpu } from '@memkit/gpu'

/** A coordinator that is ready, and what it wrote until then. */
async function ready(
  costs: Partial<CostModel>,
): Promise<{ costs: CostModel; writes: number; leaks: number }> {
  // A name of its own: what was measured on an adapter is not measured again.
  const adapter = `calibration ${JSON.stringify(costs)}`
  const gpu = new MkGpu(new DummyBackend({ capabilities: { adapter } }))
  const co = new MkCoordinator(gpu, { costs })
  await co.ready()
  const { writes } = gpu.calls
  const found = co.costs
  co.dispose()
  return { costs: found, writes, leaks: gpu.leaks().length }
}

test('terms that are given stay, the others are measured, and nothing is left behind', async () => {
  const { costs, writes, leaks } = await ready({ callThread: 12_345, lambda: 0.5 })
  expect(costs).toMatchObject({ callThread: 12_345, lambda: 0.5 })
  for (const term of ['byteThread', 'scatterThread', 'rowThread', 'rowThreadFar'] as const) {
    expect(costs[term]).toBeGreaterThan(0)
    expect(costs[term]).not.toBe(tableCosts.dummy[term])
  }
  expect(Object.values(costs).every(Number.isFinite)).toBe(true)
  expect(costs.rowThreadFar).toBeGreaterThanOrEqual(costs.rowThread)
  expect(writes).toBeGreaterThan(0)
  expect(leaks).toBe(0)
})

test('where every term is given, nothing is measured', async () => {
  const { costs, writes } = await ready(tableCosts.dummy)
  expect(costs).toEqual(tableCosts.dummy)
  expect(writes).toBe(0)
})
