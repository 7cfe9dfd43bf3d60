import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

/** Runs a case of the program in a process of its own. Fails when that does not end by itself, in good time, with exit code 0. */
async function ends(name: string): Promise<string> {
  const program = new URL('leave-nothing.dawn.ts', import.meta.url).pathname
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@memkit/source', '--import=tsx', program, name],
    { timeout: 25_000 },
  )
  expect(stderr).toBe('')
  return stdout.trim()
}

describe('a program on Dawn ends by itself after dispose', () => {
  it.each([
    'a device that was lent',
    'a gpu that was lent',
    'a device of ours',
    'while the device is lost',
    'while it waits to ask for another device',
    'while it waits for another device',
    'in an open frame',
  ])(
    '%s',
    async (name) => {
      expect(await ends(name)).toBe('done')
    },
    30_000,
  )
})
