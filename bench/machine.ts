import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Machine } from './outcome.ts'

const peers = ['webgpu', 'bitecs', 'koota', 'typegpu', 'three', '@babylonjs/core', 'playcanvas']

/** What this runs on. */
export function thisMachine(chromium: string | undefined): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.versions.node,
    chromium,
    commit: commit(),
    packages: Object.fromEntries(peers.map((name) => [name, versionOf(name)])),
  }
}

/** What was measured; a `+` says that files differed from it. */
function commit(): string | undefined {
  const git = (...args: string[]): string | undefined => {
    const { status, stdout } = spawnSync('git', args, {
      cwd: dirname(fileURLToPath(import.meta.url)),
      encoding: 'utf8',
    })
    return status === 0 ? stdout.trim() : undefined
  }
  const hash = git('rev-parse', '--short', 'HEAD')
  if (hash === undefined) return undefined
  return git('status', '--porcelain', '--', '../packages', '.') ? `${hash}+` : hash
}

const require = createRequire(import.meta.url)

/** Not every package lets its package.json be imported. */
function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const text = readFileSync(join(dirname(folder), 'node_modules', name, 'package.json'), 'utf8')
      return (JSON.parse(text) as { version: string }).version
    } catch {
      // Further up.
    }
  }
  return 'unknown'
}
