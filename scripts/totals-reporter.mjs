// Vitest reporter that writes what each project did, as JSON, to the file named in MEMKIT_TOTALS.
// Vitest's own JSON reporter knows neither projects nor unhandled errors, and both count here.
import { writeFileSync } from 'node:fs'

/** @typedef {{ name: string, passed: number, failed: number, skipped: string[], problems: string[] }} ProjectTotals */
/** @typedef {{ projects: ProjectTotals[], unhandled: string[], filtered: boolean, interrupted: boolean }} Totals */

export default class TotalsReporter {
  /** @type {import('vitest/node').Vitest | undefined} */
  #vitest

  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly { name?: string, message: string }[]} unhandledErrors
   * @param {import('vitest/node').TestRunEndReason} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    /** @type {Map<string, ProjectTotals>} */
    const projects = new Map()
    const totalsOf = (/** @type {string} */ fullName) => {
      const name = fullName.replace(/ \(.*\)$/, '') // "browser (chromium)"
      const totals = projects.get(name) ?? { name, passed: 0, failed: 0, skipped: [], problems: [] }
      projects.set(name, totals)
      return totals
    }
    for (const project of this.#vitest?.projects ?? []) totalsOf(project.name)
    for (const module of modules) count(module, totalsOf(module.project.name))
    /** @type {Totals} */
    const totals = {
      projects: [...projects.values()],
      unhandled: unhandledErrors.map(oneLine),
      filtered: this.#isFiltered(),
      interrupted: reason === 'interrupted',
    }
    const file = process.env['MEMKIT_TOTALS']
    if (file) writeFileSync(file, JSON.stringify(totals))
  }

  /** Whether file names or a test name narrowed the run, so that a project without tests is no surprise. */
  #isFiltered() {
    const vitest = this.#vitest
    if (!vitest) return false
    const files = 'filenamePattern' in vitest ? vitest.filenamePattern : undefined
    return files !== undefined || vitest.config.testNamePattern !== undefined
  }
}

/**
 * @param {import('vitest/node').TestModule} module
 * @param {ProjectTotals} totals
 */
function count(module, totals) {
  const failedBefore = totals.failed
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    if (state === 'passed') totals.passed++
    else if (state === 'skipped') totals.skipped.push(`${module.relativeModuleId} > ${test.fullName}`)
    else totals.failed++ // "pending" too: its file ended before it did
    if (state === 'pending')
      totals.problems.push(`${module.relativeModuleId} > ${test.fullName} did not finish`)
  }
  // Errors outside tests: of the file itself, and of hooks.
  const errors = [...module.errors(), ...[...module.children.allSuites()].flatMap((suite) => suite.errors())]
  totals.failed += errors.length
  totals.problems.push(...errors.map((error) => `${module.relativeModuleId}: ${oneLine(error)}`))
  if (module.ok() && module.state() !== 'queued' && module.state() !== 'pending') return
  if (totals.failed > failedBefore) return
  totals.failed++
  totals.problems.push(`${module.relativeModuleId} did not finish (${module.state()})`)
}

/** @param {{ name?: string, message: string }} error */
function oneLine(error) {
  const text = error.name ? `${error.name}: ${error.message}` : error.message
  return text.split('\n', 1)[0] ?? ''
}
