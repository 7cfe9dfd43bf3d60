import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { build, type Rollup } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from '../../scripts/install.mjs'

const folder = mkdtempSync(join(tmpdir(), 'memkit-replay-'))
const conditions = ['@memkit/source', 'module', 'node']
let modules: string[]

beforeAll(async () => {
  const outcome = await build({
    configFile: false,
    logLevel: 'warn',
    root,
    resolve: { conditions },
    ssr: { noExternal: true, resolve: { conditions } },
    build: {
      ssr: join(root, 'tests/recording/fresh-replay.ts'),
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      target: 'esnext',
    },
  })
  const { output } = outcome as Rollup.RollupOutput
  modules = output.flatMap((part) => (part.type === 'chunk' ? Object.keys(part.modules) : []))
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('a replay imports neither the ECS nor the game', () => {
  const inside = modules.map((file) => relative(root, file)).filter((file) => !file.startsWith('\0'))
  const places = new Set(inside.map((file) => file.split('/').slice(0, 2).join('/')))
  expect([...places].sort()).toEqual([
    'packages/coordinator',
    'packages/core',
    'packages/gpu',
    'tests/recording',
  ])
})

it('a process without the ECS and the game shows what the game showed', () => {
  const recordings = join(root, 'tests/recordings')
  const known = JSON.parse(readFileSync(join(recordings, 'checksums.json'), 'utf8')) as Record<string, string>
  for (const [name, sums] of Object.entries(known)) {
    const program = [join(folder, 'fresh-replay.js'), join(recordings, `${name}.mkrec`)]
    expect(execFileSync(process.execPath, program, { encoding: 'utf8' }).trim(), name).toBe(sums)
  }
}, 60_000)
