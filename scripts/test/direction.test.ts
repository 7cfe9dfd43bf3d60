import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../install.mjs'
import { toolPath } from '../run-tool.mjs'

// core ← gpu ← coordinator ← ecs-plugin. Every import below is written into a file of its own, at the place the
// rule speaks of, but in a folder apart; oxlint then judges them all with the repository's own configuration.
const forbidden: [file: string, code: string][] = [
  ['packages/core/src', `import { x } from '@memkit/gpu'`],
  ['packages/core/src/deeper', `import { x } from '@memkit/gpu'`],
  ['packages/core/src', `import type { X } from '@memkit/gpu'`],
  ['packages/core/src', `export { x } from '@memkit/gpu'`],
  ['packages/core/src', `export * from '@memkit/coordinator'`],
  ['packages/core/src', `export const x: unknown = await import('@memkit/ecs-plugin')`],
  ['packages/core/src', `export type X = import('@memkit/gpu').X`],
  ['packages/core/src', `import { x } from '../../gpu/src/index.ts'`],
  ['packages/core/src', `import { x } from 'bitecs'`],
  ['packages/core/src', `import { x } from 'node:fs'`],
  ['packages/gpu/src', `import { x } from '@memkit/coordinator'`],
  ['packages/gpu/src', `import { x } from '@memkit/ecs-plugin'`],
  ['packages/gpu/src', `import { x } from '@memkit/core/src/heap.ts'`],
  ['packages/gpu/src', `import { x } from 'bitecs'`],
  ['packages/gpu/src/backends', `import { x } from '../../../core/src/heap.ts'`],
  ['packages/coordinator/src', `import { x } from '@memkit/ecs-plugin'`],
  ['packages/coordinator/src', `import { x } from '@memkit/core/src/heap.ts'`],
  ['packages/coordinator/src', `import { x } from '@memkit/gpu/node'`],
  ['packages/coordinator/src', `import { x } from 'bitecs'`],
  ['packages/ecs-plugin/src', `import { x } from '@memkit/coordinator/src/planner.ts'`],
  ['packages/ecs-plugin/src', `import { x } from '@memkit/gpu/node'`],
  ['packages/ecs-plugin/src', `import { x } from '../../coordinator/src/planner.ts'`],
  ['demo/src', `import { x } from '@memkit/core/src/heap.ts'`],
  ['tests', `import { x } from '@memkit/ecs-plugin/dist/index.js'`],
]

const allowed: [file: string, code: string][] = [
  ['packages/core/src', `import { x } from './heap.ts'`],
  ['packages/gpu/src', `import { x } from '@memkit/core'`],
  ['packages/gpu/src/backends', `import { x } from '../gpu.ts'`],
  ['packages/coordinator/src', `import { x } from '@memkit/core'`],
  ['packages/coordinator/src', `import { x } from '@memkit/gpu'`],
  ['packages/ecs-plugin/src', `import { x } from '@memkit/coordinator'`],
  ['packages/ecs-plugin/src', `import { x } from '@memkit/core'`],
  ['packages/ecs-plugin/src', `import { x } from '@memkit/gpu'`],
  ['packages/ecs-plugin/src', `import { x } from 'bitecs'`],
  ['demo/src', `import { x } from '@memkit/ecs-plugin'`],
  ['examples', `import { x } from '@memkit/gpu/node'`],
]

let folder: string
let rejected: Set<string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-direction-'))
  for (const [i, [place, code]] of [...forbidden, ...allowed].entries()) {
    const file = join(folder, place, `file${i}.ts`)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(
      file,
      code.startsWith('import {') ? `${code}\n\nexport const y: unknown = x\n` : `${code}\n`,
    )
  }
  // A copy, because the places in a configuration are relative to where it lies.
  await copyFile(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  const lint = [toolPath('oxlint'), '--format=json', '.']
  const report = await new Promise<string>((resolve) =>
    execFile(process.execPath, lint, { cwd: folder }, (_, stdout) => resolve(stdout)),
  )
  const { diagnostics } = JSON.parse(report) as { diagnostics: { code: string; filename: string }[] }
  // The second rule has every import('…').X written as an import, where the first one sees it.
  const rule = /no-restricted-imports|consistent-type-imports/
  rejected = new Set(diagnostics.filter(({ code }) => rule.test(code)).map(({ filename }) => filename))
})

afterAll(() => rm(folder, { recursive: true }))

describe('lint', () => {
  it.each(forbidden.map((each, i) => [...each, i] as const))('in %s rejects %s', (place, _, i) => {
    expect(rejected).toContain(`${place}/file${i}.ts`)
  })

  it.each(allowed.map((each, i) => [...each, i] as const))('in %s allows %s', (place, _, i) => {
    expect(rejected).not.toContain(`${place}/file${forbidden.length + i}.ts`)
  })
})
