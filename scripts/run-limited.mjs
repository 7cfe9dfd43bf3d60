// Runs a program that may hang: after a while it is ended, together with everything that it has started.
import { spawn } from 'node:child_process'

/** Groups of processes that are running now. @type {Set<number>} */
const groups = new Set()

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, seconds: number }} options
 * @returns {Promise<{ code: number | null, timedOut: boolean, output: string }>} what it wrote to stdout and stderr
 */
export function runLimited(command, args, { cwd, env, seconds }) {
  // Detached: it leads a group of its own, which can be ended as a whole. A test runner's workers outlive a runner that is killed alone.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const { pid } = child
  if (pid !== undefined) groups.add(pid)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text))
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    endGroup(pid)
  }, seconds * 1000)
  return new Promise((resolve) => {
    const done = (/** @type {number | null} */ code) => {
      clearTimeout(timer)
      endGroup(pid)
      resolve({ code, timedOut, output })
    }
    child.once('error', (error) => {
      output += error.message
      done(1)
    })
    child.once('exit', done)
  })
}

/** Ends whatever is still running. */
export function endAll() {
  for (const pid of groups) endGroup(pid)
}

/** @param {number | undefined} pid of the leader */
function endGroup(pid) {
  if (pid === undefined || !groups.delete(pid)) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of it is left.
  }
}
