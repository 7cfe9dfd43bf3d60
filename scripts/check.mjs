// npm run check: everything short of the tests. All steps run; the outputs of those that failed follow at the end.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBundles } from './bundles.mjs'
import { problemsOfConsumers } from './consumer.mjs'
import { brokenRules } from './house-rules.mjs'
import { ensurePackages, requireNode, root } from './install.mjs'
import { brokenLinks } from './links.mjs'
import { pack, published } from './pack.mjs'
import { capture, toolPath } from './run-tool.mjs'

/** @typedef {{ code: number, output: string }} Outcome */

/** @type {[name: string, run: () => Outcome | Promise<Outcome>][]} */
const steps = [
  ['lint', () => tool('oxlint', ['--type-aware'])],
  ['format', () => tool('oxfmt', ['--check'])],
  ['types of the packages, and their build', build],
  ['types of tests, demo, examples, scripts', () => tool('typescript', ['-p', 'tsconfig.dev.json'], 'tsc')],
  // By itself: an engine that it measures adds to the types of the page.
  ['types of the bench', () => tool('typescript', ['-p', 'bench'], 'tsc')],
  ['unused files, exports and dependencies', () => tool('knip', ['--no-progress'])],
  ['packages as published', packages],
  [
    'packages in a clean project: TypeScript 5.9 to 7, Node, Vite',
    async () => listed(await problemsOfConsumers()),
  ],
  ['size of bundles', sizes],
  [
    'links',
    () =>
      listed(
        brokenLinks(
          root,
          files().filter((file) => file.endsWith('.md')),
        ),
      ),
  ],
  ['house rules', () => listed(brokenRules(root, files()))],
]

requireNode()
ensurePackages()
const failures = []
for (const [name, run] of steps) {
  const start = performance.now()
  const { code, output } = await run()
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5)
  console.log(`${code === 0 ? '✓' : '✗'} ${seconds} s  ${name}`)
  if (code !== 0) failures.push({ name, output })
}
for (const { name, output } of failures) console.log(`\n✗ ${name}\n${output.trimEnd()}`)
console.log(
  failures.length === 0 ? 'All checks passed.' : `\n${failures.length} of ${steps.length} checks failed.`,
)
process.exitCode = failures.length === 0 ? 0 : 1

/**
 * @param {string} name of the npm package
 * @param {string[]} args
 * @param {string} [bin]
 */
function tool(name, args, bin) {
  return capture(process.execPath, [toolPath(name, bin), ...args])
}

/** @param {string[]} problems */
function listed(problems) {
  return { code: problems.length === 0 ? 0 : 1, output: problems.join('\n') }
}

async function build() {
  const outcome = await tool('typescript', ['-b'], 'tsc')
  for (const folder of published()) removeStale(join(folder, 'dist'), join(folder, 'src'))
  return outcome
}

/**
 * tsc leaves what it made of a source that is gone, and that would be published.
 * @param {string} dist
 * @param {string} src
 */
function removeStale(dist, src) {
  if (!existsSync(join(root, dist))) return
  for (const file of readdirSync(join(root, dist), { recursive: true, encoding: 'utf8' })) {
    const stem = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(file)?.[1]
    if (stem && !existsSync(join(root, src, `${stem}.ts`))) rmSync(join(root, dist, file))
  }
}

/** Packs every package and judges the tarballs: exports that exist, types that resolve. */
async function packages() {
  const folder = mkdtempSync(join(tmpdir(), 'memkit-pack-'))
  const outcomes = [await pack(published(), folder)]
  for (const tarball of readdirSync(folder)) {
    const path = join(folder, tarball)
    outcomes.push(await tool('publint', ['run', path, '--strict']))
    outcomes.push(
      await tool('@arethetypeswrong/cli', [path, '--profile=esm-only', '--no-emoji', '--no-color'], 'attw'),
    )
  }
  rmSync(folder, { recursive: true })
  const failed = outcomes.filter(({ code }) => code !== 0)
  return { code: failed.length, output: failed.map(({ output }) => output).join('\n') }
}

/** What users' bundles weigh, against the budgets in `.size-limit.json`. */
async function sizes() {
  await writeBundles()
  return tool('size-limit', [])
}

/** Files under version control, and those that would be if added now. */
function files() {
  const listing = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listing.stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
}
