import { afterAll, describe, expect, it } from 'vitest'
import { conformanceCases } from '@memkit/gpu/conformance'
import { backends } from '@memkit/testing/place'

describe.each(Object.entries(backends))('%s keeps the contract', (backend, factory) => {
  const counts = { passed: 0, gated: 0 }
  const gatedBy = new Set<string>()
  for (const { name, needs, run } of conformanceCases)
    it(name, async (test) => {
      const outcome = await run(factory)
      counts[outcome]++
      if (outcome === 'passed') return
      gatedBy.add(String(needs))
      test.skip(`no ${needs}`)
    })
  it('runs every case that its capabilities allow', () => {
    expect(counts.passed + counts.gated).toBe(conformanceCases.length)
  })
  afterAll(() => {
    const gates = gatedBy.size === 0 ? '' : ` (no ${[...gatedBy].join(', no ')})`
    console.log(`conformance, ${backend}: ${counts.passed} cases passed, ${counts.gated} gated${gates}`)
  })
})
