// Builds the site into site/dist: staged pages, the API, live pages, VitePress, twins in Markdown. `npm run docs` calls it.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vitepress'
import { writeApi } from './api.mjs'
import { base } from './base.mjs'
import { brokenTargets } from './links.mjs'
import { buildLivePages } from './live.mjs'
import { stagePages } from './stage.mjs'
import { writeTwins } from './twins.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const staged = join(root, 'site/.pages')
const out = join(root, 'site/dist')

/**
 * @template T
 * @param {string} what
 * @param {() => T | Promise<T>} work
 */
async function step(what, work) {
  const start = performance.now()
  const result = await work()
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return result
}

for (const folder of [staged, out]) rmSync(folder, { recursive: true, force: true })
const problems = await step('pages', () => stagePages(root, staged))
problems.push(...(await step('API', () => writeApi(root, join(staged, 'api')))))
await step('live pages', () => buildLivePages(root, join(staged, 'public/live')))
if (problems.length === 0) {
  await step('VitePress', () => build(join(root, 'site')))
  await step('Markdown twins', () => writeTwins(staged, out))
  problems.push(...(await step('links', () => brokenTargets(out, base))))
}
for (const problem of problems) console.error(problem)
if (problems.length > 0 || !existsSync(join(out, 'index.html'))) process.exitCode = 1
