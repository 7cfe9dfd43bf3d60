// npm run soak: a world that lives for long, its device read back all the while: first on Dummy, then on Dawn.
//   npm run soak -- --backend dummy --frames 100000 --seed 7
//   npm run soak -- --attach 2000     attaches and disposes so often instead, on one lent device each: Dummy, Dawn, Chromium
// A line for every 10 000 frames (Dawn: 500) says what memory is in use. Ends with exit code 1 when a byte differs, when anything
// warns or is left behind, or when memory is not flat (tests/soak/memory.ts says what that means).
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensurePackages, requireNode, root } from './install.mjs'
import { runNode, toolPath } from './run-tool.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

requireNode()
const { backend, frames, seed, attach } = options()
ensurePackages()
const program = [
  toolPath('tsx'),
  '--expose-gc',
  '--conditions=@memkit/source',
  join(root, 'tests/soak/main.ts'),
]
const given = [
  ...(frames ? ['--frames', frames] : []),
  ...(seed ? ['--seed', seed] : []),
  ...(attach ? ['--attach', attach] : []),
]
for (const name of backend ? [backend] : ['dummy', 'dawn']) {
  const code = await runNode([...program, '--backend', name, ...given], softwareVulkanEnv())
  if (code !== 0) process.exitCode = code
  // Interrupted, by Ctrl-C or by whoever started it.
  if (code === 130 || code === 143) break
}
if (attach && !backend) {
  const page = [toolPath('vitest'), 'run', '--project', 'browser', 'tests/soak/attach.browser.test.ts']
  const code = await runNode(page, { MEMKIT_ATTACH: attach })
  if (code !== 0) process.exitCode = code
}

/**
 * What was given after `--`; ends the process where it makes no sense.
 * @returns {{ backend?: string | undefined, frames?: string | undefined, seed?: string | undefined, attach?: string | undefined }}
 */
function options() {
  try {
    const { values } = parseArgs({
      options: {
        backend: { type: 'string' },
        frames: { type: 'string' },
        seed: { type: 'string' },
        attach: { type: 'string' },
      },
    })
    const { backend, frames, seed, attach } = values
    if (backend !== undefined && backend !== 'dummy' && backend !== 'dawn')
      throw new Error(`--backend is dummy or dawn, not ${backend}`)
    for (const [name, value] of [
      ['frames', frames],
      ['seed', seed],
      ['attach', attach],
    ])
      if (value !== undefined && !/^[1-9]\d{0,8}$/.test(value))
        throw new Error(`--${name} is a whole number from 1, not ${value}`)
    return { backend, frames, seed, attach }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    return process.exit(1)
  }
}
