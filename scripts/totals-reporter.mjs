// Vitest reporter that writes what a run amounts to, as JSON, to the file named in MEMKIT_TOTALS. Whatever went wrong counts as one
// failure at least: a project without tests, an error outside of tests, a file that did not finish.
import { writeFileSync } from 'node:fs'

/** @typedef {{ passed: number, failed: number, lines: string[] }} Totals `lines`: a table of projects, then what stands out */

export default class TotalsReporter {
  /** @type {import('vitest/node').Vitest | undefined} */
  #vitest

  /** @param {import('vitest/node').Vitest} vitest */
  onInit(vitest) {
    this.#vitest = vitest
  }

  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly { name?: string, message: string }[]} errors outside of tests
   * @param {import('vitest/node').TestRunEndReason} reason
   */
  onTestRunEnd(modules, errors, reason) {
    const table = ['project     passed  failed skipped']
    /** @type {string[]} */
    const notes = []
    const all = { passed: 0, failed: 0 }
    const names = new Set(
      [...(this.#vitest?.projects ?? []), ...modules.map((each) => each.project)].map(nameOf),
    )
    for (const name of names) {
      const counts = { passed: 0, failed: 0, skipped: 0 }
      for (const module of modules) if (nameOf(module.project) === name) count(module, name, counts, notes)
      const cells = Object.values(counts).map((number) => String(number).padStart(8))
      table.push(name.padEnd(10) + cells.join(''))
      all.passed += counts.passed
      all.failed += counts.failed
      if (this.#isNarrowed() || counts.passed + counts.failed > 0) continue
      notes.push(`✗ ${name} ran no tests${counts.skipped > 0 ? ': all were skipped' : ''}`)
      all.failed++
    }
    const problems = errors.map(oneLine)
    if (reason === 'interrupted') problems.push('the run was interrupted')
    else if (all.passed + all.failed + problems.length === 0) problems.push('no test was run')
    notes.push(...problems.map((problem) => `✗ ${problem}`))
    all.failed += problems.length
    const file = process.env['MEMKIT_TOTALS']
    if (file) writeFileSync(file, JSON.stringify({ ...all, lines: [...table, ...notes] }))
  }

  /** Whether file names or a test name narrowed the run, so that a project may have no tests. */
  #isNarrowed() {
    const vitest = this.#vitest
    const files = vitest && 'filenamePattern' in vitest ? vitest.filenamePattern : undefined
    return files !== undefined || vitest?.config.testNamePattern !== undefined
  }
}

/**
 * @param {import('vitest/node').TestModule} module
 * @param {string} project
 * @param {{ passed: number, failed: number, skipped: number }} counts
 * @param {string[]} notes
 */
function count(module, project, counts, notes) {
  const file = module.relativeModuleId
  const failedBefore = counts.failed
  const fail = (/** @type {string} */ why) => {
    counts.failed++
    notes.push(`✗ ${project}: ${file}${why}`)
  }
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    if (state === 'pending') fail(` > ${test.fullName} did not finish`)
    else counts[state]++
    if (state === 'skipped') notes.push(`- skipped in ${project}: ${file} > ${test.fullName}`)
  }
  // Errors of the file itself, and of hooks.
  for (const error of [module, ...module.children.allSuites()].flatMap((each) => each.errors()))
    fail(`: ${oneLine(error)}`)
  const finished = module.ok() && module.state() !== 'queued' && module.state() !== 'pending'
  if (!finished && counts.failed === failedBefore) fail(` did not finish (${module.state()})`)
}

/** @param {{ name: string }} project */
function nameOf(project) {
  return project.name.replace(/ \(.*\)$/, '') // "browser (chromium)"
}

/** @param {{ name?: string, message: string }} error */
function oneLine(error) {
  return `${error.name ? `${error.name}: ` : ''}${error.message}`.split('\n', 1)[0] ?? ''
}
