// The environment in which Dawn in Node finds a Vulkan driver on a machine without a GPU.
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// SwiftShader comes with the browser; its driver manifest lies in the browser's library folder.
const manifests = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib64/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
]

/** Variables for the Vulkan loader; empty where the user chose a driver, or where no software driver was found. */
export function softwareVulkanEnv() {
  if (process.env['VK_DRIVER_FILES'] || process.env['VK_ICD_FILENAMES']) return {}
  const manifest = manifests.find((path) => existsSync(path))
  if (!manifest) return {}
  const runtime = process.env['XDG_RUNTIME_DIR'] ?? join(tmpdir(), 'memkit-runtime')
  mkdirSync(runtime, { recursive: true, mode: 0o700 })
  return { VK_DRIVER_FILES: manifest, VK_ICD_FILENAMES: manifest, XDG_RUNTIME_DIR: runtime }
}
