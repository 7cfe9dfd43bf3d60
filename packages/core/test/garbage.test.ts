import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'

interface Measured {
  readonly name: string
  readonly frames: number
  readonly bytesPerFrame: number
  readonly retainedPerFrame: number
}

// A process of its own, so that nothing else allocates: the runner, coverage, other tests.
const script = fileURLToPath(new URL('garbage.ts', import.meta.url))
const flags = [
  '--expose-gc',
  '--no-concurrent-recompilation',
  '--conditions=@memkit/source',
  '--import',
  'tsx',
]
let measured: Measured[]

beforeAll(async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script], {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  measured = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Measured)
}, 120_000)

const steady = [
  'arena',
  'dirty rows',
  'kernels, columns in the heap',
  'kernels, columns outside',
  'kernels, columns of all sorts, masks, an entity table',
  'allocator',
  'frame',
]
it.each(steady)('makes at most 64 bytes of garbage per frame in 10 000 steady frames: %s', (name) => {
  const result = measured.find((each) => each.name === name)
  expect(result?.frames).toBe(10_000)
  expect(result?.bytesPerFrame).toBeLessThanOrEqual(64)
  expect(result?.retainedPerFrame).toBeLessThanOrEqual(64)
})

it('notices a frame that makes an object and a view', () => {
  const control = measured.find(({ name }) => name.startsWith('control'))
  // Three objects and a view: 40 + 16 + 8 + 24 bytes on an engine that packs them as tightly as can be.
  expect(control?.bytesPerFrame).toBeGreaterThan(80)
})
