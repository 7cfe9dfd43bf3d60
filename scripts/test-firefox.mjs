// npm run test:firefox: the conformance suite in Firefox, on WebGPU and on WebGL2. Not a part of npm test.
// Firefox tells that work is done every 100 ms, so it takes a minute or two. The last line is "N passed, N failed".
import { join } from 'node:path'
import { ensurePackages, requireNode, root } from './install.mjs'

requireNode()
ensurePackages()
const { createServer } = await import('vite')
const { ensureFirefox, firefoxVersion, launchFirefox } = await import('./firefox.mjs')
const missing = ensureFirefox()
if (missing) {
  console.error(missing)
  process.exit(1)
}
console.log(firefoxVersion())

const server = await createServer({
  configFile: false,
  root: join(root, 'tests/firefox'),
  resolve: { conditions: ['@memkit/source', 'module', 'browser', 'development|production'] },
  logLevel: 'error',
  server: { port: 0, fs: { allow: [root] } },
})
await server.listen()
const firefox = await launchFirefox()
let passed = 0
let failed = 0
try {
  for (const backend of /** @type {const} */ (['webgpu', 'webgl2'])) {
    const page = await firefox.browser.newPage()
    page.setDefaultTimeout(600_000)
    page.on('pageerror', (error) => console.error('page:', error))
    await page.goto(server.resolvedUrls?.local[0] ?? '')
    await page.waitForFunction('window.runConformance !== undefined')
    const outcome = await page.evaluate((name) => window.runConformance(name), backend)
    report(outcome)
    await page.close()
  }
} finally {
  await firefox.close()
  await server.close()
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** @param {import('../tests/firefox/page.ts').PageOutcome} outcome */
function report(outcome) {
  if (outcome.missing) {
    failed++
    console.error(`${outcome.backend}: ${outcome.missing}`)
    return
  }
  passed += outcome.passed
  failed += outcome.failed.length
  console.log(
    `${outcome.backend}: ${outcome.passed} passed, ${outcome.failed.length} failed, ${outcome.gated.length} gated by capability`,
  )
  for (const { name, message } of outcome.failed) console.error(`  failed: ${name}\n          ${message}`)
}
