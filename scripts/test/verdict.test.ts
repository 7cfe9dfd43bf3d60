import { describe, expect, it } from 'vitest'
import type { ProjectTotals, Totals } from '../totals-reporter.mjs'
import { verdict } from '../verdict.mjs'

const project = (
  name: string,
  passed: number,
  failed = 0,
  more: Partial<ProjectTotals> = {},
): ProjectTotals => ({
  name,
  passed,
  failed,
  skipped: [],
  problems: [],
  ...more,
})

const run = (projects: ProjectTotals[], more: Partial<Totals> = {}): Totals => ({
  projects,
  unhandled: [],
  filtered: false,
  interrupted: false,
  ...more,
})

describe('the verdict on a test run', () => {
  it('adds up the projects', () => {
    const { passed, failed, lines } = verdict(run([project('unit', 120), project('dawn', 30)]), 0)
    expect([passed, failed]).toEqual([150, 0])
    expect(lines).toEqual([
      'project     passed  failed skipped',
      'unit           120       0       0',
      'dawn            30       0       0',
    ])
  })

  it('counts failed tests', () => {
    expect(verdict(run([project('unit', 3, 2), project('dawn', 1, 1)]), 1)).toMatchObject({
      passed: 4,
      failed: 3,
    })
  })

  it('counts a project that ran no tests as a failure, and says whether all were skipped', () => {
    const skipped = project('browser', 0, 0, { skipped: ['a', 'b'] })
    const { failed, lines } = verdict(run([project('unit', 3), project('dawn', 0), skipped]), 0)
    expect(failed).toBe(2)
    expect(lines).toContain('✗ dawn ran no tests')
    expect(lines).toContain('✗ browser ran no tests: all were skipped')
  })

  it('lets a project be empty when file names or a test name narrowed the run', () => {
    const totals = run([project('unit', 3), project('dawn', 0)], { filtered: true })
    expect(verdict(totals, 0)).toMatchObject({ passed: 3, failed: 0 })
  })

  it('fails a narrowed run in which nothing ran at all', () => {
    expect(verdict(run([project('unit', 0)], { filtered: true }), 0)).toMatchObject({ passed: 0, failed: 1 })
  })

  it('names every skipped test', () => {
    const { failed, lines } = verdict(run([project('unit', 3, 0, { skipped: ['heap.test.ts > grows'] })]), 0)
    expect(failed).toBe(0)
    expect(lines).toContain('- skipped in unit: heap.test.ts > grows')
  })

  it('counts each error outside tests', () => {
    const { failed, lines } = verdict(run([project('unit', 3)], { unhandled: ['Error: lost'] }), 1)
    expect(failed).toBe(1)
    expect(lines).toContain('✗ Error: lost')
  })

  it('shows what went wrong in a project besides its tests, which the project has counted already', () => {
    const { failed, lines } = verdict(run([project('dawn', 2, 1, { problems: ['a did not finish'] })]), 1)
    expect(failed).toBe(1)
    expect(lines).toContain('✗ dawn: a did not finish')
  })

  it('fails an interrupted run', () => {
    expect(verdict(run([project('unit', 3)], { interrupted: true }), 0).failed).toBe(1)
  })

  it('fails when Vitest left no report', () => {
    expect(verdict(undefined, 134)).toMatchObject({ passed: 0, failed: 1 })
  })

  it('never calls a run green that Vitest itself ended as red', () => {
    const { failed, lines } = verdict(run([project('unit', 3)]), 1)
    expect(failed).toBe(1)
    expect(lines).toContain('✗ Vitest ended with code 1')
  })
})
