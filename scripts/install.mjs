// What the commands need before they can start, fetched where it is missing. Nothing here imports from npm:
// these lines run in a fresh clone.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './chromium.mjs'
import { findVulkanLoader, hasSystemVulkanLoader } from './vulkan.mjs'

/** Folder of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Ends the process with a sentence when this Node is older than `engines.node` of package.json. */
export function requireNode() {
  const wanted = readJson('package.json').engines.node.replace('>=', '')
  const [major, minor] = wanted.split('.').map(Number)
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return
  console.error(`memkit needs Node ${wanted} or newer; this is Node ${process.versions.node}.`)
  console.error('Install a newer Node (https://nodejs.org), then run the same command again.')
  process.exit(1)
}

/** Installs the npm packages of the lockfile unless they lie in node_modules already. */
export function ensurePackages() {
  if (packagesAreInstalled()) return
  console.error('Installing npm packages as locked (npm ci, about 20 seconds) …')
  const code = runNpm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  if (code === 0) return
  console.error('npm ci failed (its message is above). Mend that, then run the same command again.')
  process.exit(1)
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm records what it installed in a second lockfile;
 * contents are compared and not dates, because switching branches touches dates only.
 */
export function packagesAreInstalled(folder = root) {
  const record = join(folder, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages
  const locked = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages
  return Object.entries(locked).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true // the root and the workspaces: nothing is downloaded for them
    const present = installed[path]
    // An optional or peer package may be absent here: it is meant for another platform, or nobody asked for it.
    if (!present) return Boolean(entry.optional || entry.devOptional || entry.peer)
    return present.version === entry.version && present.integrity === entry.integrity
  })
}

/**
 * Brings Chromium and, on Linux, the Vulkan loader that Dawn in Node opens. Returns undefined when both are there
 * in the end, else a sentence that says what to install by hand.
 */
export function ensureChromium() {
  const wanted = []
  if (!findChromium()) wanted.push('chromium')
  if (process.platform === 'linux' && !hasSystemVulkanLoader()) wanted.push('libvulkan1')
  installDebianPackages(wanted)
  if (!findChromium()) {
    console.error('Installing Chromium through Playwright …')
    // System libraries come along where apt may be used (Ubuntu has no Chromium package of its own).
    const dependencies = aptMay() ? ['--with-deps'] : []
    spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/playwright-core/cli.js'),
        'install',
        ...dependencies,
        '--no-shell',
        'chromium',
      ],
      { cwd: root, stdio: ['ignore', 2, 2] },
    )
  }
  const missing = []
  if (!findChromium()) missing.push('Chromium')
  if (process.platform === 'linux' && !findVulkanLoader()) missing.push('a Vulkan loader (libvulkan.so.1)')
  if (missing.length === 0) return undefined
  return (
    `Missing: ${missing.join(' and ')}; the tests of dawn and browser need it. Debian: ` +
    'apt-get install --no-install-recommends chromium libvulkan1. Elsewhere install Chrome or Chromium ' +
    '(or name one in MEMKIT_CHROMIUM) and, on Linux, the package that holds libvulkan.so.1.'
  )
}

/**
 * Installs packages where apt may be used; elsewhere does nothing.
 * @param {readonly string[]} wanted
 */
export function installDebianPackages(wanted) {
  if (wanted.length === 0 || !aptMay()) return
  console.error(`Installing ${wanted.join(' and ')} through apt …`)
  apt(['update', '-qq']) // a list that is a little old still installs, so the result does not matter
  for (const name of wanted)
    apt(['install', '-y', '-qq', '-o', 'Dpkg::Use-Pty=0', '--no-install-recommends', name])
}

/** Whether apt may be used without asking anybody: it exists, and we are root or sudo wants no password. */
function aptMay() {
  if (process.platform !== 'linux' || !onPath('apt-get')) return false
  return isRoot() || (onPath('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0)
}

/** @param {string[]} args */
function apt(args) {
  const command = isRoot() ? ['apt-get', ...args] : ['sudo', '-n', 'apt-get', ...args]
  spawnSync('env', ['DEBIAN_FRONTEND=noninteractive', ...command], { stdio: ['ignore', 2, 2] })
}

function isRoot() {
  return process.getuid?.() === 0
}

/** @param {string} name */
function onPath(name) {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
}

/**
 * Runs npm and returns its exit status. Inside `npm start` npm names its own entry point, which spares a shell.
 * @param {string[]} args
 */
function runNpm(args) {
  const entry = process.env['npm_execpath']
  const done = entry?.endsWith('.js')
    ? spawnSync(process.execPath, [entry, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  return done.status
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'))
}
