import { ArenaFull, f16, InvalidSize, NoOpenFrame, RowOutOfRange, RowsOutOfRange } from '@memkit/core'
import {
  CoordinatorDisposed,
  InvalidConfig,
  InvalidStride,
  MirrorDestroyed,
  MirrorHasNoBuffer,
  MirrorKeepsNoRows,
  MirrorOwnsBuffer,
  MirrorTooLarge,
  MkCoordinator,
  NotFrameMemory,
} from '@memkit/coordinator'
import type { CoordinatorConfig, Mirror } from '@memkit/coordinator'
import {
  BufferDestroyed,
  DeviceLost,
  DummyBackend,
  ForeignBuffer,
  MisalignedCopy,
  MkBufferUsage,
  MkGpu,
  OutOfRange,
  UsageMissing,
  UsageUnsupported,
} from '@memkit/gpu'
import { expect } from 'vitest'
import * as coordinator from '@memkit/coordinator'
import * as core from '@memkit/core'
import * as gpuPackage from '@memkit/gpu'
import { describeBadInput, OneWarning, ownErrors, type BadInput } from '@memkit/testing/bad-input'
import { firstDifference, frame } from './device-bytes.ts'

const { TRANSFER_DST, TRANSFER_SRC, VERTEX } = MkBufferUsage

/** A coordinator in the middle of a frame, one between two frames, one whose device is lost, and one that was disposed of. */
async function setUp() {
  const make = (): MkCoordinator =>
    new MkCoordinator(new DummyBackend(), { calibrate: false, frameArenaBytes: 1024, debug: true })
  const [co, closed, lost, disposed] = [make(), make(), make(), make()]
  await co.ready()
  disposed.dispose()
  await lost.ready()
  ;(lost.gpu as MkGpu<DummyBackend>).backend.lose()
  await lost.gpu.lost
  const mirror = co.createMirror({ rows: 4, stride: 8, label: 'Position' })
  const gone = co.createMirror({ rows: 4, stride: 8, label: 'Gone' })
  gone.destroy()
  const source = { isReadable: true, packAt: () => {}, gather: () => {} }
  const sourced = co.createMirror({ rows: 4, stride: 8, label: 'Sourced', source })
  const target = co.gpu.createDeviceBuffer(64, TRANSFER_DST | TRANSFER_SRC, { label: 'target' })
  const bare = co.gpu.createDeviceBuffer(64, VERTEX, { label: 'bare' })
  const destroyed = co.gpu.createDeviceBuffer(64, TRANSFER_DST | TRANSFER_SRC, { label: 'destroyed' })
  destroyed.destroy()
  const other = new MkGpu(new DummyBackend())
  const foreign = other.createDeviceBuffer(64, TRANSFER_DST | TRANSFER_SRC, { label: 'from elsewhere' })
  co.beginFrame()
  const old = co.frameAlloc(Uint32Array, 4)
  co.endFrame()
  co.beginFrame()
  const view = co.frameAlloc(Uint32Array, 4).fill(7)
  const bytes = co.frameAlloc(Uint8Array, 8)
  mirror.write(2, new Uint32Array([1, 2]))
  return {
    ...{
      co,
      closed,
      lost,
      disposed,
      mirror,
      gone,
      source,
      sourced,
      target,
      bare,
      destroyed,
      foreign,
      old,
      view,
      bytes,
    },
    stage: (offset: number, buffer = target) => co.stageForUpload(view, { buffer, offset }),
    state: () => ({
      // How many frames were begun and abandoned is what beginFrame in an open frame may change.
      stats: [co, closed].map(({ stats }) => ({ ...stats, frames: 0, abandoned: 0 })),
      open: [co, closed, lost].map((each) => each.isFrameOpen),
      calls: [co, closed].map(({ gpu }) => ({ ...gpu.calls })),
      leaks: [co, closed].map(({ gpu, heap }) => [gpu.leaks(), heap.leaks()]),
      // What was taken and given back again is counted as both.
      heap: [co, closed].map(({ heap }) => ({ ...heap.stats, allocs: 0, frees: 0, touched: 0 })),
      strategy: co.strategy,
      mirror: [mirror.capacity, mirror.used, mirror.generation, mirror.memoryGeneration],
      dirty: [...mirror.dirty.words],
      rows: [...mirror.view(Uint32Array)],
    }),
    works: async () => {
      // The frame that was open goes on, or the one that was begun instead of it.
      const view = co.frameAlloc(Uint32Array, 4).fill(9)
      const slice = co.stageForUpload(view)
      co.stageForUpload(view, { buffer: target, offset: 16 })
      const report = co.endFrame()
      // Two rows of staging, and one of two words.
      expect(report).toMatchObject({ rowsChanged: 1, bytesChanged: 16 + 16 + 8 })
      const staged = await Promise.all([
        co.download(slice.buffer, slice.offset, 16),
        co.download(target, 16, 16),
      ])
      for (const each of staged) expect([...new Uint32Array(each)]).toEqual([9, 9, 9, 9])
      expect([...new Uint32Array(await co.download(target, 0, 16))]).toEqual([0, 0, 0, 0])
      expect(await firstDifference(co, mirror)).toBe(-1)
      for (const each of [co, closed]) {
        const next = each.createMirror({ rows: 10, stride: 4 })
        expect(frame(each, () => next.write(9, new Uint32Array([5])))).toMatchObject({
          abandoned: 0,
          rowsChanged: 1,
        })
        expect(await firstDifference(each, next)).toBe(-1)
      }
    },
    end: () => {
      for (const each of [co, closed, lost]) each.dispose()
      other.destroy()
    },
  }
}

