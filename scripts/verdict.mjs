// What a test run amounts to: the table of projects and the last line.

/**
 * Adds up a run. Whatever went wrong counts at least one failure: a project without tests, an error outside tests,
 * a Vitest that ended badly or without a report.
 * @param {import('./totals-reporter.mjs').Totals | undefined} totals undefined when Vitest wrote none
 * @param {number} exitCode of Vitest
 * @returns {{ lines: string[], passed: number, failed: number }} lines to print before the last one
 */
export function verdict(totals, exitCode) {
  const projects = totals?.projects ?? []
  /** @type {string[]} */
  const problems = [...(totals?.unhandled ?? [])]
  const passed = sum(projects.map((project) => project.passed))
  const ran = passed + sum(projects.map((project) => project.failed))
  for (const { name, passed, failed, skipped } of projects)
    if (!totals?.filtered && passed + failed === 0)
      problems.push(`${name} ran no tests${skipped.length > 0 ? ': all were skipped' : ''}`)
  if (!totals) problems.push(`Vitest ended with code ${exitCode} and left no report`)
  else if (totals.interrupted) problems.push('the run was interrupted')
  else if (ran === 0 && problems.length === 0) problems.push('no test was run')

  let failed = sum(projects.map((project) => project.failed)) + problems.length
  if (failed === 0 && exitCode !== 0) failed = problems.push(`Vitest ended with code ${exitCode}`)

  const notes = [
    ...projects.flatMap(({ name, skipped }) => skipped.map((test) => `- skipped in ${name}: ${test}`)),
    ...projects.flatMap(({ name, problems }) => problems.map((problem) => `✗ ${name}: ${problem}`)),
    ...problems.map((problem) => `✗ ${problem}`),
  ]
  return { lines: [...table(projects), ...notes], passed, failed }
}

/**
 * @param {import('./totals-reporter.mjs').ProjectTotals[]} projects
 * @returns {string[]}
 */
function table(projects) {
  const rows = projects.map(({ name, passed, failed, skipped }) => [name, passed, failed, skipped.length])
  const cells = [['project', 'passed', 'failed', 'skipped'], ...rows].map((row) => row.map(String))
  return cells.map(([name = '', ...counts]) =>
    [name.padEnd(10), ...counts.map((count) => count.padStart(8))].join(''),
  )
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0)
}
