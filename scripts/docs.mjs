// npm run docs: builds the site into site/dist. Fails on any warning, and on any link that leads nowhere.
import { ensurePackages, requireNode, root } from './install.mjs'
import { runNode } from './run-tool.mjs'

requireNode()
ensurePackages()
process.exitCode = await runNode([`${root}site/build.mjs`])
