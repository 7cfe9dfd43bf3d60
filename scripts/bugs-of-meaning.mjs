// npm run mutants -- meaning [name …]: plants bugs that no rule makes up (a wrong order, a stale generation, a case forgotten), one at a
// time, in a copy of the working tree, and expects that the tests named with it fail.
//   tests/bugs/<name>.patch begins with what breaks then, and the line "Tests: file …", without what stands after their first dot.
//   A line "Project: dawn" has them run on a device.
// To write one: make the bug, git diff -U0 > tests/bugs/<name>.patch, put the words above it, and undo the bug. Lines are found by what
// they say, which must be once in their file: give more of them with -U1 where they are not.
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { x } from 'tinyexec'
import { root } from './install.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const folder = 'tests/bugs'
const copy = '.stryker-tmp/meaning'
const made = /^(?:\.git|\.stryker-tmp|\.wireit|reports|node_modules|dist|dist-packs)$/ // not copied

/** @typedef {{ name: string, breaks: string, tests: string[], project: string }} Bug */

/** Every bug whose name begins with one of the words. @param {readonly string[]} words */
export function bugsOfMeaning(words = ['']) {
  return readdirSync(join(root, folder))
    .map((file) => basename(file, '.patch'))
    .filter((name) => words.some((word) => name.startsWith(word)))
    .map((name) => {
      const [head = ''] = readFileSync(join(root, folder, `${name}.patch`), 'utf8').split(/^diff --git /m)
      const [, tests = ''] = /^Tests: (.+)$/m.exec(head) ?? []
      const [, project = 'unit'] = /^Project: (.+)$/m.exec(head) ?? []
      const [breaks = ''] = head.split('\n', 1)
      return { name, breaks, tests: tests.split(' ').map((test) => `${test}.`), project }
    })
}

/**
 * The files that a bug changes, as they read with it.
 * @param {Bug} bug
 * @returns {[file: string, source: string][]}
 * @throws when the lines that it replaces are not in their file, or there more than once
 */
export function planted({ name }) {
  const [, ...changes] = readFileSync(join(root, folder, `${name}.patch`), 'utf8').split(/^\+\+\+ b\//m)
  return changes.map((change) => {
    const [file = '', ...lines] = change.split('\n')
    let source = readFileSync(join(root, file), 'utf8')
    for (const hunk of lines
      .join('\n')
      .split(/^@@.*\n/m)
      .slice(1)) {
      const said = (/** @type {RegExp} */ signs) =>
        hunk
          .split('\n')
          .flatMap((line) => (signs.test(line) ? `${line.slice(1)}\n` : []))
          .join('')
      const parts = source.split(said(/^[ -](?!-- )/))
      if (parts.length !== 2) throw new Error(`${name}: ${parts.length - 1} places in ${file} for\n${hunk}`)
      source = parts.join(said(/^[ +]/))
    }
    return [file, source]
  })
}

/** Plants each bug and runs its tests. @param {readonly string[]} words @returns whether all were caught */
export async function tryBugsOfMeaning(words) {
  const bugs = bugsOfMeaning(words.length > 0 ? words : undefined)
  let caught = 0
  rmSync(join(root, copy), { recursive: true, force: true })
  for (const name of readdirSync(root).filter((each) => !made.test(each)))
    cpSync(join(root, name), join(root, copy, name), {
      recursive: true,
      filter: (path) => !made.test(basename(path)),
    })
  // Packages from npm are found above; ours are those of the copy.
  const ours = 'node_modules/@memkit'
  cpSync(join(root, ours), join(root, copy, ours), { recursive: true, verbatimSymlinks: true })
  for (const project of ['unit', 'dawn']) {
    const tests = bugs.filter((bug) => bug.project === project).flatMap((bug) => bug.tests)
    const { ok, output } = tests.length === 0 ? { ok: true, output: '' } : await runTests(project, tests)
    if (!ok) throw new Error(`The tests fail without any bug:\n${output}`)
  }
  for (const bug of bugs) {
    const files = planted(bug)
    for (const [file, source] of files) writeFileSync(join(root, copy, file), source)
    const { ok, failed, output } = await runTests(bug.project, bug.tests)
    for (const [file] of files) cpSync(join(root, file), join(root, copy, file))
    const verdict = ok ? 'survived' : failed ? 'caught' : 'is broken'
    if (verdict === 'caught') caught++
    console.log(`${failed ? '✓' : '✗'} ${bug.name.padEnd(36)} ${verdict}: ${bug.breaks}`)
    if (verdict === 'is broken') console.log(output)
  }
  console.log(`${caught} caught of ${bugs.length} bugs`)
  return caught === bugs.length
}

/**
 * @param {string} project
 * @param {readonly string[]} tests
 * @returns {Promise<{ ok: boolean, failed: boolean, output: string }>} `failed`: tests did, or hung, rather than that they did not load
 */
async function runTests(project, tests) {
  // Threads end with their process, where one hangs.
  const pool = project === 'unit' ? ['--pool=threads'] : []
  const env = { ...softwareVulkanEnv(), MEMKIT_MODEL_RUNS: '60', NO_COLOR: '1', FORCE_COLOR: '0' }
  const child = x('vitest', ['run', '--project', project, '--bail=1', ...pool, ...new Set(tests)], {
    timeout: 120_000,
    nodeOptions: { cwd: join(root, copy), env },
  })
  const { stdout, stderr } = await child
  const failed = child.exitCode === undefined || /Tests\b.*\b\d+ failed/.test(stdout)
  return { ok: child.exitCode === 0, failed, output: stdout + stderr }
}
