// Runs commands of installed packages: tinyexec finds them in node_modules/.bin.
import { x } from 'tinyexec'
import { root } from './install.mjs'

/**
 * Runs a command on this terminal until it ends and resolves with its exit code, 130 when a signal ended it.
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env] variables added to this process's own
 */
export async function run(command, args, env = {}) {
  const child = x(command, args, { nodeOptions: { cwd: root, stdio: 'inherit', env } })
  // A terminal sends Ctrl-C to the whole group: the child has it already. Other senders mean this process only.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  // npm's shell dies of a signal without passing it on, and a server must not outlive it.
  const parent = process.ppid
  if (process.env['npm_lifecycle_event'])
    setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 500).unref()
  return (await child).exitCode ?? 130
}

/**
 * Runs a TypeScript program, with the packages taken from their sources.
 * @param {string[]} args its path and arguments; options for Node come first
 * @param {Record<string, string>} [env]
 */
export function runProgram(args, env) {
  return run('tsx', ['--conditions=@memkit/source', ...args], env)
}

/**
 * Serves a folder with the demo's settings until Ctrl-C, which is the way to end a server and no failure.
 * @param {string} folder
 * @param {string[]} args for Vite
 */
export async function serve(folder, args) {
  const code = await run('vite', [folder, '--config', 'demo/vite.config.ts', ...args])
  process.exitCode = code === 130 || code === 143 ? 0 : code
}

/**
 * Runs a command quietly and resolves with its exit code and what it wrote to stdout and stderr, in order of arrival.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
export async function capture(command, args, { cwd = root, env = {} } = {}) {
  const child = x(command, args, { nodeOptions: { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] } })
  const lines = []
  for await (const line of child) lines.push(line)
  return { code: child.exitCode ?? 1, output: lines.join('\n') }
}
