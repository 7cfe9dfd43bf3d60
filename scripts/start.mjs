// npm start: serves the demo. Arguments go to Vite: npm start -- --port 3000 --host --open
import { ensurePackages, requireNode } from './install.mjs'
import { runNode, toolPath } from './run-tool.mjs'

requireNode()
ensurePackages()
const code = await runNode([toolPath('vite'), 'demo', ...process.argv.slice(2)])
// Ctrl-C is the way to end a server, not a failure.
process.exitCode = code === 130 || code === 143 ? 0 : code