type Row = BadInput<Awaited<ReturnType<typeof setUp>>>
const any = (thing: unknown): never => thing as never

const frames: readonly Row[] = [
  ['endFrame without beginFrame', NoOpenFrame, (b) => b.closed.endFrame(), { call: 'endFrame()' }],
  [
    'frameAlloc outside of a frame',
    NoOpenFrame,
    (b) => b.closed.frameAlloc(Uint8Array, 1),
    { call: 'frameAlloc()' },
  ],
  ['stageForUpload outside of a frame', NoOpenFrame, (b) => b.closed.stageForUpload(b.view)],
  [
    'beginFrame in an open frame',
    new OneWarning('Call endFrame() once per frame'),
    (b) => {
      b.stage(0)
      b.co.stageForUpload(b.view)
      b.co.beginFrame()
    },
  ],
  ...[-1, 0.5, Number.NaN, 2 ** 33].map((length): Row => [
    `frameAlloc of ${length}`,
    InvalidSize,
    (b) => b.co.frameAlloc(Float32Array, length),
    { value: length },
  ]),
  [
    'more than the frame arena may hold',
    ArenaFull,
    (b) => b.co.frameAlloc(Uint8Array, 1 << 20),
    { asked: 1 << 20, maxBytes: expect.any(Number) },
  ],
  ['memory of a frame that has ended', NotFrameMemory, (b) => b.co.stageForUpload(b.old), { byteLength: 16 }],
  ['memory of one’s own', NotFrameMemory, (b) => b.co.stageForUpload(new Float32Array(4))],
  [
    'heap memory outside frame memory',
    NotFrameMemory,
    (b) => b.co.stageForUpload(new Uint8Array(b.co.heap.buffer, 0, 4)),
  ],
  ['staging into a mirror', MirrorOwnsBuffer, (b) => b.stage(0, b.mirror.buffer), { label: 'Position' }],
  [
    'staging into a destroyed buffer',
    BufferDestroyed,
    (b) => b.stage(0, b.destroyed),
    { label: 'destroyed' },
  ],
  [
    'staging into a buffer of another device',
    ForeignBuffer,
    (b) => b.stage(0, b.foreign),
    { label: 'from elsewhere' },
  ],
  ['staging into what lacks TRANSFER_DST', UsageMissing, (b) => b.stage(0, b.bare), { needed: TRANSFER_DST }],
  ...[-4, 0.5, Number.NaN, 52, 2 ** 33].map((offset): Row => [
    `staging 16 bytes at ${offset} of 64`,
    OutOfRange,
    (b) => b.stage(offset),
    { value: offset, max: 48 },
  ]),
  ['staging at byte 2', MisalignedCopy, (b) => b.stage(2), { what: 'offset', value: 2 }],
  [
    'staging 7 bytes to a place of one’s own',
    MisalignedCopy,
    (b) => b.co.stageForUpload(b.bytes.subarray(0, 7), { buffer: b.target, offset: 0 }),
    { what: 'size', value: 7 },
  ],
  [
    'staging from byte 2',
    MisalignedCopy,
    (b) => b.co.stageForUpload(b.bytes.subarray(2, 6), { buffer: b.target, offset: 0 }),
  ],
]

