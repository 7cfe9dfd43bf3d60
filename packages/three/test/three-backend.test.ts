import { expect, it } from 'vitest'
import { runConformance } from '@memkit/gpu/conformance'
import { ThreeBackend } from '@memkit/three'

it('keeps the contract of backends', async () => {
  const { failed, gated, passed } = await runConformance(() => ({ backend: new ThreeBackend() }))
  expect(failed).toEqual([])
  expect(new Set(gated.map(({ needs }) => needs))).toEqual(
    new Set(['scatter', 'storage', 'indirect', 'unifiedMemory', 'starve', 'lose']),
  )
  expect(passed).toBeGreaterThan(30)
})
