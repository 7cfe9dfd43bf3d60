import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { packagesAreInstalled } from '../install.mjs'

type Entry = { version?: string; integrity?: string; optional?: boolean; link?: boolean }

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-install-'))
  await mkdir(join(folder, 'node_modules'))
})
afterEach(() => rm(folder, { recursive: true }))

async function installed(locked: Record<string, Entry>, present?: Record<string, Entry>): Promise<boolean> {
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...locked } }))
  const record = join(folder, 'node_modules/.package-lock.json')
  if (present) await writeFile(record, JSON.stringify({ packages: present }))
  return packagesAreInstalled(folder)
}

const vite = { 'node_modules/vite': { version: '8.3.8', integrity: 'sha512-a' } }

describe('packagesAreInstalled', () => {
  it('is false in a fresh clone, where npm has recorded nothing', async () => {
    expect(await installed(vite)).toBe(false)
  })

  it('is true when the record equals the lockfile', async () => {
    const workspace = { 'packages/core': { version: '0.1.0' }, 'node_modules/@memkit/core': { link: true } }
    expect(await installed({ ...vite, ...workspace }, { ...vite, ...workspace })).toBe(true)
  })

  it('is false when a package was added, or has another version or content', async () => {
    expect(await installed(vite, {})).toBe(false)
    expect(await installed(vite, { 'node_modules/vite': { version: '8.3.7', integrity: 'sha512-a' } })).toBe(
      false,
    )
    expect(await installed(vite, { 'node_modules/vite': { version: '8.3.8', integrity: 'sha512-b' } })).toBe(
      false,
    )
  })

  it('does not miss an optional package, which may be meant for another platform', async () => {
    const binding = { 'node_modules/@esbuild/win32-x64': { version: '0.28.0', optional: true } }
    expect(await installed({ ...vite, ...binding }, vite)).toBe(true)
  })
})
