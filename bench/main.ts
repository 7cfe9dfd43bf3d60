// npm run bench: see scripts/bench.mjs and docs/benchmarks/README.md.
import { fork } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { BenchPage } from './chromium.ts'
import { thisMachine } from './machine.ts'
import { weigh } from './memory.ts'
import type { Figures, Outcome, PartResult, Progress } from './outcome.ts'
import { isPackageBench, runPackageBench } from './package-benches.ts'
import { parts, type Part } from './parts.ts'
import { ProgressLine } from './progress-line.ts'
import { draw, FIGURES } from './report/draw.ts'
import { printPart } from './tables.ts'

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    backend: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
    docs: { type: 'boolean', default: false },
    draw: { type: 'boolean', default: false },
  },
})
const names = [...new Set(parts.map(({ name }) => name))]
const unknown = options.only.flatMap((only) => only.split(',')).filter((only) => !names.includes(only))
if (options.list || unknown.length > 0) {
  for (const name of names)
    console.log(
      `${name.padEnd(12)}${parts
        .filter((part) => part.name === name)
        .map(({ backend }) => backend)
        .join(', ')}`,
    )
  if (unknown.length > 0)
    console.error(`There is no bench ${unknown.join(', ')}; these are the ones there are.`)
  process.exit(unknown.length > 0 ? 1 : 0)
}
if (options.draw) {
  draw()
  process.exit()
}
const only = options.only.flatMap((each) => each.split(','))
const backends = options.backend.flatMap((each) => each.split(','))
const chosen = parts.filter(
  ({ name, backend, slow }) =>
    (only.length === 0 || only.includes(name)) &&
    (backends.length === 0 || backends.includes(backend)) &&
    !(options.quick && slow && only.length === 0 && backends.length === 0),
)

// All of it, as nothing was asked for: this is what the pages show.
const forDocs = options.docs || (process.argv.length === 2 && chosen.length === parts.length)
const file = options.json ?? (forDocs ? FIGURES : undefined)

const line = new ProgressLine(chosen, options.quick)
let page: BenchPage | undefined
const results: PartResult[] = []
let failed = 0
for (const part of chosen) {
  const progress = line.begin(part)
  const start = performance.now()
  try {
    const outcome = await run(part, progress)
    results.push({
      name: part.name,
      backend: part.backend,
      date: new Date().toISOString(),
      quick: options.quick,
      seconds: Math.round((performance.now() - start) / 100) / 10,
      machine: thisMachine(page?.version),
      ...outcome,
    })
    line.end()
    printPart(results.at(-1)!)
    if (file !== undefined) save(file, results)
  } catch (error) {
    line.end()
    failed++
    console.error(
      `${part.name} on ${part.backend} failed: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
await page?.close()
if (forDocs && results.length > 0) draw()
process.exitCode = failed > 0 ? 1 : 0

function run(part: Part, progress: Progress): Promise<Outcome> {
  if (isPackageBench(part.name)) {
    progress(0, 'its own program')
    return runPackageBench(part.name, part.backend, options.quick)
  }
  const { variants } = part
  if (variants) return runVariants(part, variants(options.quick), progress)
  return part.backend === 'chromium' ? inPage(part, progress) : inChild(part, progress)
}

async function runVariants(part: Part, variants: readonly string[], progress: Progress): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (const [i, variant] of variants.entries()) {
    const report: Progress = (done, what) => progress((i + done) / variants.length, what)
    const inOwn = part.backend === 'chromium' ? inPage : inChild
    outcomes.push(await inOwn(part, report, variant))
  }
  return { ...outcomes[0], data: outcomes.flatMap(({ data }) => data as unknown[]) }
}

async function inPage(part: Part, progress: Progress, variant?: string): Promise<Outcome> {
  progress(0, 'building the page')
  page ??= await BenchPage.open()
  if (part.name === 'memory') return await weigh(page, options.quick, progress)
  if (variant !== undefined) await page.reload()
  return await page.run(part.name, options.quick, progress, variant)
}

function inChild(part: Part, progress: Progress, variant?: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(
      fileURLToPath(new URL('part.ts', import.meta.url)),
      [part.name, part.backend, options.quick ? 'quick' : 'full', ...(variant ? [variant] : [])],
      { execArgv: ['--import', 'tsx', '--conditions=@memkit/source', '--expose-gc'] },
    )
    child.on('message', (message: { done: number; what: string } | { result: Outcome }) => {
      if ('result' in message) resolve(message.result)
      else progress(message.done, message.what)
    })
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`ended with ${signal ?? code} before it had a result`)),
    )
  })
}

/** Puts results in a file, in place of those of the same program and backend that are there. */
function save(file: string, results: readonly PartResult[]): void {
  mkdirSync(dirname(file), { recursive: true })
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Figures).parts : []
  const isNew = (part: PartResult): boolean =>
    results.some(({ name, backend }) => name === part.name && backend === part.backend)
  const parts = [...known.filter((part) => !isNew(part)), ...results].map((part) =>
    JSON.stringify(part, rounded),
  )
  // A line per part, so that a difference between two runs can be looked at.
  writeFileSync(file, `{"format":1,"parts":[\n${parts.join(',\n')}\n]}\n`)
}

/** Counts are exact, measures have five digits. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}
