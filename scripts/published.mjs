// npm run check:published: packs every package and judges the tarballs: exports that exist, types that resolve.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack } from './pack.mjs'
import { capture } from './run.mjs'

const folder = mkdtempSync(join(tmpdir(), 'memkit-pack-'))
for (const tarball of Object.values(await pack(folder)))
  for (const [command, ...args] of /** @type {const} */ ([
    ['publint', 'run', tarball, '--strict'],
    ['attw', tarball, '--profile=esm-only', '--no-emoji', '--no-color'],
  ])) {
    const { code, output } = await capture(command, args)
    if (code !== 0) console.error(output)
    process.exitCode ||= code
  }
rmSync(folder, { recursive: true })
