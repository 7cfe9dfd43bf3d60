// Where Chromium is and how it is started so that WebGPU and WebGL2 run without a GPU.
// No import from npm: start.mjs and test.mjs use this before anything is installed.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { findProgram } from './programs.mjs'

/**
 * Flags that give WebGPU and WebGL2 on SwiftShader in headless Chromium. Without the `angle` and `vulkan`
 * ones buffers and compute work, but a canvas stays blank without an error (see docs/decisions/0003).
 */
export const chromiumArgs = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--use-angle=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
]

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
  'C:/Program Files (x86)/Google/Chrome/Application/chrome.exe',
]

/**
 * Path of the Chromium to test with: `MEMKIT_CHROMIUM` if set, else the first found on this system, else the one
 * that Playwright installed; undefined when there is none.
 * @returns {string | undefined}
 */
export function findChromium() {
  return process.env['MEMKIT_CHROMIUM'] || findProgram(names, places) || playwrightChromium()
}

function playwrightChromium() {
  try {
    const { chromium } = createRequire(import.meta.url)('playwright-core')
    const path = chromium.executablePath()
    return existsSync(path) ? path : undefined
  } catch {
    return undefined // npm packages are not installed yet
  }
}
