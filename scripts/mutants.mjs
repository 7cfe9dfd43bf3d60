// npm run mutants -- meaning     plants the bugs of tests/bugs: see bugs-of-meaning.mjs
// npm run mutants -- <package>   Stryker plants bugs by rule in the logic of a package, and runs its unit tests against each.
//   --files 'packages/core/src/rows/**'   only in these; --full: forget what earlier runs found
// Fails when fewer bugs are killed than `least` says. The report: reports/mutants/<package>.html
import { parseArgs } from 'node:util'
import { fail, prepare, root } from './install.mjs'

/** Folders with the logic, and the score in percent that a run must reach. @type {Record<string, { rooms: string[], least: number }>} */
const packages = {
  core: { rooms: ['{memory,rows}/**/*.ts'], least: 0 },
  gpu: { rooms: ['{buffers,queue}/**/*.ts'], least: 0 },
  coordinator: { rooms: ['coordinator.ts', 'flush/*.ts'], least: 0 },
  'ecs-plugin': { rooms: ['{ecs,rows}/*.ts'], least: 0 },
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
process.env['MEMKIT_MUTANTS'] = name
const { Stryker } = await import('@stryker-mutator/core')
await new Stryker({
  mutate: values.files ? [values.files] : chosen.rooms.map((room) => `packages/${name}/src/${room}`),
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
  timeoutMS: 1500,
  timeoutFactor: 1.2,
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
