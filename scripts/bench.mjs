// npm run bench [-- options]: times memkit beside what people use today. docs/benchmarks/README.md says how to read it.
//   --quick             under a minute instead of under 15
//   --only NAME         one part (--list names them)
//   --backend NAME      dummy, null, dawn or chromium
//   --json FILE         figures as JSON; parts that are in the file already are replaced
//   --docs              figures into docs/benchmarks/, whose plots and tables are drawn anew: what a run without options does
//   --draw              draws them from the figures that are there
import { join } from 'node:path'
import { ensureChromium, ensurePackages, requireNode, root } from './install.mjs'
import { runNode } from './run-tool.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

requireNode()
ensurePackages()
const missing = ensureChromium()
if (missing) console.error(missing)
// Libraries leave their checks out in production, as a game would have them do.
process.exitCode = await runNode(
  ['--import', 'tsx', '--conditions=@memkit/source', join(root, 'bench/main.ts'), ...process.argv.slice(2)],
  { ...softwareVulkanEnv(), NODE_ENV: 'production' },
)
