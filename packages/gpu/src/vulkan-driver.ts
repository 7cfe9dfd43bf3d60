/// <reference types="node" />
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'

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

/** True when somebody has chosen a Vulkan driver through the environment. */
export function driverIsChosen(): boolean {
  return Boolean(process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES'])
}

/** Path of SwiftShader's driver manifest: beside the browser named by MEMKIT_CHROMIUM, else in the usual places. */
export function findSwiftShader(): string | undefined {
  const browser = process.env['MEMKIT_CHROMIUM']
  const folders = browser ? [dirname(browser), ...BROWSER_FOLDERS] : BROWSER_FOLDERS
  return folders.map((folder) => join(folder, MANIFEST)).find((path) => existsSync(path))
}

/**
 * Names a driver to the Vulkan loader through this process's environment. Reaches the loader on the main thread only, and
 * stays set, so that the next device takes the same driver.
 */
export function chooseDriver(manifest: string): void {
  process.env['VK_DRIVER_FILES'] = manifest
  process.env['VK_ICD_FILENAMES'] = manifest // what older loaders read
}

/** The loader wants a private runtime folder; containers and services often have none. */
export function ensureRuntimeFolder(): void {
  if (process.env['XDG_RUNTIME_DIR']) return
  const folder = join(tmpdir(), `memkit-runtime-${userInfo().uid}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  process.env['XDG_RUNTIME_DIR'] = folder
}
