import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../install.mjs'
import { capture } from '../run.mjs'

// core ← gpu ← coordinator ← ecs-plugin ← inspector, three ← react. Every import below is written into a file of its own, in a copy of the folders;
// oxlint then judges them all with the repository's own configuration.
const forbidden = cases({
  'packages/core/src': [
    '@memkit/gpu',
    '../../gpu/src/index.ts',
    './allocator/budget.ts',
    'bitecs',
    'node:fs',
    `import type { X } from '@memkit/gpu'`,
    `export { x } from '@memkit/gpu'`,
    `export * from '@memkit/coordinator'`,
    `export const x: unknown = await import('@memkit/ecs-plugin')`,
    `export type X = import('@memkit/gpu').X`,
  ],
  'packages/core/src/arena': ['@memkit/gpu', '../allocator/budget.ts'],
  'packages/gpu/src': ['@memkit/coordinator', '@memkit/ecs-plugin', '@memkit/core/src/heap.ts', 'bitecs'],
  'packages/gpu/src/backends': ['../../../core/src/heap.ts'],
  'packages/coordinator/src': [
    '@memkit/ecs-plugin',
    '@memkit/core/src/heap.ts',
    '@memkit/gpu/node',
    'bitecs',
  ],
  'packages/ecs-plugin/src': [
    '@memkit/coordinator/src/x.ts',
    '@memkit/gpu/node',
    '../../coordinator/src/x.ts',
  ],
  'packages/inspector/src': ['@memkit/core', '../../ecs-plugin/src/index.ts'],
  'packages/three/src': [
    '@memkit/coordinator',
    '@memkit/inspector',
    '@memkit/react',
    'bitecs',
    'three/webgpu',
  ],
  'packages/react/src': ['@memkit/gpu', '@memkit/three', 'bitecs', 'three', '@react-three/fiber'],
  'packages/react/src/provider': ['@memkit/three', '../fiber/use-mk-frame.ts', '@react-three/fiber'],
  'packages/react/src/fiber': ['@memkit/coordinator', '@memkit/three/webgpu', 'koota', 'three/webgpu'],
  'packages/core/test': ['../../../tests/suites/bad-input.ts'],
  'packages/core/test/rows': ['../../../../testing/zoo.ts'],
  'packages/gpu/test': ['../../core/test/bump-memory.ts'],
  'demo/src': ['@memkit/core/src/heap.ts'],
  tests: ['@memkit/ecs-plugin/dist/index.js'],
})
const allowed = cases({
  'packages/core/src': ['./heap.ts'],
  'packages/gpu/src': ['@memkit/core'],
  'packages/gpu/src/backends': ['../gpu.ts'],
  'packages/coordinator/src': ['@memkit/core', '@memkit/gpu'],
  'packages/ecs-plugin/src': [
    '@memkit/coordinator',
    '@memkit/core',
    '@memkit/coordinator/recording',
    '@memkit/gpu/dummy',
    'bitecs',
  ],
  'packages/inspector/src': ['@memkit/ecs-plugin'],
  'packages/three/src': ['@memkit/core', '@memkit/gpu', '@memkit/ecs-plugin', 'three'],
  'packages/three/src/webgpu': ['three/webgpu', 'three/tsl', '../meshes/synced-mesh.ts'],
  'packages/react/src': ['@memkit/core', '@memkit/ecs-plugin', 'react'],
  'packages/react/src/fiber': ['@memkit/three', '@react-three/fiber', '../provider/use-mk.ts', 'three'],
  'packages/gpu/test': ['../src/index.ts'],
  'packages/core/test': ['@memkit/testing'],
  'packages/core/test/kernels': ['../../scripts/build-kernels.mjs'],
  'demo/src': ['@memkit/ecs-plugin'],
  examples: ['@memkit/gpu/node'],
})

/** One case per place and import; an import that is only a name is one of a value. */
function cases(imports: Record<string, string[]>): { place: string; code: string }[] {
  return Object.entries(imports).flatMap(([place, all]) =>
    all.map((each) => ({ place, code: each.includes(' ') ? each : `import { x } from '${each}'` })),
  )
}

let folder: string
let rejected: Set<string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-direction-'))
  const write = async (file: string, code: string): Promise<void> => {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), code)
  }
  for (const [i, { place, code }] of [...forbidden, ...allowed].entries())
    await write(`${place}/file${i}.ts`, `${code}\n\nexport const y: unknown = 0\n`)
  for (const [own, other] of ['ab', 'ba'])
    await write(`${own}.ts`, `import type { X } from './${other}.ts'\n\nexport type Y = X\n`)
  // A copy, because the places in a configuration are relative to where it lies.
  await copyFile(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  const { output } = await capture('oxlint', ['--format=json', '.'], { cwd: folder })
  const { diagnostics } = JSON.parse(output) as { diagnostics: { code: string; filename: string }[] }
  // The second rule has every import('…').X written as an import, where the first one sees it.
  const rule = /no-restricted-imports|consistent-type-imports|no-cycle/
  rejected = new Set(diagnostics.filter(({ code }) => rule.test(code)).map(({ filename }) => filename))
})
afterAll(() => rm(folder, { recursive: true }))

describe('lint', () => {
  it.each(forbidden.map((each, i) => ({ ...each, i })))('in $place rejects $code', ({ place, i }) => {
    expect(rejected).toContain(`${place}/file${i}.ts`)
  })

  it.each(allowed.map((each, i) => ({ ...each, i })))('in $place allows $code', ({ place, i }) => {
    expect(rejected).not.toContain(`${place}/file${forbidden.length + i}.ts`)
  })

  it('rejects a circle of types', () => {
    expect([...rejected]).toEqual(expect.arrayContaining(['a.ts', 'b.ts']))
  })
})
