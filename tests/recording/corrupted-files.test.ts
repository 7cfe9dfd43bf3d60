// Damaged files: `MEMKIT_CORRUPTIONS` of them (default 20 000), from `MEMKIT_SEED`.
import { MkCoordinator, createColumnMirror } from '@memkit/coordinator'
import { BadRecording, openReplay, startRecording, type Replay } from '@memkit/coordinator/recording'
import { f32, struct, vec2f } from '@memkit/core'
import { DummyBackend, MkGpu } from '@memkit/gpu'
import { integersFrom } from '@memkit/testing/random'
import { expect, it } from 'vitest'
import { crc32 } from '../../packages/coordinator/src/recording/crc32.ts'

type Bytes = Uint8Array<ArrayBuffer>

/** A small game with each kind of part, as it is written. */
async function smallFile(): Promise<Bytes> {
  const co = new MkCoordinator(new DummyBackend(), { calibrate: false })
  await co.ready()
  const bodies = co.createMirror({ rows: 6, schema: struct({ at: vec2f, size: f32 }, 'Body'), label: 'Body' })
  const columns = [{ name: 'hp', elementBytes: 2, arity: 1 }] as const
  const life = createColumnMirror(co, { rows: 64, columns, changes: 'all', label: 'Life' })
  const hp = new Uint16Array(64)
  life.bind(0, hp)
  const recording = startRecording(co, { keyframeEvery: 4 })
  const pieces: Bytes[] = []
  const taken = (async () => {
    for await (const piece of recording.chunks()) pieces.push(piece)
  })()
  for (let i = 0; i < 14; i++) {
    co.beginFrame()
    if (i % 3 === 0) co.noteTimeStep(i / 64)
    if (i < 10) bodies.write(i % bodies.capacity, new Float32Array([i, -i, 1]))
    if (i === 5) bodies.grow(9)
    hp[i] = i * 3
    life.markAll()
    if (i === 9) co.createMirror({ rows: 1, stride: 4, label: 'Late' }).write(0, new Uint32Array([1]))
    if (i === 10) bodies.destroy()
    co.endFrame()
  }
  await recording.stop()
  await taken
  co.dispose()
  return new Uint8Array(await new Blob(pieces).arrayBuffer())
}

/** Checksums of all frames. */
function checksums(replay: Replay): number[] {
  const all: number[] = []
  for (let i = 0; i < replay.frames; i++) {
    replay.seek(i)
    all.push(replay.checksum)
  }
  return all
}

const MAX_BYTES = 1 << 20

it('damaged files give a typed error or a correct prefix', async () => {
  const file = await smallFile()
  const whole = checksums(await openReplay(file, { gpu: new DummyBackend() }))
  const count = Number(process.env['MEMKIT_CORRUPTIONS'] ?? 20_000)
  const below = integersFrom(Number(process.env['MEMKIT_SEED'] ?? 1))
  const outcomes = { refused: 0, prefixes: 0, whole: 0 }
  const gpu = new MkGpu(new DummyBackend())
  for (let i = 0; i < count; i++) {
    const damaged = damage(file, below)
    let replay: Replay
    try {
      replay = await openReplay(damaged, { gpu, maxBytes: MAX_BYTES })
    } catch (error) {
      if (!(error instanceof BadRecording)) throw new Error(`file ${i}: ${String(error)}`, { cause: error })
      expect(error.offset).toBeLessThanOrEqual(damaged.length)
      outcomes.refused++
      continue
    }
    const found = checksums(replay)
    if (found.length < whole.length) expect(replay.problem).toBeInstanceOf(BadRecording)
    expect(found, `file ${i}`).toEqual(whole.slice(0, found.length))
    if (found.length < whole.length) outcomes.prefixes++
    else outcomes.whole++
    replay.dispose()
  }
  expect(gpu.leaks()).toEqual([])
  expect(outcomes.refused).toBeGreaterThan(count / 10)
  expect(outcomes.prefixes).toBeGreaterThan(count / 10)
}, 600_000)

it('files whose check sums were made right again give a typed error or are shown', async () => {
  const file = await smallFile()
  const count = Number(process.env['MEMKIT_CORRUPTIONS'] ?? 20_000)
  const below = integersFrom(Number(process.env['MEMKIT_SEED'] ?? 2))
  const gpu = new MkGpu(new DummyBackend())
  const outcomes = { refused: 0, shown: 0 }
  for (let i = 0; i < count; i++) {
    // One group, so that its check sum is easy to find.
    const end = firstGroupEnd(file)
    const group = file.slice(0, end)
    for (let n = below(3); n >= 0; n--) group[HEADER + below(end - HEADER - 5)] = below(256)
    new DataView(group.buffer).setUint32(end - 4, crc32(group, 0, HEADER, end - 5), true)
    try {
      const replay = await openReplay(group, { gpu, maxBytes: MAX_BYTES })
      checksums(replay)
      replay.dispose()
      outcomes.shown++
    } catch (error) {
      if (!(error instanceof BadRecording)) throw new Error(`file ${i}: ${String(error)}`, { cause: error })
      outcomes.refused++
    }
  }
  expect(gpu.leaks()).toEqual([])
  expect(Math.min(outcomes.refused, outcomes.shown)).toBeGreaterThan(count / 10)
}, 600_000)

const HEADER = 4 + 1 + 1 + 1 + '0.1.0'.length

/** Where the first group ends: where its check sum is right. */
function firstGroupEnd(file: Bytes): number {
  const view = new DataView(file.buffer)
  for (let end = HEADER + 6; end <= file.length; end++)
    if (file[end - 5] === 0x0f && view.getUint32(end - 4, true) === crc32(file, 0, HEADER, end - 5))
      return end
  throw new Error('there is no group')
}

/** A copy with bits flipped, bytes changed, cut off, cut out, put in, or doubled. */
function damage(file: Bytes, below: (n: number) => number): Bytes {
  const at = below(file.length)
  const size = 1 + below(8)
  const copy = file.slice()
  switch (below(6)) {
    case 0:
      for (let n = below(4); n >= 0; n--) copy[below(file.length)] ^= 1 << below(8)
      return copy
    case 1:
      for (let n = below(4); n >= 0; n--) copy[below(file.length)] = below(256)
      return copy
    case 2:
      return file.slice(0, at)
    case 3:
      return joined(file.slice(0, at), file.slice(at + size))
    case 4:
      return joined(file.slice(0, at), new Uint8Array(size).fill(below(256)), file.slice(at))
    default:
      return joined(file.slice(0, at), file.slice(below(at + 1)))
  }
}

function joined(...parts: Bytes[]): Bytes {
  return new Uint8Array(Buffer.concat(parts))
}
