/// <reference types="node" />
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

/** SwiftShader's driver manifest comes with the browser, in its library folder. */
const BROWSER_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/usr/lib64/chromium',
  '/usr/lib64/chromium-browser',
  '/opt/google/chrome',
  '/opt/google/chrome-beta',
  '/opt/microsoft/msedge',
  '/snap/chromium/current/usr/lib/chromium-browser',
]
const MANIFEST = 'vk_swiftshader_icd.json'

/** The manifest that this module named to the loader; undefined while it named none. */
let named: string | undefined

/** What chose the Vulkan driver, in words; undefined when the loader may take any installed one. */
export function driverChoice(): { byUser: boolean; how: string } | undefined {
  const files = process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES']
  if (!files) return undefined
  return files === named
    ? { byUser: false, how: `software driver ${files}` }
    : { byUser: true, how: `VK_DRIVER_FILES or VK_ICD_FILENAMES = ${files}` }
}

/**
 * Whether some driver manifest lies where the Vulkan loader looks; true where we don't know. Asking
 * the loader when there is none makes it complain on stderr.
 */
export function mayHaveDriver(): boolean {
  if (process.platform !== 'linux') return true
  const data = (process.env['XDG_DATA_DIRS'] ?? '/usr/local/share:/usr/share').split(delimiter)
  const config = (process.env['XDG_CONFIG_DIRS'] ?? '/etc/xdg').split(delimiter)
  const home = [process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), join(homedir(), '.config')]
  return [...home, ...config, '/usr/local/etc', '/etc', ...data].some((folder) => {
    try {
      return readdirSync(join(folder, 'vulkan/icd.d')).some((file) => file.endsWith('.json'))
    } catch {
      return false // no such folder
    }
  })
}

/** Looks for SwiftShader's driver manifest beside the browser that MEMKIT_CHROMIUM names, then elsewhere. */
export function findSwiftShader(): string | undefined {
  const browser = process.env['MEMKIT_CHROMIUM']
  const folders = browser ? [dirname(browser), ...BROWSER_FOLDERS] : BROWSER_FOLDERS
  return folders.map((folder) => join(folder, MANIFEST)).find((path) => existsSync(path))
}

/**
 * Names a driver to the Vulkan loader through this process's environment, for good: the next device
 * takes the same driver at once. Reaches the loader on the main thread only.
 * @returns undoes it, for a driver that turned out not to work
 */
export function nameDriver(manifest: string): () => void {
  named = manifest
  process.env['VK_DRIVER_FILES'] = manifest
  process.env['VK_ICD_FILENAMES'] = manifest // what older loaders read
  return () => {
    named = undefined
    delete process.env['VK_DRIVER_FILES']
    delete process.env['VK_ICD_FILENAMES']
  }
}

/** The loader wants a private runtime folder; containers and services often have none. */
export function ensureRuntimeFolder(): void {
  if (process.env['XDG_RUNTIME_DIR']) return
  const folder = join(tmpdir(), `memkit-runtime-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  process.env['XDG_RUNTIME_DIR'] = folder
}