const mirrors: readonly Row[] = [
  ...[0, -4, 6, 4.5, Number.NaN, Infinity].map((stride): Row => [
    `a stride of ${stride}`,
    InvalidStride,
    (b) => b.co.createMirror({ rows: 1, stride, label: 'Odd' }),
    { label: 'Odd', stride },
  ]),
  ['a schema of 2 bytes', InvalidStride, (b) => b.co.createMirror({ rows: 1, schema: f16 }), { stride: 2 }],
  ['neither schema nor stride', InvalidStride, (b) => b.co.createMirror({ rows: 1 })],
  ...[0, -1, 0.5, Number.NaN, 2 ** 33].map((rows): Row => [
    `a mirror of ${rows} rows`,
    InvalidSize,
    (b) => b.co.createMirror({ rows, stride: 4 }),
    { value: rows, min: 1 },
  ]),
  ...[-1, 0.5, Number.NaN, 2 ** 33].flatMap((rows): Row[] => [
    [
      `growing to ${rows} rows`,
      InvalidSize,
      (b) => b.mirror.grow(rows),
      { what: 'Position: rows', value: rows },
    ],
    [`${rows} rows in use`, InvalidSize, (b) => (b.mirror.used = rows), { what: 'Position: used', max: 4 }],
  ]),
  [
    'a mirror above the limit of the device',
    MirrorTooLarge,
    (b) => b.co.createMirror({ rows: 2 ** 24, stride: 64, label: 'Huge' }),
    // Shaders see 128 MiB of a buffer.
    { label: 'Huge', requested: 2 ** 30, max: 128 << 20 },
  ],
  [
    'growing above the limit of the device',
    MirrorTooLarge,
    (b) => b.mirror.grow(2 ** 25),
    { label: 'Position' },
  ],
  ['an invalid usage', UsageUnsupported, (b) => b.co.createMirror({ rows: 1, stride: 4, usage: 0x200 })],
  ...[-1, 4, 0.5, Number.NaN].flatMap((row): Row[] => [
    [`marking row ${row} of 4`, RowOutOfRange, (b) => b.mirror.mark(row), { row, rows: 4 }],
    [`writing row ${row} of 4`, RowOutOfRange, (b) => b.mirror.write(row, new Uint32Array(1)), { row }],
  ]),
  [
    'marking past the last row',
    RowsOutOfRange,
    (b) => b.mirror.markRange(2, 3),
    { first: 2, count: 3, rows: 4 },
  ],
  [
    'more bytes than a row has',
    InvalidSize,
    (b) => b.mirror.write(0, new Uint32Array(3)),
    { value: 12, max: 8 },
  ],
  ...Object.entries<(mirror: Mirror) => unknown>({
    mark: (mirror) => mirror.mark(0),
    markAll: (mirror) => mirror.markAll(),
    write: (mirror) => mirror.write(0, new Uint8Array(1)),
    grow: (mirror) => mirror.grow(9),
    view: (mirror) => mirror.view(Uint8Array),
  }).map(([name, use]): Row => [
    `${name} of a destroyed mirror`,
    MirrorDestroyed,
    (b) => use(b.gone),
    { label: 'Gone' },
  ]),
  ...Object.entries<(mirror: Mirror) => unknown>({
    view: (mirror) => mirror.view(Uint8Array),
    write: (mirror) => mirror.write(0, new Uint8Array(1)),
  }).map(([name, use]): Row => [
    `${name} of a mirror whose rows a source makes`,
    MirrorKeepsNoRows,
    (b) => use(b.sourced),
    { label: 'Sourced' },
  ]),
  [
    'a source for rows that the device writes',
    InvalidConfig,
    ({ co, source }) => co.createMirror({ rows: 1, stride: 4, source, direction: 'both' }),
    { option: 'direction' },
  ],
  [
    'a source beside given memory',
    InvalidConfig,
    ({ co, source }) => co.createMirror({ rows: 1, stride: 4, source, memory: { heap: co.heap, offset: 0 } }),
    { option: 'source' },
  ],
  [
    'the buffer of a mirror while the device is lost',
    MirrorHasNoBuffer,
    (b) => b.lost.createMirror({ rows: 1, stride: 4, label: 'Late' }).buffer,
    { label: 'Late' },
  ],
]

