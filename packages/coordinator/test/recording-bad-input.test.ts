import * as core from '@memkit/core'
import { InvalidSize } from '@memkit/core'
import * as coordinator from '@memkit/coordinator'
import { InvalidConfig, MkCoordinator } from '@memkit/coordinator'
import * as recordings from '@memkit/coordinator/recording'
import { AlreadyRecording, BadRecording, openReplay, startRecording } from '@memkit/coordinator/recording'
import * as gpuPackage from '@memkit/gpu'
import { DummyBackend } from '@memkit/gpu'
import { describeBadInput, ownErrors, type BadInput } from '@memkit/testing/bad-input'
import { expect } from 'vitest'
import { frame } from './device-bytes.ts'

/** A coordinator that is recorded, one that is not, and a replay that shows its second frame. */
async function setUp() {
  const make = (): MkCoordinator => new MkCoordinator(new DummyBackend(), { calibrate: false })
  const [co, idle] = [make(), make()]
  await co.ready()
  const mirror = co.createMirror({ rows: 2, stride: 4, label: 'Numbers' })
  const first = startRecording(co)
  for (const value of [1, 2, 3]) frame(co, () => mirror.write(0, new Uint32Array([value])))
  const file = new Uint8Array(await (await first.stop()).arrayBuffer())
  const running = startRecording(co)
  frame(co, () => {})
  const gpu = new gpuPackage.MkGpu(new DummyBackend())
  const replay = await openReplay(file, { gpu })
  replay.seek(1)
  return {
    ...{ co, idle, file, gpu, replay },
    open: (bytes: Uint8Array<ArrayBuffer>, maxBytes?: number) => openReplay(bytes, { gpu, maxBytes }),
    state: () => [
      running.frames,
      running.bytes,
      replay.frame,
      replay.checksum,
      gpu.leaks().length,
      idle.recorder,
    ],
    works: () => {
      frame(co, () => mirror.write(1, new Uint32Array([4])))
      expect(running.frames).toBe(2)
      expect(replay.step()).toBe(true)
      expect([...new Uint32Array(replay.rowsAt(0, 'Numbers').buffer)]).toEqual([1, 0])
    },
    end: () => {
      replay.dispose()
      for (const each of [co, idle]) each.dispose()
      gpu.destroy()
    },
  }
}

type Row = BadInput<Awaited<ReturnType<typeof setUp>>>

function changed(file: Uint8Array<ArrayBuffer>, at: number, value: number): Uint8Array<ArrayBuffer> {
  const copy = file.slice()
  copy[at] = value
  return copy
}

const rows: readonly Row[] = [
  ['a second recording of one coordinator', AlreadyRecording, (b) => startRecording(b.co)],
  ...[0, -1, 0.5, Number.NaN].flatMap((value): Row[] => [
    [
      `keyframes every ${value} frames`,
      InvalidConfig,
      (b) => startRecording(b.idle, { keyframeEvery: value }),
      { option: 'keyframeEvery' },
    ],
    [
      `${value} bytes for a recording`,
      InvalidConfig,
      (b) => startRecording(b.idle, { maxBytes: value }),
      { option: 'maxBytes' },
    ],
    [`${value} bytes for a replay`, InvalidConfig, (b) => b.open(b.file, value), { option: 'maxBytes' }],
  ]),
  ['no bytes', BadRecording, (b) => b.open(new Uint8Array()), { offset: 0 }],
  ['another kind of file', BadRecording, (b) => b.open(changed(b.file, 0, 0)), { offset: 0 }],
  ['a file of a newer version', BadRecording, (b) => b.open(changed(b.file, 4, 99)), { offset: 4 }],
  ['flags that there are not', BadRecording, (b) => b.open(changed(b.file, 5, 2)), { offset: 5 }],
  ['what can’t be inflated', BadRecording, (b) => b.open(changed(b.file, 12, 0xff))],
  ['a file that ends in its first group', BadRecording, (b) => b.open(b.file.slice(0, 40))],
  ['a file larger than allowed', BadRecording, (b) => b.open(b.file, 20), { offset: 0 }],
  ...[-1, 3, 0.5].flatMap((value): Row[] => [
    [`frame ${value} of 3`, InvalidSize, (b) => b.replay.seek(value), { value, min: 0, max: 2 }],
    [`rows of frame ${value} of 3`, InvalidSize, (b) => b.replay.rowsAt(value, 'Numbers'), { value }],
  ]),
  [
    'a label that no mirror has',
    InvalidConfig,
    (b) => b.replay.rowsAt(0, 'Words'),
    { option: 'label', value: 'Words' },
  ],
  ['a speed of 0', InvalidConfig, (b) => b.replay.play({ speed: 0 }), { option: 'speed' }],
]

describeBadInput(ownErrors(recordings, coordinator, core, gpuPackage), setUp, rows, {})
