// npm run bench [-- options]: times memkit beside what people use today. docs/benchmarks/README.md says how to read it.
//   --quick             under a minute instead of under 20
//   --only NAME         one part (--list names them)
//   --backend NAME      dummy, null, dawn or chromium
//   --json FILE         figures as JSON; parts that are in the file already are replaced
//   --docs              figures into docs/benchmarks/, whose plots and tables are drawn again: the default
//   --draw              only draws them, from the figures that are there
import { ensureChromium, prepare } from './install.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

prepare()
const missing = ensureChromium()
if (missing) console.error(missing)
const { runProgram } = await import('./run.mjs')
// Libraries leave their checks out in production, as a game would have them do.
const env = { ...softwareVulkanEnv(), NODE_ENV: 'production' }
process.exitCode = await runProgram(['bench/main.ts', ...process.argv.slice(2)], env)
