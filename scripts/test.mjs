// npm test: every project of Vitest. Arguments go to Vitest: npm test -- --project unit packages/core
// The last line is "N passed, N failed"; the exit code is 0 only when the second number is.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureChromium, ensurePackages, requireNode, root } from './install.mjs'
import { runNode, toolPath } from './run-tool.mjs'
import { verdict } from './verdict.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const args = process.argv.slice(2)

requireNode()
ensurePackages()
const missing = needsChromium() ? ensureChromium() : undefined
if (missing) console.error(missing)

const folder = mkdtempSync(join(tmpdir(), 'memkit-test-'))
const report = join(folder, 'totals.json')
const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']
const exitCode = await runNode(
  [
    toolPath('vitest'),
    'run',
    ...reporters,
    `--reporter=${join(root, 'scripts/totals-reporter.mjs')}`,
    ...args,
  ],
  { ...softwareVulkanEnv(), MEMKIT_TOTALS: report },
)
const { lines, passed, failed } = verdict(readReport(), exitCode)
rmSync(folder, { recursive: true })

for (const line of lines) console.log(line)
if (missing) console.log(missing)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** Whether a project is selected that runs on Chromium or on the driver that comes with it. */
function needsChromium() {
  const chosen = args.flatMap((arg, i) => {
    if (arg === '--project') return [args[i + 1] ?? '']
    return arg.startsWith('--project=') ? [arg.slice('--project='.length)] : []
  })
  return chosen.length === 0 || chosen.some((name) => name !== 'unit' && name !== 'types')
}

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return undefined // Vitest ended before it could write one
  }
}
