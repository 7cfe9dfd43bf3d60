// npm run example [-- name [arguments]]: runs a program of examples/, headless.ts unless told otherwise.
// One with a page (.html) is served instead, until Ctrl-C; its arguments go to Vite: npm run example -- three --port 3000
// npm run example -- --list: names them.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePackages, requireNode, root } from './install.mjs'
import { runNode, toolPath } from './run-tool.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const folder = join(root, 'examples')
const given = process.argv.slice(2)
// Options alone belong to the default program: npm run example -- --frames 10
const [name = 'headless', ...args] = given[0]?.startsWith('-') ? ['headless', ...given] : given
const names = readdirSync(folder)
  .filter((file) => /\.(ts|html)$/u.test(file) && !file.endsWith('.d.ts'))
  .map((file) => file.replace(/\.\w+$/u, ''))

requireNode()
if (given[0] === '--list') list()
else if (names.includes(name) && existsSync(pageOf(name))) {
  ensurePackages()
  console.log(`Open ${name}.html at the address below.`)
  // The demo's settings: packages are taken from their sources.
  const vite = [toolPath('vite'), folder, '--config', join(root, 'demo/vite.config.ts')]
  const code = await runNode([...vite, ...args])
  // Ctrl-C is the way to end a server, not a failure.
  process.exitCode = code === 130 || code === 143 ? 0 : code
} else if (names.includes(name)) {
  ensurePackages()
  const program = [toolPath('tsx'), '--conditions=@memkit/source', join(folder, `${name}.ts`)]
  process.exitCode = await runNode([...program, ...args], softwareVulkanEnv())
} else {
  console.error(`There is no example "${name}". There are:`)
  list()
  process.exitCode = 1
}

function list() {
  const width = Math.max(...names.map((each) => each.length))
  for (const each of names) {
    const file = existsSync(pageOf(each)) ? pageOf(each) : join(folder, `${each}.ts`)
    console.log(`${each.padEnd(width)}  ${firstCommentLine(readFileSync(file, 'utf8'))}`)
  }
}

function pageOf(/** @type {string} */ name) {
  return join(folder, `${name}.html`)
}

/** First line with words of the comment a file starts with; '' when it starts with code. */
function firstCommentLine(/** @type {string} */ source) {
  const comment = /^(?:#!.*\n|<!doctype html>)?\s*(?:\/\/(.*)|<!--(.*)|\/\*\*?\s*(?:\*\s*)?(.*))/.exec(source)
  return (comment?.[1] ?? comment?.[2] ?? comment?.[3] ?? '').replace(/(\*\/|-->)\s*$/, '').trim()
}
