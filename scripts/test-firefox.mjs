// npm run test:firefox: the conformance suite in Firefox, on WebGPU and on WebGL2. Not a part of npm test.
// Firefox tells that work is done every 100 ms, so it takes a minute or two. The last line is "N passed, N failed".
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, installDebianPackages, prepare, root } from './install.mjs'
import { findProgram } from './programs.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const { env } = process
const findFirefox = () =>
  env['MEMKIT_FIREFOX'] ||
  findProgram(
    ['firefox-esr', 'firefox'],
    ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:/Program Files/Mozilla Firefox/firefox.exe'],
  )
// Headless, Firefox has no WebGL.
const needsScreen = process.platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']
const missing = () => [
  ...(findFirefox() ? [] : ['firefox-esr']),
  ...(needsScreen ? ['xvfb', 'xauth'].filter((name) => !findProgram([name === 'xvfb' ? 'Xvfb' : name])) : []),
]

prepare()
installDebianPackages(missing(), 'The conformance suite runs in Firefox, on a screen in memory.')
if (missing().length > 0)
  fail(`Missing: ${missing().join(', ')} (Debian's names). Or name a Firefox in MEMKIT_FIREFOX.`)
if (needsScreen) {
  const { run } = await import('./run.mjs')
  process.exit(await run('xvfb-run', ['-a', process.execPath, join(root, 'scripts/test-firefox.mjs')]))
}

const { createServer } = await import('vite')
const { default: puppeteer } = await import('puppeteer-core')
const executablePath = findFirefox() ?? ''
console.log(spawnSync(executablePath, ['--version'], { encoding: 'utf8' }).stdout.trim())
const server = await createServer({
  configFile: false,
  root: join(root, 'tests/firefox'),
  resolve: { conditions: ['@memkit/source', 'module', 'browser', 'development|production'] },
  logLevel: 'error',
  server: { port: 0, fs: { allow: [root] } },
})
await server.listen()
const home = mkdtempSync(join(tmpdir(), 'memkit-firefox-'))
const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath,
  headless: false,
  // WebGL2 on a software driver, and WebGPU on an adapter that Firefox would refuse.
  extraPrefsFirefox: {
    'webgl.force-enabled': true,
    'dom.webgpu.enabled': true,
    'gfx.webgpu.ignore-blocklist': true,
  },
  env: {
    ...env,
    ...softwareVulkanEnv(),
    LIBGL_ALWAYS_SOFTWARE: '1',
    XDG_RUNTIME_DIR: home,
    HOME: home,
  },
})
const counts = { passed: 0, failed: 0 }
try {
  for (const backend of /** @type {const} */ (['webgpu', 'webgl2'])) {
    const page = await browser.newPage()
    page.setDefaultTimeout(600_000)
    page.on('pageerror', (error) => console.error('page:', error))
    await page.goto(server.resolvedUrls?.local[0] ?? '')
    await page.waitForFunction('window.runConformance !== undefined')
    report(await page.evaluate((name) => window.runConformance(name), backend))
    await page.close()
  }
} finally {
  await browser.close()
  await server.close()
  rmSync(home, { recursive: true, force: true })
}
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1

/** @param {import('../tests/firefox/page.ts').PageOutcome} outcome */
function report({ backend, missing: why, passed, failed, gated }) {
  counts.passed += passed
  counts.failed += failed.length + (why === undefined ? 0 : 1)
  console.log(
    why === undefined
      ? `${backend}: ${passed} passed, ${failed.length} failed, ${gated.length} gated by capability`
      : `${backend}: ${why}`,
  )
  for (const { name, message } of failed) console.error(`  failed: ${name}\n          ${message}`)
}
