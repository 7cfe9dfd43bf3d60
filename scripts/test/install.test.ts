import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { packagesAreInstalled } from '../install.mjs'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-install-'))
  await mkdir(join(folder, 'node_modules'))
})
afterEach(() => rm(folder, { recursive: true }))

const vite = { 'node_modules/vite': { version: '8.3.8', integrity: 'sha512-a' } }
const workspace = { 'packages/core': { version: '0.1.0' }, 'node_modules/@memkit/core': { link: true } }
const optional = { 'node_modules/@esbuild/win32-x64': { version: '0.28.0', optional: true } }

it.each<[what: string, locked: object, present: object | undefined, installed: boolean]>([
  ['in a fresh clone, where npm has recorded nothing', vite, undefined, false],
  ['when the record equals the lockfile', { ...vite, ...workspace }, { ...vite, ...workspace }, true],
  ['when a package was added', vite, {}, false],
  [
    'when a version differs',
    vite,
    { 'node_modules/vite': { version: '8.3.7', integrity: 'sha512-a' } },
    false,
  ],
  ['when contents differ', vite, { 'node_modules/vite': { version: '8.3.8', integrity: 'sha512-b' } }, false],
  [
    'when an optional package is missing, which may be meant for another platform',
    { ...vite, ...optional },
    vite,
    true,
  ],
])('packagesAreInstalled %s', async (_, locked, present, installed) => {
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...locked } }))
  const record = join(folder, 'node_modules/.package-lock.json')
  if (present) await writeFile(record, JSON.stringify({ packages: present }))
  expect(packagesAreInstalled(folder)).toBe(installed)
})
