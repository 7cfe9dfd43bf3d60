// npm run soak: a world that lives for long, its device read back all the while: first on Dummy, then on Dawn.
//   npm run soak -- --backend dummy --frames 100000 --seed 7
//   npm run soak -- --attach 2000     attaches and disposes so often instead, on one lent device each: Dummy, Dawn, Chromium
// A line for every 10 000 frames (Dawn: 500) says what memory is in use. Ends with exit code 1 when a byte differs, when anything
// warns or is left behind, or when memory is not flat (tests/soak/memory.ts says what that means).
import { parseArgs } from 'node:util'
import { fail, prepare } from './install.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const string = /** @type {const} */ ({ type: 'string' })
const { values } = parseArgs({ options: { backend: string, frames: string, seed: string, attach: string } })
const { backend, ...numbers } = values
for (const [name, value] of Object.entries(numbers))
  if (!/^[1-9]\d{0,8}$/.test(value)) fail(`--${name} is a whole number from 1, not ${value}`)
if (backend !== undefined && backend !== 'dummy' && backend !== 'dawn')
  fail(`--backend is dummy or dawn, not ${backend}`)

prepare()
const { run, runProgram } = await import('./run.mjs')
const given = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, value])
/** @type {(() => Promise<number>)[]} */
const runs = (backend ? [backend] : ['dummy', 'dawn']).map(
  (name) => () =>
    runProgram(['--expose-gc', 'tests/soak/main.ts', '--backend', name, ...given], softwareVulkanEnv()),
)
if (values.attach && !backend) {
  const env = { MEMKIT_ATTACH: values.attach }
  runs.push(() => run('vitest', ['run', '--project', 'browser', 'tests/soak/attach.browser.test.ts'], env))
}
for (const start of runs) {
  const code = await start()
  if (code !== 0) process.exitCode = code
  if (code === 130 || code === 143) break // interrupted
}
