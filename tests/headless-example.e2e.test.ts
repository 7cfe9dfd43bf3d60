import { describe, expect, it } from 'vitest'
import { capture } from '../scripts/run.mjs'

const anotherDriver = { VK_DRIVER_FILES: 'nowhere.json', VK_ICD_FILENAMES: 'nowhere.json' }

function example(args: string[], env = {}) {
  return capture('node', ['scripts/example.mjs', ...args], { env })
}

describe('npm run example', () => {
  it('runs 300 frames on a real adapter, ends by itself, and finds every byte on the device', async () => {
    const { code, output } = await example([])
    expect(output).toMatch(/^10,000 entities, 300 frames on .+ \(Node .+, Dawn \d.+\)$/m)
    // 60 frames of each kind, in lines of 30. 1 % of 10 000 entities in 30 frames: 3 000 rows.
    expect(output).toMatch(/^31–60 +all move +300,000 /m)
    expect(output).toMatch(/^61–90 +1 % move +3,000 /m)
    expect(output).toMatch(/^121–150 +nothing moves +0 +0 +0 +0 +60 +0 +0 +0 /m)
    expect(output).toMatch(/^mismatches: 0$/m)
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(code).toBe(0)
  })

  it('runs on the Dummy backend without an adapter, and says so', async () => {
    const { code, output } = await example(['--entities', '300', '--frames', '20'], anotherDriver)
    expect(output).toMatch(/No adapter/)
    expect(output).toMatch(/^300 entities, 20 frames on the dummy backend/m)
    expect(output).toMatch(/^mismatches: 0$/m)
    expect(code).toBe(0)
  })

  it('refuses invalid numbers', async () => {
    const { code, output } = await example(['--frames', 'many'])
    expect(output).toMatch(/--frames takes a whole number/)
    expect(code).toBe(1)
  })
})
