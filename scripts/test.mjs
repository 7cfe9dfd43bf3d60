// npm test: every project of Vitest. Arguments go to Vitest: npm test -- --project unit packages/core
// The last line is "N passed, N failed"; the exit code is 0 only when the second number is.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureChromium, prepare, root } from './install.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const args = process.argv.slice(2)

prepare()
const missing = needsChromium() ? ensureChromium() : undefined
if (missing) console.error(missing)

const { run } = await import('./run.mjs')
const folder = mkdtempSync(join(tmpdir(), 'memkit-test-'))
const report = join(folder, 'totals.json')
const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']
const exitCode = await run(
  'vitest',
  ['run', ...reporters, `--reporter=${join(root, 'scripts/totals-reporter.mjs')}`, ...args],
  { ...softwareVulkanEnv(), MEMKIT_TOTALS: report },
)
const totals = readTotals()
rmSync(folder, { recursive: true })
// A run that Vitest itself ended as red is never called green.
if (exitCode !== 0 && totals.failed === 0) {
  totals.lines.push(`✗ Vitest ended with code ${exitCode}`)
  totals.failed = 1
}

for (const line of totals.lines) console.log(line)
if (missing) console.log(missing)
console.log(`${totals.passed} passed, ${totals.failed} failed`)
process.exitCode = totals.failed === 0 ? 0 : 1

/** Whether a project is selected that runs on Chromium or on the driver that comes with it. */
function needsChromium() {
  const chosen = args.flatMap((arg, i) => {
    if (arg === '--project') return [args[i + 1] ?? '']
    return arg.startsWith('--project=') ? [arg.slice('--project='.length)] : []
  })
  return chosen.length === 0 || chosen.some((name) => name !== 'unit' && name !== 'types')
}

/** @returns {import('./totals-reporter.mjs').Totals} */
function readTotals() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, lines: [`✗ Vitest ended with code ${exitCode} and left no report`] }
  }
}
