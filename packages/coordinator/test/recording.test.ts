import { f32, struct, vec3f } from '@memkit/core'
import { createColumnMirror, MkCoordinator, type Mirror } from '@memkit/coordinator'
import { openReplay, startRecording, type RecordingOptions } from '@memkit/coordinator/recording'
import { DummyBackend, type MkGpu } from '@memkit/gpu'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { MEMKIT_VERSION } from '../src/recording/format.ts'
import { frame } from './device-bytes.ts'

const Body = struct({ pos: vec3f, scale: f32 }, 'Body')

let co: MkCoordinator
const made: { dispose(): void }[] = []
afterEach(() => made.splice(0).forEach((each) => each.dispose()))

async function coordinator(backend = new DummyBackend()): Promise<MkCoordinator> {
  co = new MkCoordinator(backend, { calibrate: false })
  made.push(co)
  await co.ready()
  return co
}

async function replayOf(recording: ReturnType<typeof startRecording>) {
  const replay = await openReplay(await recording.stop(), { gpu: new DummyBackend() })
  made.push(replay)
  return replay
}

function words(bytes: Uint8Array): number[] {
  return [...new Uint32Array(bytes.slice().buffer)]
}

async function onDevice(gpu: MkGpu, { buffer }: { buffer: Mirror['buffer'] }): Promise<number[]> {
  return [...new Uint32Array(await gpu.read(buffer))]
}

