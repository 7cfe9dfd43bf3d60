// npm run example [-- name [arguments]]: runs a program of examples/, headless.ts unless told otherwise.
// One with a page (.html) is served until Ctrl-C; its arguments go to Vite: npm run example -- three --port 3000
// npm run example -- --list: names them.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { parse } from 'node:path'
import { prepare, root } from './install.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

process.chdir(root)
const programs = readdirSync('examples').filter((file) => /(?<!\.d)\.ts$|\.html$/.test(file))
const given = process.argv.slice(2)
// Options without a name belong to the default program: npm run example -- --frames 10
const [name = 'headless', ...args] = given[0]?.startsWith('-') ? ['headless', ...given] : given
const file = programs.find((each) => parse(each).name === name)
if (given[0] === '--list' || file === undefined) {
  if (given[0] !== '--list') console.error(`There is no example "${name}". There are:`)
  for (const each of programs) {
    // What it says in its first comment.
    const [, about = ''] =
      /(?:\/\/|<!--|\/\*\*?\s*\*?)\s*(.+)/.exec(readFileSync(`examples/${each}`, 'utf8')) ?? []
    console.log(`${parse(each).name.padEnd(22)}  ${about.replace(/\s*(\*\/|-->)\s*$/, '')}`)
  }
  for (const starter of ['starter', 'starter-three'])
    console.log(`${starter.padEnd(22)}  A project to copy, in examples/${starter}: its README says how.`)
  process.exit(given[0] === '--list' ? 0 : 1)
}
prepare()
const { runProgram, serve } = await import('./run.mjs')
if (existsSync(`examples/${name}.html`)) {
  console.log(`Open ${name}.html at the address below.`)
  await serve('examples', args)
} else process.exitCode = await runProgram([`examples/${file}`, ...args], softwareVulkanEnv())
