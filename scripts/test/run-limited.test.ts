import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { runLimited } from '../run-limited.mjs'

/** Whether a process still runs. One that was ended stays on the list (as `Z`) where there is no init to take it off. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
}

/** Resolves when a process has ended: the kernel takes a moment. */
async function ended(pid: number): Promise<boolean> {
  for (let i = 0; i < 250 && (await isRunning(pid)); i++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  return !(await isRunning(pid))
}

const run = (source: string, seconds: number) => runLimited(process.execPath, ['--eval', source], { seconds })

describe('a program that is run with a limit', () => {
  it('says how it ended, and what it wrote', async () => {
    expect(await run('console.log("out"); console.error("err"); process.exitCode = 3', 20)).toEqual({
      code: 3,
      timedOut: false,
      output: expect.stringMatching(/out\n.*err\n|err\n.*out\n/s),
    })
  })

  it('is ended when it hangs, with everything that it has started', async () => {
    // A child that spins, as a worker of a test runner does when a test never returns; its parent spins as well.
    const source = `
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['--eval', 'for (;;);'])
      require('node:fs').writeSync(1, String(child.pid))
      for (;;);`
    const { code, timedOut, output } = await run(source, 1.5)
    expect([code, timedOut]).toEqual([null, true])
    const pid = Number(output)
    expect(pid).toBeGreaterThan(0)
    expect(await ended(pid)).toBe(true)
  }, 20_000)

  it('takes along what it left behind when it ended by itself', async () => {
    const source = `
      const { spawn } = require('node:child_process')
      const child = spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' })
      child.unref()
      console.log(child.pid)`
    const { code, output } = await run(source, 20)
    expect(code).toBe(0)
    const pid = Number(output)
    expect(await ended(pid)).toBe(true)
  }, 20_000)

  it('may not be there at all', async () => {
    const result = await runLimited('no-such-program-here', [], { seconds: 5 })
    expect(result).toMatchObject({ code: 1, timedOut: false })
  })
})
