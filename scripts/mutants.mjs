// npm run mutants -- meaning     plants the bugs of tests/bugs: see bugs-of-meaning.mjs
// npm run mutants -- <package>   Stryker plants bugs by rule in the logic of a package, and runs its unit tests against each.
//   --files 'packages/core/src/arena/**'   in these instead, with all tests of the package; --full: forget what earlier runs found
// Fails when fewer bugs are killed than `least` says. The report: reports/mutants/<package>.html
import { parseArgs } from 'node:util'
import { fail, prepare, root } from './install.mjs'

/**
 * The logic that most depends on, the tests that are about it, and the score in percent that a run must reach.
 * @type {Record<string, { files: string, tests: string, least: number }>}
 */
const packages = {
  // Which rows changed, and who has which piece of a heap.
  core: {
    files: '{rows/dirty-rows,memory/range-allocator}.ts',
    tests: '{dirty-rows,range-allocator,column-packer,kernels-agree}',
    least: 85,
  },
  // When what was recorded acts, is confirmed, and is let go.
  gpu: {
    files: 'queue/*.ts',
    tests:
      '{conformance.everywhere,timeline,transfer,readback,scatter,unconfirmed,deferred-deletions,bad-input}',
    least: 75,
  },
  // How what changed travels.
  coordinator: {
    files: 'flush/{planner,flush,mirror-scatter}.ts',
    tests:
      '{planner,mirror,column-mirror-faults,column-mirror.everywhere,shared-scatter,strategies.node,given-memory,report,program.node}',
    least: 75,
  },
  // Who is alive, and which row each has.
  'ecs-plugin': {
    files: '{ecs/membership,rows/*}.ts',
    tests: '{membership,lost-events,recycled-ids,waiting-rows,sparse-set,shared-rows,marks,mk-sync}',
    least: 89,
  },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { files: { type: 'string' }, full: { type: 'boolean', default: false } },
})
const [name = '', ...words] = positionals

prepare()
if (name === 'meaning') {
  const { tryBugsOfMeaning } = await import('./bugs-of-meaning.mjs')
  process.exit((await tryBugsOfMeaning(words)) ? 0 : 1)
}
const chosen = packages[name]
if (chosen === undefined) fail(`npm run mutants -- ${['meaning', ...Object.keys(packages)].join(' | ')}`)
process.chdir(root)
process.env['MEMKIT_MUTANTS'] = `packages/${name}/test/${values.files ? '**/*' : chosen.tests}.test.ts`
const { Stryker } = await import('@stryker-mutator/core')
await new Stryker({
  mutate: values.files ? [values.files] : [`packages/${name}/src/${chosen.files}`],
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/mutants.vite.config.ts' },
  // The sandbox is below the root, where packages from npm are found; ours are those of the sandbox.
  symlinkNodeModules: false,
  buildCommand: `node -e fs.cpSync('../../node_modules/@memkit','node_modules/@memkit',{recursive:true,verbatimSymlinks:true})`,
  // There is no TypeScript 7 API that Stryker could read this with, and nothing in it to rewrite.
  tsconfigFile: 'none',
  disableTypeChecks: false,
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  timeoutMS: 2500,
  timeoutFactor: 1,
  // What an error says, and of which fields it is made, is for its own tests.
  mutator: { excludedMutations: ['StringLiteral', 'ObjectLiteral'] },
  ignorePatterns: ['.wireit', 'dist', 'dist-packs', 'docs', 'reports'],
  concurrency: 2,
  incremental: true,
  incrementalFile: `reports/mutants/${name}.json`,
  force: values.full,
  reporters: ['clear-text', 'html', 'progress'],
  htmlReporter: { fileName: `reports/mutants/${name}.html` },
  clearTextReporter: { allowColor: false, logTests: false },
  thresholds: { high: 90, low: 80, break: chosen.least },
}).runMutationTest()
