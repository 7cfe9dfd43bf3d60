// Runs the command of an installed npm package. The bin is called by its path: npx costs seconds per call.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'

/**
 * Path of the command that an installed package brings.
 * @param {string} name of the package, which is also the name of its command unless `bin` says otherwise
 * @param {string} [bin]
 * @returns {string}
 */
export function toolPath(name, bin = name) {
  const folder = join(root, 'node_modules', name)
  const entry = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).bin
  return join(folder, typeof entry === 'string' ? entry : entry[bin])
}

/**
 * Runs a Node program on this terminal until it ends and gives its exit code. Signals are passed on, so that the
 * program can close what it has open, and 130 stands for one that was interrupted.
 * @param {string[]} args path of the program and its arguments
 * @param {Record<string, string>} [env] variables added to this process's own
 * @returns {Promise<number>}
 */
export function runNode(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  // A terminal sends Ctrl-C to the whole group: the child has it already. Any other sender meant this process alone.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  // Between npm and us is a shell that dies of npm's signals without passing them on; a server must not outlive it.
  const parent = process.ppid
  if (process.env['npm_lifecycle_event'])
    setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref()
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      resolve(signal === 'SIGINT' || signal === 'SIGTERM' ? 130 : (code ?? 1)),
    )
  })
}

/**
 * Runs a program quietly.
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env] variables added to this process's own
 * @param {string} [cwd] folder to run it in, the repository's unless told otherwise
 * @returns {Promise<{ code: number, output: string }>} what it wrote to stdout and stderr, in order of arrival
 */
export function capture(command, args, env = {}, cwd = root) {
  const child = spawn(command, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, output: output + error.message }))
    child.once('close', (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output }),
    )
  })
}
