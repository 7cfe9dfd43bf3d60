// Where Firefox is, and how it is started so that WebGPU and WebGL2 run without a GPU and without a screen.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import puppeteer from 'puppeteer-core'
import { installDebianPackages } from './install.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const names = ['firefox-esr', 'firefox']
const places = [
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:/Program Files/Mozilla Firefox/firefox.exe',
]

/** WebGL2 on a software driver, and WebGPU on an adapter that Firefox would refuse. */
const preferences = {
  'webgl.force-enabled': true,
  'dom.webgpu.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
}

/**
 * Path of the Firefox to test with: `MEMKIT_FIREFOX` if set, else the first found on this system.
 * @returns {string | undefined}
 */
function findFirefox() {
  const chosen = process.env['MEMKIT_FIREFOX']
  if (chosen) return chosen
  return onPath(names) ?? places.find((path) => existsSync(path))
}

/**
 * Brings Firefox and, on Linux, the screen in memory that it needs: headless, it has no WebGL.
 * @returns {string | undefined} a sentence that says what to install by hand, where something is missing in the end
 */
export function ensureFirefox() {
  const wanted = []
  if (!findFirefox()) wanted.push('firefox-esr')
  if (needsScreen() && !onPath(['Xvfb'])) wanted.push('xvfb')
  installDebianPackages(wanted)
  const missing = []
  if (!findFirefox()) missing.push('Firefox')
  if (needsScreen() && !onPath(['Xvfb'])) missing.push('Xvfb')
  if (missing.length === 0) return undefined
  return `Missing: ${missing.join(' and ')}. Debian: apt-get install firefox-esr xvfb. Elsewhere install Firefox, or name one in MEMKIT_FIREFOX.`
}

/**
 * Starts Firefox, on a screen in memory where there is no other.
 * @returns {Promise<{ browser: import('puppeteer-core').Browser, close(): Promise<void> }>}
 */
export async function launchFirefox() {
  const screen = needsScreen() ? await startScreen() : undefined
  const runtime = mkdtempSync(join(tmpdir(), 'memkit-firefox-'))
  const close = () => {
    screen?.kill()
    rmSync(runtime, { recursive: true, force: true })
  }
  try {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: findFirefox(),
      headless: false,
      extraPrefsFirefox: preferences,
      env: {
        ...process.env,
        ...softwareVulkanEnv(),
        LIBGL_ALWAYS_SOFTWARE: '1',
        XDG_RUNTIME_DIR: runtime,
        HOME: runtime,
        ...(screen ? { DISPLAY: screen.display } : {}),
      },
    })
    return {
      browser,
      async close() {
        await browser.close()
        close()
      },
    }
  } catch (error) {
    close()
    throw error
  }
}

function needsScreen() {
  return process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']
}

/** @returns {Promise<{ display: string, kill(): void }>} */
function startScreen() {
  // It picks a free number, and writes it to the file descriptor named.
  const child = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`Xvfb ended with ${code} before it had a screen`)))
    child.stdio[3]?.once('data', (data) =>
      resolve({ display: `:${String(data).trim()}`, kill: () => void child.kill() }),
    )
  })
}

/** @param {readonly string[]} programs */
function onPath(programs) {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter))
    for (const name of programs) {
      const path = join(folder, name)
      if (existsSync(path)) return path
    }
  return undefined
}

/** What Firefox calls itself, e.g. `Mozilla Firefox 153.7.0esr`. */
export function firefoxVersion() {
  const { stdout } = spawnSync(findFirefox() ?? 'firefox', ['--version'], { encoding: 'utf8' })
  return stdout?.trim() ?? 'Firefox'
}
