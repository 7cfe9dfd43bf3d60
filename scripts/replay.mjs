// npm run replay -- file.mkrec [--frames 100..200] [--diff other.mkrec]: prints what each frame of a recording changed (docs/recording.md), and
// with --diff the first row that differs in another one.
import { prepare, root } from './install.mjs'

process.chdir(root)
prepare()
const { runProgram } = await import('./run.mjs')
process.exitCode = await runProgram(['scripts/replay/main.ts', ...process.argv.slice(2)])
