// Installs what the commands need. Nothing here imports from npm: these lines run in a fresh clone.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from './chromium.mjs'
import { findProgram } from './programs.mjs'
import { findVulkanLoader, hasSystemVulkanLoader } from './vulkan.mjs'

/** Folder of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Checks the version of Node and installs the npm packages; ends the process with a sentence where it cannot. */
export function prepare() {
  const [wanted = ''] = /[\d.]+/.exec(readJson(join(root, 'package.json')).engines.node) ?? []
  const [major = 0, minor = 0] = wanted.split('.').map(Number)
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  if (ownMajor < major || (ownMajor === major && ownMinor < minor))
    fail(
      `memkit needs Node ${wanted} or newer; this is Node ${process.versions.node}. See https://nodejs.org`,
    )
  if (packagesAreInstalled()) return
  console.error('Installing npm packages as locked (npm ci, about 20 seconds) …')
  const npm = process.env['npm_execpath'] // npm's own entry point, inside `npm run`
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (status !== 0) fail('npm ci failed (its message is above). Fix that, then run the same command again.')
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm records what it installed in a second lockfile;
 * contents are compared and not dates, because switching branches touches dates only.
 */
export function packagesAreInstalled(folder = root) {
  const record = join(folder, 'node_modules/.package-lock.json')
  if (!existsSync(record)) return false
  const installed = readJson(record).packages
  return Object.entries(readJson(join(folder, 'package-lock.json')).packages).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true // the root and the workspaces: npm downloads nothing for them
    const present = installed[path]
    // Optional packages are meant for other platforms, and peers may be unwanted.
    if (!present) return Boolean(entry.optional || entry.devOptional || entry.peer)
    return present.version === entry.version && present.integrity === entry.integrity
  })
}

/**
 * Installs Chromium and, on Linux, the Vulkan loader that Dawn in Node opens, where they are missing.
 * @param {{ asked?: boolean }} [options] `asked`: the user called for it, so that sudo may ask for a password
 * @returns {string | undefined} what is still missing in the end, and how to install it by hand
 */
export function ensureChromium({ asked = false } = {}) {
  const linux = process.platform === 'linux'
  const packages = [
    ...(findChromium() ? [] : ['chromium']),
    ...(linux && !hasSystemVulkanLoader() ? ['libvulkan1'] : []),
  ]
  const why = 'The tests of WebGPU in Node (Dawn) and in the browser run on Chromium and a Vulkan loader.'
  const apt = installDebianPackages(packages, why, asked)
  if (!findChromium()) {
    console.error(`${why}\nInstalling Chromium through Playwright, into your user's cache …`)
    // System libraries come along where apt may be used (Ubuntu has no Chromium package of its own).
    const playwright = join(root, 'node_modules/playwright-core/cli.js')
    const args = ['install', ...(apt ? ['--with-deps'] : []), '--no-shell', 'chromium']
    spawnSync(process.execPath, [playwright, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  }
  const missing = [
    ...(findChromium() ? [] : ['Chromium']),
    ...(linux && !findVulkanLoader() ? ['a Vulkan loader (libvulkan.so.1)'] : []),
  ]
  if (missing.length === 0) return undefined
  return (
    `Missing: ${missing.join(' and ')}; the tests of dawn and browser need it. Debian and Ubuntu: npm run setup. ` +
    'Elsewhere install Chrome or Chromium (or name one in MEMKIT_CHROMIUM) and, on Linux, the package that holds libvulkan.so.1.'
  )
}

/**
 * Installs packages through apt where that needs no permission: as root, or in CI. Elsewhere only when the user asked for it.
 * @param {readonly string[]} packages
 * @param {string} why printed before anything is installed
 * @param {boolean} [asked]
 * @returns {boolean} whether apt may be used
 */
export function installDebianPackages(packages, why, asked = false) {
  const isRoot = process.getuid?.() === 0
  const sudo = isRoot ? [] : asked ? ['sudo'] : ['sudo', '-n']
  if (!findProgram(['apt-get']) || !(isRoot || asked || process.env['CI'])) return false
  if (packages.length === 0) return true
  const apt = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', '-o', 'Dpkg::Use-Pty=0']
  const install = [...apt, 'install', '-y', '--no-install-recommends']
  console.error(`${why}\nInstalling ${packages.join(' and ')}: ${[...sudo, 'apt-get'].join(' ')} install …`)
  // A list of packages that is a little old still installs, and Ubuntu lacks one of them: results do not matter.
  for (const [command = '', ...args] of [[...apt, 'update'], ...packages.map((name) => [...install, name])])
    spawnSync(command, args, { stdio: [asked ? 'inherit' : 'ignore', 2, 2] })
  return true
}

/** Ends the process with a sentence. @param {string} message @returns {never} */
export function fail(message) {
  console.error(message)
  process.exit(1)
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

// npm run setup
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  prepare()
  const missing = ensureChromium({ asked: true })
  if (missing) fail(missing)
  console.log('All is installed: npm start, npm test.')
}