const others: readonly Row[] = [
  ...Object.entries<CoordinatorConfig>({
    buffering: { buffering: any(4) },
    strategy: { strategy: any('fastest') },
    frameBuffers: { frameBuffers: any('one') },
    'costs.call': { costs: any({ call: -1 }) },
    frameArenaBytes: { frameArenaBytes: 0 },
    frameBufferBytes: { frameBufferBytes: 0.5 },
    heapBytes: { heapBytes: Number.NaN },
  }).map(([option, config]): Row => [
    `an impossible ${option}`,
    InvalidConfig,
    () => new MkCoordinator(new DummyBackend(), config),
    { option },
  ]),
  [
    'an impossible strategy, later',
    InvalidConfig,
    (b) => (b.co.strategy = any('slowest')),
    { option: 'strategy', value: 'slowest' },
  ],
  ['uploadSlice of nothing', OutOfRange, (b) => b.co.uploadSlice(new Float32Array(0))],
  [
    'uploadSlice without TRANSFER_DST',
    UsageMissing,
    (b) => b.co.uploadSlice(new Float32Array(4), VERTEX),
    { needed: TRANSFER_DST },
  ],
  ['uploadSlice on a lost device', DeviceLost, (b) => b.lost.uploadSlice(new Float32Array(4))],
  ['a download past the end', OutOfRange, (b) => b.co.download(b.target, 60, 8)],
  ['a download of −4 bytes', OutOfRange, (b) => b.co.download(b.target, 0, -4)],
  ['a download from half a byte', OutOfRange, (b) => b.co.download(b.target, 0.5, 4)],
  ['a download of a destroyed buffer', BufferDestroyed, (b) => b.co.download(b.destroyed)],
  ['a download of a buffer of another device', ForeignBuffer, (b) => b.co.download(b.foreign)],
  [
    'a download of what lacks TRANSFER_SRC',
    UsageMissing,
    (b) => b.co.download(b.bare),
    { needed: TRANSFER_SRC },
  ],
  ...Object.entries<(co: MkCoordinator) => unknown>({
    'beginFrame()': (co) => co.beginFrame(),
    'endFrame()': (co) => co.endFrame(),
    'frameAlloc()': (co) => co.frameAlloc(Uint8Array, 1),
    'createMirror()': (co) => co.createMirror({ rows: 1, stride: 4 }),
    'uploadSlice()': (co) => co.uploadSlice(new Float32Array(1)),
    'restore()': (co) => co.restore(new DummyBackend()),
  }).map(([call, use]): Row => [
    `${call} after dispose`,
    CoordinatorDisposed,
    (b) => use(b.disposed),
    { call },
  ]),
]

describeBadInput(
  ownErrors(coordinator, core, gpuPackage),
  setUp,
  [...frames, ...mirrors, ...others],
  {
    DeviceUnavailable: [
      'packages/coordinator/test/recovery.test.ts',
      'with the cause reported after 1, 2, 4, 8 tries',
    ],
    MirrorOutOfMemory: [
      'packages/coordinator/test/loss.test.ts',
      'that is known at once leaves the mirror unchanged',
    ],
  },
  [
    'UsageMissing.needed',
    'UsageMissing.usage',
    'UsageUnsupported.usage',
    'UsageUnsupported.supported',
    'DeviceLost.reason',
  ],
)
