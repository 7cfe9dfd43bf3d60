import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../install.mjs'
import { capture, toolPath } from '../run-tool.mjs'
import type { ProjectTotals, Totals } from '../totals-reporter.mjs'

// A real Vitest runs these files in a folder apart; each goes wrong in its own way.
const files = {
  'passes.test.js': `it('a', () => {}); it('b', () => {}); it.skip('later', () => {})`,
  'fails.test.js': `it('a', () => expect(1).toBe(2))`,
  'hook.test.js': `describe('d', () => { beforeAll(() => { throw new Error('hook') }); it('a', () => {}) })`,
  'import.test.js': `import './nowhere.js'; it('a', () => {})`,
  'rejection.test.js': `it('a', () => { void Promise.reject(new Error('lost')) })`,
  'crash.test.js': `it('dies', () => process.abort()); it('is never reached', () => {})`,
}

let folder: string
let totals: Totals
let project: ProjectTotals

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-totals-'))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const reporter = `--reporter=${join(root, 'scripts/totals-reporter.mjs')}`
  const MEMKIT_TOTALS = join(folder, 'totals.json')
  await capture(
    process.execPath,
    [toolPath('vitest'), 'run', '--root', folder, '--globals', '--pool=forks', reporter],
    { MEMKIT_TOTALS },
  )
  totals = JSON.parse(await readFile(MEMKIT_TOTALS, 'utf8')) as Totals
  project = totals.projects[0]!
}, 30_000)

afterAll(() => rm(folder, { recursive: true }))

describe('the totals of a run', () => {
  it('count what passed: two of passes.test.js, one of rejection.test.js', () => {
    expect(project.passed).toBe(3)
  })

  it('count what failed: a test, a hook, an import, and two tests of the file whose process died', () => {
    expect(project.failed).toBe(5)
    expect(project.problems.join('\n')).toMatch(/hook\.test\.js: Error: hook/)
    expect(project.problems.join('\n')).toMatch(/import\.test\.js: Error: .*nowhere/)
    expect(project.problems).toContain('crash.test.js > dies did not finish')
    expect(project.problems).toContain('crash.test.js > is never reached did not finish')
  })

  it('name what was skipped, by hand or behind a hook that failed', () => {
    expect([...project.skipped].sort()).toEqual(['hook.test.js > d > a', 'passes.test.js > later'])
  })

  it('hold the errors outside tests: the rejection and the crash', () => {
    expect(totals.unhandled).toHaveLength(2)
    expect(totals.unhandled).toContain('Error: lost')
  })

  it('say that nothing narrowed or interrupted the run', () => {
    expect(totals).toMatchObject({ filtered: false, interrupted: false })
  })
})
