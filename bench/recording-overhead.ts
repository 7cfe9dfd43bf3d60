// What a recording costs: thread time of frames with it and without, in turns, and bytes a second at 60 Hz.
//
// npx tsx --conditions=@memkit/source bench/recording-overhead.ts
import { MkCoordinator } from '@memkit/coordinator'
import { startRecording, type Recording } from '@memkit/coordinator/recording'
import { DummyBackend } from '@memkit/gpu/dummy'

const ROWS = 100_000
const WORDS = 4
const FRAMES = 240
const TURNS = 8

const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
await co.ready()
const mirror = co.createMirror({ rows: ROWS, stride: WORDS * 4 })
const view = mirror.view(Uint32Array)

/** Frames in which a share of the rows move. @returns the median of their milliseconds */
function frames(share: number, seed: number): number {
  const times: number[] = []
  let random = seed
  for (let frame = 0; frame < FRAMES; frame++) {
    co.beginFrame()
    for (let i = 0; i < ROWS * share; i++) {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
      const row = share === 1 ? i : random % ROWS
      view[row * WORDS] = random
      mirror.mark(row)
    }
    const start = performance.now()
    co.endFrame()
    times.push(performance.now() - start)
  }
  return times.sort((a, b) => a - b)[FRAMES >> 1]
}

for (const share of [0, 0.01, 0.1, 1]) {
  const without: number[] = []
  const recorded: number[] = []
  let bytes = 0
  for (let turn = 0; turn < TURNS; turn++) {
    without.push(frames(share, turn))
    const recording: Recording = startRecording(co, { maxBytes: 2 ** 30 })
    // The first has a keyframe and all rows.
    co.beginFrame()
    co.endFrame()
    const before = recording.bytes
    recorded.push(frames(share, turn))
    bytes = (recording.bytes - before) / FRAMES
    await recording.stop()
  }
  const least = (times: number[]): number => Math.min(...times)
  const [a, b] = [least(without), least(recorded)]
  console.log(
    `${String(share * 100).padStart(3)} % of ${ROWS} × ${WORDS * 4} B: flush ${a.toFixed(3)} ms, recorded ${b.toFixed(3)} ms (+${(b - a).toFixed(3)}), ` +
      `${((bytes * 60) / 1e6).toFixed(2)} MB/s at 60 Hz before it is deflated`,
  )
}
co.dispose()
