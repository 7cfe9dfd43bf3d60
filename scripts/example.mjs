// npm run example [-- name [arguments]]: runs a program of examples/, headless.ts unless told otherwise.
// npm run example -- --list: names them.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePackages, requireNode, root } from './install.mjs'
import { runNode, toolPath } from './run-tool.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

const folder = join(root, 'examples')
const given = process.argv.slice(2)
// Options alone belong to the default program: npm run example -- --frames 10
const [name = 'headless', ...args] = given[0]?.startsWith('-') ? ['headless', ...given] : given
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => file.slice(0, -'.ts'.length))

requireNode()
if (given[0] === '--list') list()
else if (names.includes(name)) {
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
  for (const each of names)
    console.log(
      `${each.padEnd(width)}  ${firstCommentLine(readFileSync(join(folder, `${each}.ts`), 'utf8'))}`,
    )
}

/** First line with words of the comment a file starts with; '' when it starts with code. */
function firstCommentLine(/** @type {string} */ source) {
  const comment = /^(?:#!.*\n)?\s*(?:\/\/(.*)|\/\*\*?\s*(?:\*\s*)?(.*))/.exec(source)
  return (comment?.[1] ?? comment?.[2] ?? '').replace(/\*\/\s*$/, '').trim()
}
