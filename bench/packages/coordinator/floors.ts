import { ColumnPacker, createHeap, f32 } from '@memkit/core'
import { MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage, type MkGpu } from '@memkit/gpu'
import { interleave, short, table } from '../../interleave.ts'

/** Calls and scans against what people write by hand: P1, P2, P5, P9, P11. CPU time of the flush. */
export async function floors(gpu: MkGpu, name: string, quick: boolean): Promise<void> {
  const rounds = quick ? 15 : 61
  const heap = createHeap({ bytes: 256 << 20 })
  const co = new MkCoordinator(gpu, { heap, frameArenaBytes: 4096 })
  await co.ready()
  const lines: string[][] = []
  const say = (what: string, ratio: number, target: string, detail: string): void =>
    void lines.push([what, ratio.toFixed(2), target, detail])

  const ROWS = 1_000_000
  const mirror = co.createMirror({ rows: ROWS, stride: 16 })
  mirror.view(Uint32Array).fill(1)
  // What is written by hand goes to the same buffer: the same work takes up to twice as long on other pages of memory.
  const plain = mirror.buffer
  const beside = gpu.createDeviceBuffer(16, MkBufferUsage.TRANSFER_DST)
  /** The device reads the buffer, as draws would: drivers write faster into what no device has ever used. */
  const drain = async (): Promise<void> => {
    gpu.copy(plain, 0, beside, 0, 16)
    gpu.submit()
    await gpu.waitIdle()
  }
  /** Milliseconds of the calling thread; the device is done before the next. */
  const timed = (prepare: () => void, work: () => void) => async (): Promise<number> => {
    prepare()
    const start = performance.now()
    work()
    const took = performance.now() - start
    await drain()
    return took
  }
  const frame = (): void => void co.endFrame()
  const whole = timed(
    () => {},
    () => gpu.write(plain, 0, heap.buffer, mirror.offset, ROWS * 16),
  )

  // Everything changed, rows that are uploaded as they lie.
  const [flush, full] = await interleave(
    [timed(() => (mirror.markAll(), co.beginFrame()), frame), whole],
    rounds,
    10,
  )
  say(
    'all rows of a mirror ÷ one writeBuffer',
    flush.median / full.median,
    '≤ 1.1',
    `${short(flush.median)} / ${short(full.median)} ms`,
  )

  // Everything changed, columns of the heap, packed without comparing.
  const columns = heap.columns({ a: f32, b: f32, c: f32, d: f32 }, ROWS - 1)
  const packed = co.createMirror({ rows: ROWS, stride: 16 })
  const packer = new ColumnPacker(
    packed.heap,
    [0, 4, 8, 12].map((offset) => ({ type: 'f32', arity: 1, offsets: [offset] })),
    16,
  )
  Object.values(columns).forEach((column, i) => packer.bind(i, column))
  const copy = new Float32Array(ROWS * 4).fill(1)
  const [columnsUp, wholeAgain, once] = await interleave(
    [
      timed(
        () => co.beginFrame(),
        () => {
          packer.pack(packed, 0, ROWS)
          co.endFrame()
        },
      ),
      whole,
      timed(
        () => {},
        () => Object.values(columns).forEach((column, i) => copy.set(column, i * ROWS)),
      ),
    ],
    rounds,
    10,
  )
  const allowed = wholeAgain.median + 2 * once.median
  say(
    'all rows of columns, packed ÷ (one writeBuffer + 2 memcpy)',
    columnsUp.median / allowed,
    '≤ 1',
    `${short(columnsUp.median)} / (${short(wholeAgain.median)} + 2 × ${short(once.median)}) ms`,
  )
  packer.dispose()
  packed.destroy()

  // 1 % at random.
  let turn = 0
  const picked = new Uint32Array(ROWS / 100)
  const pick = (): void => {
    turn++
    for (let i = 0; i < picked.length; i++) picked[i] = (i * 2_654_435_761 + turn * 97) % ROWS
  }
  const [marked, perRow, ranges, all] = await interleave(
    [
      timed(
        () => (pick(), co.beginFrame()),
        () => {
          for (let i = 0; i < picked.length; i++) mirror.dirty.set(picked[i])
          co.endFrame()
        },
      ),
      timed(pick, () => {
        for (let i = 0; i < picked.length; i++)
          gpu.write(plain, picked[i] * 16, heap.buffer, mirror.offset + picked[i] * 16, 16)
      }),
      timed(pick, () => {
        picked.sort()
        for (let i = 0; i < picked.length;) {
          const first = picked[i]
          let end = first + 1
          while (++i < picked.length && picked[i] <= end) end = picked[i] + 1
          gpu.write(plain, first * 16, heap.buffer, mirror.offset + first * 16, (end - first) * 16)
        }
      }),
      whole,
    ],
    quick ? 7 : 21,
    3,
  )
  const plan = co.report.mirrors[0].strategy
  say(
    'a write per row ÷ a mirror, 1 % random',
    perRow.median / marked.median,
    '≥ 35',
    `${short(perRow.median)} / ${short(marked.median)} ms, plan ${plan}`,
  )
  say('merged ranges ÷ a mirror', ranges.median / marked.median, '≥ 10', `${short(ranges.median)} ms`)
  say('whole buffer ÷ a mirror', all.median / marked.median, '≥ 1.5', `${short(all.median)} ms`)

  // Nothing changed.
  const half = new MkCoordinator(gpu, { heap, frameArenaBytes: 4096 })
  half.createMirror({ rows: ROWS / 2, stride: 16 })
  const idle = (c: MkCoordinator) => (): number => {
    const start = performance.now()
    for (let i = 0; i < 100; i++) {
      c.beginFrame()
      c.endFrame()
    }
    return (performance.now() - start) * 10
  }
  const [idleFull, idleHalf] = await interleave([idle(co), idle(half)], rounds, 10)
  say(
    'idle frame, 1 000 000 rows: µs',
    idleFull.median,
    '≤ 2',
    `${short(idleHalf.median)} µs with 500 000; calls ${co.report.apiCalls}`,
  )

  // The same number of changed rows in ten times as many.
  const small = co.createMirror({ rows: ROWS / 10, stride: 16 })
  small.view(Uint32Array).fill(1)
  frame1(co, () => small.markAll())
  const calls: number[] = []
  const changed = (target: typeof mirror, k: number) =>
    timed(
      () => {
        co.beginFrame()
        for (let i = 0; i < 1000; i++) target.dirty.set((i * 2_654_435_761 + ++turn) % target.capacity)
      },
      () => void (calls[k] = co.endFrame().apiCalls),
    )
  const [inBig, inSmall] = await interleave([changed(mirror, 0), changed(small, 1)], rounds, 10)
  say(
    '1 000 rows of 10⁶ ÷ of 10⁵',
    inBig.median / inSmall.median,
    '≤ 5',
    `${short(inBig.median)} / ${short(inSmall.median)} ms, calls ${calls.join(' / ')}`,
  )

  console.log(`Floors on ${name} (calling thread)\n`)
  table(['what', 'ratio', 'target', ''], lines)
  half.dispose()
  co.dispose()
}

function frame1(co: MkCoordinator, work: () => void): void {
  co.beginFrame()
  work()
  co.endFrame()
}
