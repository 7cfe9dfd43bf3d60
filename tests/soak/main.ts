import { parseArgs } from 'node:util'
import { runAttachSoak } from './attach.ts'
import { describeSample, growth } from './memory.ts'
import { dawnPlace, dummyPlace } from './places.ts'
import { Soak } from './soak.ts'

// One backend of `npm run soak`. Exit code 1 when anything differed, warned, leaked or grew.

const { values } = parseArgs({
  options: {
    frames: { type: 'string' },
    backend: { type: 'string', default: 'dummy' },
    seed: { type: 'string', default: '1' },
    attach: { type: 'string' },
  },
})
const dawn = values.backend === 'dawn'
if (values.attach !== undefined) {
  await attach(Number(values.attach))
  process.exit()
}
const frames = Number(values.frames ?? (dawn ? 5_000 : 100_000))
const lineEvery = dawn ? 500 : 10_000
// A soak that is cut short has short cycles, so that there are some to compare.
const cycle = Math.max(50, Math.min(dawn ? 100 : 1000, Math.floor(frames / 50)))
const seed = Number(values.seed)
const started = performance.now()
const number = (value: number): string => value.toLocaleString('en')
const seconds = (): number => (performance.now() - started) / 1000

let shown = 0
const soak = new Soak(dawn ? dawnPlace() : dummyPlace(), {
  frames,
  cycle,
  seed,
  sample: 64,
  fullEvery: dawn ? 25 : 50,
  loseEvery: dawn ? 200 : 400,
  onFrame({ frame }) {
    if (!process.stdout.isTTY || performance.now() - shown < 200) return
    shown = performance.now()
    const left = (seconds() / frame) * (frames - frame)
    process.stdout.write(
      `\r\x1b[K${soak.place.name}: frame ${number(frame)} of ${number(frames)}, about ${left.toFixed(0)} s to go`,
    )
  },
  onSample({ frame }, sample) {
    if (frame % lineEvery !== 0 && frame !== frames) return
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K')
    console.log(`${soak.place.name} ${number(frame).padStart(7)}  ${describeSample(sample)}`)
  },
})

console.log(`${soak.place.name}: ${number(frames)} frames, seed ${seed}`)
try {
  await soak.run()
} catch (error) {
  console.error(error)
  process.exitCode = 1
}
const { readback } = soak
console.log(
  `${soak.place.name}: ${number(soak.frame)} frames, ${number(readback.reads)} reads of ${number(readback.bytes)} bytes compared ` +
    `(${number(readback.dropped)} lost with their device), ${readback.mismatches.length} mismatches, ${number(soak.losses)} losses, ` +
    `attached ${number(soak.attached)} times, ${number(soak.grown)} buffers replaced, ${seconds().toFixed(0)} s`,
)
for (const problem of soak.problems) console.log(`✗ ${problem}`)
const grown = growth(soak.samples)
for (const line of grown ?? []) console.log(`✗ ${line}`)
if (grown === undefined) console.log('Too few cycles to tell whether memory is flat.')
else if (grown.length === 0) console.log('Memory is flat.')
if (soak.problems.length > 0 || (grown?.length ?? 0) > 0) process.exitCode = 1

/** Attaches a world to one lent device and lets go of it, again and again. */
async function attach(cycles: number): Promise<void> {
  const place = dawn ? dawnPlace() : dummyPlace()
  const gpu = await place.open()
  const collect = async (): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      ;(globalThis as { gc?: () => void }).gc?.()
    }
  }
  const problems = await runAttachSoak(gpu, cycles, {
    collect,
    onLeft: ({ cycles, heaps, queries, buffers }) => {
      const { heapUsed, rss } = process.memoryUsage()
      const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
      console.log(
        `${place.name} ${String(cycles).padStart(6)} × attached and disposed: heaps alive ${heaps}, queries ${queries}, ` +
          `buffers ${buffers}, JavaScript ${mega(heapUsed)}, process ${mega(rss)}`,
      )
    },
  })
  gpu.destroy()
  for (const problem of problems) console.log(`✗ ${problem}`)
  if (problems.length === 0) console.log('Nothing is left behind.')
  else process.exitCode = 1
}
