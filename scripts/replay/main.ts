import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { MkError } from '@memkit/core'
import { openReplay, type Replay } from '@memkit/coordinator/recording'
import { DummyBackend } from '@memkit/gpu/dummy'
import { firstDifference } from './first-difference.ts'
import { frameRows, frameTableHead, mirrorRows } from './tables.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { frames: { type: 'string' }, diff: { type: 'string' } },
})
const [file] = positionals
if (file === undefined) fail('npm run replay -- file.mkrec [--frames 100..200] [--diff other.mkrec]')

const replay = await open(file)
const [first, last] = range(values.frames, replay.frames)
console.log(
  `${file}: ${replay.frames} frames, recorded by memkit ${replay.version}${replay.problem ? `. ${replay.problem.message}` : ''}\n`,
)
if (values.diff === undefined) {
  replay.seek(first)
  for (const line of mirrorRows(replay)) console.log(line)
  console.log(`\n${frameTableHead}`)
  for (let frame = first; frame <= last; frame++) {
    replay.seek(frame)
    for (const line of frameRows(replay)) console.log(line)
  }
} else {
  const found = firstDifference(replay, await open(values.diff), first, last)
  console.log(found ?? `Frames ${first} to ${last} are the same in ${values.diff}.`)
  process.exitCode = found === undefined ? 0 : 1
}

async function open(path: string): Promise<Replay> {
  try {
    // As from where npm was called.
    const bytes = readFileSync(resolve(process.env['INIT_CWD'] ?? '.', path))
    return await openReplay(new Uint8Array(bytes), { gpu: new DummyBackend() })
  } catch (error) {
    if (error instanceof MkError || (error as { code?: string }).code !== undefined)
      fail(`${path}: ${(error as Error).message}`)
    throw error
  }
}

/** `100..200`, `100..` or `100`; by default all. */
function range(text: string | undefined, frames: number): [first: number, last: number] {
  const [, from = '0', dots, to] = /^(\d+)(\.\.(\d*))?$/.exec(text ?? '0..') ?? []
  const first = Number(from)
  const last = dots === undefined ? first : Number((to ?? dots.slice(2)) || frames - 1)
  if (!(first <= last && last < frames)) fail(`--frames ${text}: there are frames 0..${frames - 1}`)
  return [first, last]
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
