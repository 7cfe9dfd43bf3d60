// npm run mutants: plants one bug at a time in a copy of the working tree, and sees whether the tests notice.
//   npm run mutants -- --only generation-not-raised     one of them, or all whose name begins so; may be given more than once
//   npm run mutants -- --list                           what there is
//   npm run mutants -- --jobs 2                         copies that are worked on side by side
// Each runs the tests that it names (scripts/mutants/*.mjs), and no others: a bug that only tests far away notice counts as survivor.
// Exit code 1 when one survives, does not load, or has lost its place in the sources. (Stryker, which does this by rule, wants Node 22.)
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensurePackages, requireNode, root } from './install.mjs'
import { misplaced, plantedBugs } from './planted-bugs.mjs'
import { endAll, runLimited } from './run-limited.mjs'
import { toolPath } from './run-tool.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'
import { copyWorkingTree } from './working-copy.mjs'

/** Seconds after which the tests of a bug count as hanging. Without a bug the slowest take about 15. */
const LIMIT = 90

/** @typedef {import('./planted-bugs.mjs').PlantedBug} PlantedBug */
/** @typedef {{ verdict: 'caught' | 'survived' | 'broken', how: string, output: string }} Result */

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    jobs: { type: 'string', default: '1' },
    list: { type: 'boolean', default: false },
  },
})
const { only = [''] } = values
const bugs = plantedBugs.filter(({ name }) => only.some((start) => name.startsWith(start)))

requireNode()
if (bugs.length === 0) {
  console.error(`There is no bug "${only.join(', ')}". npm run mutants -- --list names them.`)
  process.exitCode = 1
} else if (values.list) {
  const width = Math.max(...bugs.map(({ name }) => name.length))
  for (const { name, breaks } of bugs) console.log(`${name.padEnd(width)}  ${breaks}`)
} else {
  ensurePackages()
  process.exitCode = (await run()) ? 0 : 1
}

/** @returns {Promise<boolean>} whether all is well */
async function run() {
  let started = performance.now()
  /** @type {{ bug: PlantedBug, result: Result }[]} */
  const results = []
  const copies = Array.from({ length: Math.max(1, Math.floor(Number(values.jobs))) }, () =>
    copyWorkingTree(root),
  )
  const cleanUp = () => {
    endAll()
    for (const { remove } of copies) remove()
  }
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.once(signal, () => {
      cleanUp()
      process.exit(130)
    })
  try {
    const failing = await runClean(copies[0].folder)
    if (failing !== undefined) {
      console.log(`${failing}\nThe tests fail without any bug: mend them first.`)
      return false
    }
    console.log(`Without a bug the tests pass, ${Math.round((performance.now() - started) / 1000)} s.`)
    started = performance.now()
    const queue = [...bugs]
    await Promise.all(
      copies.map(async ({ folder }) => {
        for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
          const began = performance.now()
          const result = await tryOut(folder, bug)
          results.push({ bug, result })
          print(bug, result, (performance.now() - began) / 1000, started, results.length)
        }
      }),
    )
  } finally {
    cleanUp()
  }
  const of = (/** @type {string} */ verdict) => results.filter(({ result }) => result.verdict === verdict)
  for (const { bug, result } of [...of('survived'), ...of('broken')])
    console.log(`\n✗ ${bug.name} (${bug.file}): ${bug.breaks}\n  ${result.how}\n${result.output}`)
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`${of('caught').length} caught of ${bugs.length} planted, ${seconds} s`)
  return of('caught').length === bugs.length
}

/**
 * The tests that are named must pass as long as there is no bug.
 * @param {string} folder
 * @returns {Promise<string | undefined>} what they printed when they do not
 */
async function runClean(folder) {
  for (const project of /** @type {const} */ (['unit', 'dawn'])) {
    const tests = new Set(bugs.filter((bug) => projectOf(bug) === project).flatMap((bug) => bug.tests))
    if (tests.size === 0) continue
    const { code, output } = await runTests(folder, project, [...tests], LIMIT * 5)
    if (code !== 0) return output
  }
  return undefined
}

/** @param {PlantedBug} bug */
function projectOf(bug) {
  return bug.project ?? 'unit'
}

/**
 * @param {string} folder
 * @param {PlantedBug} bug
 * @returns {Promise<Result>}
 */
async function tryOut(folder, bug) {
  const why = misplaced(folder, bug)
  if (why !== undefined) return { verdict: 'broken', how: why, output: '' }
  const path = join(folder, bug.file)
  const before = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    before.replace(bug.find, () => bug.replace),
  )
  try {
    const { code, timedOut, output, report } = await runTests(folder, projectOf(bug), bug.tests, LIMIT)
    if (timedOut) return { verdict: 'caught', how: `hangs: ended after ${LIMIT} s`, output: '' }
    if (code === 0) return { verdict: 'survived', how: `by ${bug.tests.join(', ')}`, output: '' }
    const { failed, loaded } = report
    if (failed === 0 && !loaded)
      return { verdict: 'broken', how: 'the tests do not load', output: tail(output) }
    return {
      verdict: 'caught',
      how: failed > 0 ? `${failed} tests fail` : 'an error outside of any test',
      output: '',
    }
  } finally {
    writeFileSync(path, before)
  }
}

/**
 * @param {string} folder
 * @param {'unit' | 'dawn'} project
 * @param {readonly string[]} tests
 * @param {number} seconds
 */
async function runTests(folder, project, tests, seconds) {
  const report = join(folder, 'mutant-report.json')
  rmSync(report, { force: true })
  const args = ['run', '--project', project, '--reporter=json', `--outputFile=${report}`, ...tests]
  const env = { ...process.env, ...softwareVulkanEnv(), MEMKIT_MODEL_RUNS: '20', CI: '' }
  const ran = await runLimited(process.execPath, [toolPath('vitest'), ...args], { cwd: folder, env, seconds })
  return { ...ran, report: readReport(report) }
}

/**
 * How many tests failed, and whether there were any.
 * @param {string} file
 */
function readReport(file) {
  try {
    const { numFailedTests, numTotalTests } = JSON.parse(readFileSync(file, 'utf8'))
    return { failed: numFailedTests, loaded: numTotalTests > 0 }
  } catch {
    return { failed: 0, loaded: false }
  }
}

/** @param {string} output */
function tail(output) {
  return output.trimEnd().split('\n').slice(-25).join('\n')
}

/**
 * @param {PlantedBug} bug
 * @param {Result} result
 * @param {number} took seconds
 * @param {number} started
 * @param {number} done
 */
function print(bug, { verdict, how }, took, started, done) {
  const elapsed = (performance.now() - started) / 1000
  const left = Math.round((elapsed / done) * (bugs.length - done))
  const mark = verdict === 'caught' ? '✓' : '✗'
  console.log(
    `${mark} ${String(done).padStart(3)}/${bugs.length} ${bug.name.padEnd(40)} ${verdict}, ${how} ` +
      `(${took.toFixed(1)} s; about ${left} s to go)`,
  )
}