describe('a recording', () => {
  it('replays every frame into buffers of its own', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 4, stride: 8, label: 'Numbers' })
    const recording = startRecording(co)
    frame(co, () => mirror.write(0, new Uint32Array([1, 2])))
    frame(co, () => mirror.write(3, new Uint32Array([7, 8])))
    frame(co, () => {})
    frame(co, () => mirror.write(0, new Uint32Array([3, 2])))
    expect(recording.frames).toBe(4)
    const replay = await replayOf(recording)
    const expected = [
      [1, 2, 0, 0, 0, 0, 0, 0],
      [1, 2, 0, 0, 0, 0, 7, 8],
      [1, 2, 0, 0, 0, 0, 7, 8],
      [3, 2, 0, 0, 0, 0, 7, 8],
    ]
    for (const i of [0, 1, 2, 3, 1, 3, 0]) {
      replay.seek(i)
      expect(await onDevice(replay.gpu, replay.mirrors[0])).toEqual(expected[i])
      expect(words(replay.rowsAt(3 - i, 'Numbers'))).toEqual(expected[3 - i])
    }
    expect(replay.step()).toBe(true)
    expect(replay.changes).toMatchObject([{ sent: 1, arrived: 0 }])
    expect([replay.frames, replay.frame, replay.frameNumber]).toEqual([4, 1, 2])
  })

  it('says what each mirror is', async () => {
    await coordinator()
    co.createMirror({ rows: 3, schema: Body, label: 'Body' })
    const columns = [
      { name: 'x', elementBytes: 4, arity: 1 },
      { name: 'hp', elementBytes: 1, arity: 1 },
    ] as const
    const column = createColumnMirror(co, { rows: 10, columns, changes: 'all', label: 'Columns' })
    column.bind(0, new Float32Array(10).fill(1))
    column.bind(1, new Uint8Array(10).fill(2))
    const recording = startRecording(co)
    frame(co, () => column.markAll())
    const replay = await replayOf(recording)
    const [body, columned] = replay.mirrors
    expect(body).toMatchObject({ label: 'Body', layout: 'rows', stride: 16, rows: 3, direction: 'upload' })
    expect((body.schema as typeof Body).wgsl()).toBe(Body.wgsl())
    expect(columned).toMatchObject({ layout: 'columns', stride: 5, rows: column.capacity })
    expect(columned.sections).toEqual(column.sections)
    const [x, hp] = columned.sections
    expect(new Float32Array(columned.bytes.slice(x.offset, x.offset + 8).buffer)).toEqual(
      new Float32Array([1, 1]),
    )
    expect(columned.bytes[hp.offset + 9]).toBe(2)
  })

  it('that starts late begins with all that the device holds', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 3, stride: 4 })
    frame(co, () => mirror.write(1, new Uint32Array([5])))
    const recording = startRecording(co)
    frame(co, () => mirror.write(2, new Uint32Array([6])))
    const replay = await replayOf(recording)
    expect(words(replay.mirrors[0].bytes)).toEqual([0, 5, 6])
  })

  it('follows mirrors that grow, end and are made', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 2, stride: 4, label: 'Grows' })
    const recording = startRecording(co)
    frame(co, () => mirror.write(1, new Uint32Array([5])))
    frame(co, () => {
      mirror.grow(4)
      mirror.write(3, new Uint32Array([6]))
    })
    frame(co, () => {
      mirror.destroy()
      co.createMirror({ rows: 1, stride: 4, label: 'Later' }).write(0, new Uint32Array([9]))
    })
    const replay = await replayOf(recording)
    const shown = () => replay.mirrors.map(({ label, bytes }) => [label, words(bytes)])
    expect(shown()).toEqual([['Grows', [0, 5]]])
    const { generation } = replay
    replay.seek(1)
    expect(replay.generation).toBeGreaterThan(generation)
    expect(shown()).toEqual([['Grows', [0, 5, 0, 6]]])
    replay.seek(2)
    expect(shown()).toEqual([['Later', [9]]])
    replay.seek(0)
    expect(shown()).toEqual([['Grows', [0, 5]]])
    expect(replay.gpu.leaks()).toHaveLength(1)
  })

  it('keeps time steps that were given', async () => {
    await coordinator()
    const recording = startRecording(co)
    frame(co, () => co.noteTimeStep(0.25))
    frame(co, () => {})
    const replay = await replayOf(recording)
    expect(replay.timeStep).toBe(0.25)
    replay.step()
    expect(replay.timeStep).toBeUndefined()
  })

  it('has no frame in which the device was lost, and continues on the next device', async () => {
    const backend = new DummyBackend()
    await coordinator(backend)
    const mirror = co.createMirror({ rows: 2, stride: 4 })
    const recording = startRecording(co)
    frame(co, () => mirror.write(0, new Uint32Array([1])))
    backend.lose()
    await co.gpu.lost
    frame(co, () => mirror.write(1, new Uint32Array([2])))
    expect(recording.frames).toBe(1)
    await co.restore(new DummyBackend())
    frame(co, () => {})
    const replay = await replayOf(recording)
    expect(replay.frames).toBe(2)
    replay.seek(1)
    expect(replay.frameNumber).toBe(3)
    expect(words(replay.mirrors[0].bytes)).toEqual([1, 2])
  })

  it('keeps rows that came back from the device', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 2, stride: 4, direction: 'both' })
    const recording = startRecording(co)
    frame(co, () => mirror.write(0, new Uint32Array([1])))
    co.gpu.write(mirror.buffer, 4, new Uint32Array([8]).buffer)
    for (let i = 0; i < 4; i++) {
      frame(co, () => {})
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    const replay = await replayOf(recording)
    expect(words(replay.mirrors[0].bytes)).toEqual([1, 0])
    const arrived: number[] = []
    while (replay.step()) arrived.push(replay.changes[0].arrived)
    expect(words(replay.mirrors[0].bytes)).toEqual([1, 8])
    expect(arrived.some((rows) => rows > 0)).toBe(true)
  })

  it('in a ring keeps the newest frames', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 1000, stride: 16 })
    const recording = startRecording(co, { maxBytes: 100_000, keyframeEvery: 10 })
    for (let i = 1; i <= 100; i++)
      frame(co, () => {
        mirror.view(Uint32Array).fill(i)
        mirror.markAll()
      })
    expect(recording.bytes).toBeLessThan(130_000)
    expect(recording.frames + recording.droppedFrames).toBe(100)
    const { frames } = recording
    const replay = await replayOf(recording)
    expect(replay.frames).toBe(frames)
    expect(replay.frameNumber).toBe(101 - frames)
    replay.seek(frames - 1)
    expect(words(replay.mirrors[0].bytes)[3999]).toBe(100)
  })

  it('without a ring keeps the first frames', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 1000, stride: 16 })
    const recording = startRecording(co, { maxBytes: 100_000, ring: false })
    for (let i = 1; i <= 100; i++)
      frame(co, () => {
        mirror.view(Uint32Array).fill(i)
        mirror.markAll()
      })
    const { frames, droppedFrames } = recording
    expect(frames).toBeLessThan(10)
    expect(frames + droppedFrames).toBe(100)
    const replay = await replayOf(recording)
    expect([replay.frames, replay.frameNumber]).toEqual([frames, 1])
  })

  it('can be taken in pieces while it runs', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 1, stride: 4 })
    const recording = startRecording(co, { keyframeEvery: 2 })
    const pieces: Uint8Array<ArrayBuffer>[] = []
    const taken = (async () => {
      for await (const piece of recording.chunks()) pieces.push(piece)
    })()
    for (let i = 1; i <= 7; i++) {
      frame(co, () => mirror.write(0, new Uint32Array([i])))
      await Promise.resolve()
    }
    await recording.stop()
    await taken
    expect(pieces).toHaveLength(1 + 4 + 1)
    const replay = await openReplay(new Blob(pieces), { gpu: new DummyBackend() })
    made.push(replay)
    replay.seek(6)
    expect(words(replay.mirrors[0].bytes)).toEqual([7])
  })

  it('writes equal bytes for equal frames', async () => {
    const record = async (options?: RecordingOptions): Promise<Buffer> => {
      await coordinator()
      const mirror = co.createMirror({ rows: 50, schema: Body })
      const recording = startRecording(co, options)
      for (let i = 0; i < 30; i++)
        frame(co, () => {
          co.noteTimeStep(1 / 64)
          mirror.write((i * 7) % 50, new Float32Array([i, i, i, 1]))
        })
      return Buffer.from(await (await recording.stop()).arrayBuffer())
    }
    const first = await record({ keyframeEvery: 8 })
    expect((await record({ keyframeEvery: 8 })).equals(first)).toBe(true)
    expect((await record({ keyframeEvery: 9 })).equals(first)).toBe(false)
  })

  it('sees nothing once it is stopped', async () => {
    await coordinator()
    const recording = startRecording(co)
    frame(co, () => {})
    await recording.stop()
    frame(co, () => {})
    expect(recording).toMatchObject({ isRunning: false, frames: 1 })
    expect(co.recorder).toBeUndefined()
    const again = startRecording(co)
    frame(co, () => {})
    expect(again.frames).toBe(1)
  })

  it('names the version of memkit', () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(MEMKIT_VERSION).toBe(version)
  })
})
