// npm run test:deep: the model test at length, on Dummy and on Dawn. Half of the programs run with faults (loss, no memory; on Dummy also
// a hung device).
//   MEMKIT_MODEL_RUNS   programs on Dummy, default 2 000
//   MEMKIT_MODEL_DAWN_RUNS  programs on Dawn, default 200; 0 where there is no driver
//   MEMKIT_MODEL_STEPS  steps of each, default 500
//   MEMKIT_MODEL_SEED   default: another one each time, printed
//   MEMKIT_MODEL_PROGRAM  a file with one program, as a failure prints it: run only that, on MEMKIT_MODEL_PLACE (dummy or dawn)
// A failure prints the shortest program that was found to fail, and the command that runs it again.
import { prepare, root } from './install.mjs'
import { softwareVulkanEnv } from './vulkan.mjs'

prepare()
const { x } = await import('tinyexec')
const { env } = process
const replay = env.MEMKIT_MODEL_PATH !== undefined || env.MEMKIT_MODEL_PROGRAM !== undefined
const steps = env.MEMKIT_MODEL_STEPS ?? '500'
const seed = env.MEMKIT_MODEL_SEED ?? String(Math.floor(Math.random() * 2 ** 31))
const started = performance.now()

/** What runs in a process of its own. @typedef {{ place: string, faults: boolean, programs: number, tally: Record<string, number> }} Share */

const { MEMKIT_MODEL_PLACE: place = 'dummy', MEMKIT_MODEL_FAULTS: faults } = env
/** @type {Share[]} */
const shares = replay
  ? [{ place, faults: faults === 'true', programs: 1, tally: {} }]
  : [
      ...halves('dummy', Number(env.MEMKIT_MODEL_RUNS ?? 2000)),
      ...halves('dawn', Number(env.MEMKIT_MODEL_DAWN_RUNS ?? 200)),
    ].filter((share) => share.programs > 0)
const programs = shares.reduce((sum, share) => sum + share.programs, 0)
/** Programs done when progress was last printed. */
let shown = 0
if (!replay) console.log(`${programs} programs of ${steps} steps, seed ${seed}`)
const waiting = [...shares]
await Promise.all([work(), work()])
if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
for (const place of ['dummy', 'dawn']) {
  const some = shares.filter((share) => share.place === place)
  if (some.length > 0) console.log(`${place}: ${summary(some)}`)
}

/**
 * @param {string} place
 * @param {number} programs half of them with faults
 */
function halves(place, programs) {
  return [Math.ceil(programs / 2), Math.floor(programs / 2)].map((half, i) => ({
    place,
    faults: i === 1,
    programs: half,
    tally: {},
  }))
}

/** Runs shares, one after the other, while there are any. */
async function work() {
  for (let share = waiting.shift(); share !== undefined; share = waiting.shift()) {
    const child = x('tsx', ['--conditions=@memkit/source', 'tests/model/deep.ts'], {
      nodeOptions: {
        cwd: root,
        env: {
          ...(share.place === 'dawn' ? softwareVulkanEnv() : {}),
          MEMKIT_MODEL_PLACE: share.place,
          MEMKIT_MODEL_RUNS: String(share.programs),
          MEMKIT_MODEL_STEPS: steps,
          MEMKIT_MODEL_SEED: seed,
          MEMKIT_MODEL_FAULTS: String(share.faults),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    })
    for await (const line of child)
      if (line.startsWith('{')) {
        share.tally = JSON.parse(line)
        showProgress()
      } else console.log(line)
    if (child.exitCode !== 0) process.exitCode = 1
  }
}

function showProgress() {
  const done = shares.reduce((sum, { tally }) => sum + (tally['programs'] ?? 0), 0)
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${summary(shares)}`)
  else if (done >= shown + programs / 20) {
    shown = done
    console.log(summary(shares))
  }
}

/** @param {Share[]} some */
function summary(some) {
  /** @param {string} key */
  const sum = (key) => some.reduce((all, { tally }) => all + (tally[key] ?? 0), 0).toLocaleString('en')
  const planned = some.reduce((all, share) => all + share.programs, 0).toLocaleString('en')
  const seconds = Math.round((performance.now() - started) / 1000)
  return (
    `${sum('programs')} of ${planned} programs, ${sum('steps')} steps, ${sum('frames')} frames and ${sum('bytes')} bytes compared, ` +
    `${sum('computed')} rows written by the device, ${sum('cameBack')} come back, ${sum('losses')} losses, ${sum('shortages')} times no memory, ${sum('columnsGrown')} buffers of columns grown, ${seconds} s`
  )
}
