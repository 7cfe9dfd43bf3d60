// npm run check: everything short of the tests. Wireit runs the steps check:… of package.json side by side, prints what the failed ones
// said, and skips those whose files are as they were when they last passed (rm -rf .wireit forgets that).
import { prepare } from './install.mjs'

prepare()
const { run } = await import('./run.mjs')
process.exitCode = await run('npm', ['run', 'check:all', '--silent'], { WIREIT_FAILURES: 'continue' })
