// The environment in which Dawn in Node finds a Vulkan driver on a machine without a GPU.
// No import from npm: test.mjs uses this before anything is installed.
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { findChromium } from './chromium.mjs'

// SwiftShader and a Vulkan loader come with the browser. A distribution's `chromium` on the path is a shell script,
// so its library folder cannot be worked out from where it lies.
const browserFolders = ['/usr/lib/chromium', '/usr/lib64/chromium-browser', '/opt/google/chrome']
const loader = 'libvulkan.so.1'

/**
 * Variables for the Vulkan loader; empty where the user chose a driver, or where no software driver was found.
 * @returns {Record<string, string>}
 */
export function softwareVulkanEnv() {
  if (process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES']) return {}
  const manifest = inBrowserFolder('vk_swiftshader_icd.json')
  if (!manifest) return {}
  const runtime =
    process.env['XDG_RUNTIME_DIR'] ?? join(tmpdir(), `memkit-runtime-${process.getuid?.() ?? 0}`)
  mkdirSync(runtime, { recursive: true, mode: 0o700 })
  const env = { VK_DRIVER_FILES: manifest, VK_ICD_FILENAMES: manifest, XDG_RUNTIME_DIR: runtime }
  const library = hasSystemVulkanLoader() ? undefined : findVulkanLoader()
  if (!library) return env
  // Read when a process starts: a program that is running already cannot set it for itself.
  const paths = [dirname(library), process.env['LD_LIBRARY_PATH']].filter(Boolean)
  return { ...env, LD_LIBRARY_PATH: paths.join(delimiter) }
}

/** Whether a Vulkan loader lies where every program on this Linux finds it. */
export function hasSystemVulkanLoader() {
  return systemLoader() !== undefined
}

/** Path of the system's Vulkan loader, else of the browser's own copy; undefined when there is none. */
export function findVulkanLoader() {
  return systemLoader() ?? inBrowserFolder(loader)
}

function systemLoader() {
  // Debian keeps libraries one folder deeper, by architecture: /usr/lib/x86_64-linux-gnu.
  const folders = ['/usr/lib64', '/usr/lib', '/usr/local/lib', ...subfolders('/usr/lib')]
  return folders.map((folder) => join(folder, loader)).find((path) => existsSync(path))
}

/** @param {string} folder */
function subfolders(folder) {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'))
    .map((entry) => join(folder, entry.name))
}

/** @param {string} name */
function inBrowserFolder(name) {
  const chromium = findChromium()
  const own = chromium && existsSync(chromium) ? [dirname(realpathSync(chromium))] : []
  return [...own, ...browserFolders].map((folder) => join(folder, name)).find((path) => existsSync(path))
}
