// npm run test:deep: the model test at length, on Dummy. Half of the programs run with faults (loss, no memory, a hung device).
//   MEMKIT_MODEL_RUNS   programs, default 2 000
//   MEMKIT_MODEL_STEPS  steps of each, default 500
//   MEMKIT_MODEL_SEED   default: another one each time, printed
//   MEMKIT_MODEL_PROGRAM  a file with one program, as a failure prints it: run that alone
// A failure prints the shortest program that was found to fail, and the command that runs it again.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { ensurePackages, requireNode, root } from './install.mjs'
import { toolPath } from './run-tool.mjs'

requireNode()
ensurePackages()

const { env } = process
const replay = env.MEMKIT_MODEL_PATH !== undefined || env.MEMKIT_MODEL_PROGRAM !== undefined
const programs = Number(env.MEMKIT_MODEL_RUNS ?? 2000)
const steps = Number(env.MEMKIT_MODEL_STEPS ?? 500)
const seed = Number(env.MEMKIT_MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31))
const started = performance.now()

/** What each share has done so far. @type {Record<string, number>[]} */
const tallies = []
/** Programs done when progress was last printed. */
let shown = 0
if (!replay) console.log(`${programs} programs of ${steps} steps, seed ${seed}`)
const shares = replay ? [env.MEMKIT_MODEL_FAULTS === 'true'] : [false, true]
const codes = await Promise.all(shares.map(runShare))
if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
console.log(summary())
process.exitCode = codes.every((code) => code === 0) ? 0 : 1

/**
 * @param {boolean} faults
 * @param {number} index
 * @returns {Promise<number>}
 */
function runShare(faults, index) {
  const share = index === 0 ? Math.ceil(programs / shares.length) : Math.floor(programs / shares.length)
  const child = spawn(
    process.execPath,
    [toolPath('tsx'), '--conditions=@memkit/source', join(root, 'tests/model/deep.ts')],
    {
      cwd: root,
      env: {
        ...env,
        MEMKIT_MODEL_RUNS: String(share),
        MEMKIT_MODEL_STEPS: String(steps),
        MEMKIT_MODEL_SEED: String(seed),
        MEMKIT_MODEL_FAULTS: String(faults),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return console.log(line)
    tallies[index] = JSON.parse(line)
    showProgress()
  })
  return new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

function showProgress() {
  const { programs: done } = total()
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${summary()}`)
  else if (done >= shown + programs / 20) {
    shown = done
    console.log(summary())
  }
}

function total() {
  /** @type {Record<string, number>} */
  const sum = { programs: 0, steps: 0, frames: 0, bytes: 0, losses: 0, shortages: 0 }
  for (const tally of tallies)
    for (const [key, value] of Object.entries(tally ?? {})) sum[key] = (sum[key] ?? 0) + value
  return sum
}

function summary() {
  const { programs: done, steps, frames, bytes, losses, shortages } = total()
  const seconds = Math.round((performance.now() - started) / 1000)
  const number = (/** @type {number} */ value) => value.toLocaleString('en')
  return (
    `${number(done)} of ${number(programs)} programs, ${number(steps)} steps, ${number(frames)} frames and ` +
    `${number(bytes)} bytes compared, ${number(losses)} losses, ${number(shortages)} times no memory, ${seconds} s`
  )
}
