import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../scripts/install.mjs'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const folder = '.github/workflows'
const workflows = readdirSync(join(root, folder)).map((name) => ({ name, text: read(join(folder, name)) }))

interface Locked {
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}

const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.includes('node_modules/') && !link,
)

describe.each(workflows)('the workflow $name', ({ text }) => {
  const lines = text.split('\n').map((line) => line.trim())

  it('names every action by its commit, with the version beside it', () => {
    const uses = lines.filter((line) => /^(- )?uses:/.test(line))
    expect(uses.length).toBeGreaterThan(0)
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
  })

  it('starts with read permission, and may write only the token that provenance needs', () => {
    expect(text).toMatch(/^permissions:( \{\}|\n {2}contents: read)$/m)
    const writes = lines.filter((line) => /^[\w-]+: write$/.test(line))
    expect(writes.filter((line) => line !== 'id-token: write')).toEqual([])
  })

  it('persists no credentials, and installs without running scripts of dependencies', () => {
    const count = (line: string): number => lines.filter((each) => each === line).length
    expect(count('persist-credentials: false')).toBe(
      lines.filter((line) => line.includes('actions/checkout@')).length,
    )
    for (const line of lines.filter((each) => each.includes('npm ci')))
      expect(line).toBe('- run: npm ci --ignore-scripts')
  })
})

it('CI audits the dependencies of the packages with every change', () => {
  expect(read('.github/workflows/ci.yml')).toContain('- run: npm audit --omit=dev\n')
})

it('locks every dependency by its hash, and takes each from npm', () => {
  expect(installed.length).toBeGreaterThan(100)
  const loose = installed.filter(
    ([, { integrity, resolved = 'https://registry.npmjs.org/' }]) =>
      !integrity?.startsWith('sha512-') || !resolved.startsWith('https://registry.npmjs.org/'),
  )
  expect(loose.map(([path]) => path)).toEqual([])
})

it('knows the two dependencies with an install script, which SECURITY.md explains', () => {
  const scripted = installed.filter(([, { hasInstallScript }]) => hasInstallScript)
  const names = scripted.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13)).sort()
  expect([...new Set(names)]).toEqual(['esbuild', 'webgpu'])
  for (const name of names) expect(read('SECURITY.md')).toContain(`\`${name}\``)
})

describe('the sources of the packages', () => {
  const sources = readdirSync(join(root, 'packages')).flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join('packages', name, 'src', file)),
  )
  const found = (pattern: RegExp): string[] =>
    sources.flatMap((file) => [...read(file).matchAll(pattern)].map(([text]) => text))

  it('use no network and no storage of the browser', () => {
    expect(sources.length).toBeGreaterThan(100)
    const reaching =
      /\b(fetch\(|XMLHttpRequest|WebSocket|WebTransport|EventSource|sendBeacon|RTCPeerConnection|importScripts|localStorage|sessionStorage|indexedDB|document\.cookie|node:https?|node:net)\b/g
    expect(found(reaching)).toEqual([])
  })

  it('import only modules whose names are written out', () => {
    expect(found(/\bimport\([^)]*\)/g).sort()).toEqual([
      "import('../backends/webgl2/context.ts')",
      "import('../backends/webgl2/webgl2.ts')",
      "import('./calibration.ts')",
      "import('./columns-component.ts')",
      "import('./scatter-pass.ts')",
      "import('./target-scatter.ts')",
      "import('@memkit/ecs-plugin/recording')",
      "import('@memkit/ecs-plugin/recording')",
      "import('@memkit/gpu/dummy')",
      "import('uplot')",
      "import('webgpu')",
    ])
  })
})

it('publishes packages without install scripts', () => {
  for (const name of readdirSync(join(root, 'packages'))) {
    const { scripts = {} } = JSON.parse(read(`packages/${name}/package.json`)) as { scripts?: object }
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
    expect(Object.keys(scripts).filter((script) => hooks.includes(script))).toEqual([])
  }
})

it('asks for its own packages as peers in open ranges, or every release would be a major one', () => {
  const peers = readdirSync(join(root, 'packages')).flatMap((name) => {
    const { peerDependencies = {} } = JSON.parse(read(`packages/${name}/package.json`)) as {
      peerDependencies?: Record<string, string>
    }
    return Object.entries(peerDependencies).filter(([peer]) => peer.startsWith('@memkit/'))
  })
  expect(peers.length).toBeGreaterThan(0)
  for (const [, range] of peers) expect(range).toMatch(/^>=\d+\.\d+\.\d+$/)
  expect(read('.changeset/config.json')).toContain('"onlyUpdatePeerDependentsWhenOutOfRange": true')
})
