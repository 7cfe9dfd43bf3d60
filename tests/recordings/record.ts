// Records the corpus again: npx tsx --conditions=@memkit/source tests/recordings/record.ts [name …]. Files of a version of the format that is
// released stay as they are: they show that later readers read them.
import { readFileSync, writeFileSync } from 'node:fs'
import { attachMk } from '@memkit/ecs-plugin'
import { openReplay, startRecording } from '@memkit/ecs-plugin/recording'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { randomFrom } from '@memkit/testing/random'
import * as fc from 'fast-check'
import { dummyPlace } from '../model/dummy-place.ts'
import { newTally } from '../model/place.ts'
import { Programs } from '../model/program.ts'
import { run } from '../model/run.ts'
import { recordDemo } from '../recording/record-demo.ts'
import { RecordedPrograms } from '../recording/recorded-programs.ts'

type Make = () => Promise<Blob>

const corpus: Record<string, Make> = {
  'demo-seed-7': () => recordDemo(7),
  'demo-seed-8': () => recordDemo(8),
  starter,
  ...Object.fromEntries(
    [false, true].flatMap((faults) =>
      [1, 2, 3].map((seed): [string, Make] => [
        `program-${faults ? 'with-faults' : 'without-faults'}-${seed}`,
        () => program(faults, seed),
      ]),
    ),
  ),
}

const checksumsFile = new URL('checksums.json', import.meta.url)
const checksums = readChecksums()
const asked = process.argv.slice(2)
for (const [name, make] of Object.entries(corpus)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const bytes = new Uint8Array(await (await make()).arrayBuffer())
  writeFileSync(new URL(`${name}.mkrec`, import.meta.url), bytes)
  const replay = await openReplay(bytes, { gpu: new DummyBackend() })
  const sums = [replay.checksum]
  while (replay.step()) sums.push(replay.checksum)
  checksums[name] = sums.map((sum) => sum.toString(16).padStart(8, '0')).join(' ')
  console.log(`${name}: ${replay.frames} frames, ${bytes.length} bytes`)
}
writeFileSync(checksumsFile, `${JSON.stringify(checksums, undefined, 2)}\n`)

function readChecksums(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(checksumsFile, 'utf8')) as Record<string, string>
  } catch {
    return {}
  }
}

async function starter(): Promise<Blob> {
  Math.random = randomFrom(1)
  const { burst, Look, move, Position, world } = await import('../../examples/starter/src/world.ts')
  burst(60, 0, 0)
  const mk = await attachMk(world, { gpu: new MkGpu(new DummyBackend()) })
  mk.query([Position, Look], { draw: { vertexCount: 6 } })
  const recording = startRecording(mk, { keyframeEvery: 30 })
  for (let i = 0; i < 60; i++) {
    move(1 / 60)
    if (i % 20 === 10) burst(15, 0.5, -0.25)
    mk.beginFrame()
    mk.coordinator.noteTimeStep(1 / 60)
    mk.endFrame()
  }
  const file = await recording.stop()
  mk.dispose()
  return file
}

/** The first recording of a program of the model test, of one with few rows. */
async function program(faults: boolean, seed: number): Promise<Blob> {
  const all = fc.sample(new Programs(150, faults), { seed, numRuns: 50 })
  const one = all.find(({ setup }) => setup.crowd < 100 && setup.components.length > 1)!
  const files: Blob[] = []
  const openGpu = (): Promise<MkGpu> => Promise.resolve(new MkGpu(new DummyBackend()))
  const onFile = (file: Blob): Promise<void> => Promise.resolve(void files.push(file))
  await run(one, dummyPlace, newTally(), new RecordedPrograms({ openGpu, keyframeEvery: 12, onFile }))
  return files.reduce((a, b) => (a.size < b.size ? b : a))
}
