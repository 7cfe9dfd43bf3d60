import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../install.mjs'
import { capture } from '../run.mjs'
import type { Totals } from '../totals-reporter.mjs'

// A real Vitest runs these files in a folder apart; each goes wrong in its own way.
const files = {
  'passes.test.js': `it('a', () => {}); it('b', () => {}); it.skip('later', () => {})`,
  'fails.test.js': `it('a', () => expect(1).toBe(2))`,
  'hook.test.js': `describe('d', () => { beforeAll(() => { throw new Error('hook') }); it('a', () => {}) })`,
  'import.test.js': `import './nowhere.js'; it('a', () => {})`,
  'rejection.test.js': `it('a', () => { void Promise.reject(new Error('lost')) })`,
  'crash.test.js': `it('dies', () => process.abort()); it('is never reached', () => {})`,
  'all-skipped.test.js': `it.skip('a', () => {})`,
}

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-totals-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
})
afterAll(() => rm(folder, { recursive: true }))

async function totalsOf(...args: string[]): Promise<Totals> {
  const env = { MEMKIT_TOTALS: join(folder, 'totals.json') }
  const reporter = `--reporter=${join(root, 'scripts/totals-reporter.mjs')}`
  await capture('vitest', ['run', '--root', folder, '--globals', '--pool=forks', reporter, ...args], { env })
  return JSON.parse(await readFile(env.MEMKIT_TOTALS, 'utf8')) as Totals
}

describe('the totals of a run', () => {
  let totals: Totals
  beforeAll(async () => {
    totals = await totalsOf()
  }, 30_000)

  it('count what passed: two of passes.test.js, one of rejection.test.js', () => {
    expect(totals.passed).toBe(3)
  })

  it('count what failed: a test, a hook, an import, the two tests of a process that died, two errors outside of tests', () => {
    expect(totals.failed).toBe(7)
    expect(totals.lines.slice(0, 2)).toEqual([
      'project     passed  failed skipped',
      expect.stringMatching(/ 3 {7}5 {7}3$/),
    ])
  })

  it('name what did not finish, what went wrong outside of tests, and what was skipped', () => {
    const notes = totals.lines.join('\n')
    expect(notes).toMatch(/^✗ .*crash\.test\.js > dies did not finish$/m)
    expect(notes).toMatch(/^✗ .*crash\.test\.js > is never reached did not finish$/m)
    expect(notes).toMatch(/^✗ .*hook\.test\.js: Error: hook$/m)
    expect(notes).toMatch(/^✗ .*import\.test\.js: Error: .*nowhere/m)
    expect(notes).toMatch(/^✗ Error: lost$/m)
    expect(notes).toMatch(/^- skipped in .*passes\.test\.js > later$/m)
  })
})

it('a project in which every test was skipped counts as a failure', async () => {
  const others = Object.keys(files).filter((name) => name !== 'all-skipped.test.js')
  const { passed, failed, lines } = await totalsOf(...others.map((name) => `--exclude=${name}`))
  expect([passed, failed]).toEqual([0, 1])
  expect(lines.join('\n')).toMatch(/ran no tests: all were skipped$/m)
}, 30_000)

it('a run of chosen files counts their tests only, and fails where none ran', async () => {
  expect(await totalsOf('passes')).toMatchObject({ passed: 2, failed: 0 })
  expect(await totalsOf('all-skipped')).toMatchObject({ passed: 0, failed: 1 })
}, 30_000)
