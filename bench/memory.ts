import type { CDPSession } from 'playwright-core'
import type { BenchPage } from './chromium.ts'
import type { Outcome, Progress } from './outcome.ts'
import './page/globals.ts'

/** What a way of uploading keeps and makes for 100 000 rows of 16 bytes, 1 % of which change per frame. Bytes. */
export interface Weight {
  readonly name: string
  /** JavaScript objects, per row. */
  readonly jsPerRow: number
  /** Array buffers outside memkit's heap, per row, the game's own rows left out. */
  readonly buffersPerRow: number
  /** Of memkit's heap (WebAssembly memory), per row, the game's own rows left out. */
  readonly heapPerRow: number
  readonly gpuPerRow: number
  /** All of these that are there however few rows there are. */
  readonly fixed: number
  /** Left behind per frame, to be collected. */
  readonly garbagePerFrame: number
  readonly gpuBuffersPerFrame: number
}

interface Usage {
  readonly usedSize: number
  readonly backingStorageSize?: number
}

/** The one whose rows lie outside the heap that it has. */
const OUTSIDE = 'memkit detect, Float32Array columns'

const SMALL = 1_000
const FRAMES = 100
const BATCH = 10

/** Weighs every way in a page of its own. */
export async function weigh(bench: BenchPage, quick: boolean, progress: Progress): Promise<Outcome> {
  const big = quick ? 20_000 : 100_000
  const session = await bench.session()
  const opened = await bench.page.evaluate(() => globalThis.openMemory())
  const weights: Weight[] = []
  for (let index = 0; index < opened.cases; index++) {
    progress(index / opened.cases, `way ${index + 1} of ${opened.cases}`)
    await bench.reload()
    await bench.page.evaluate(() => globalThis.openMemory())
    const open = (rows: number): ReturnType<typeof globalThis.memory.open> =>
      bench.page.evaluate(([index, rows]) => globalThis.memory.open(index, rows), [index, rows] as const)
    // The first brings what is there once, the second says what one takes, the third what more rows take.
    const first = await open(SMALL)
    if (!first) continue
    const start = await collected(session)
    const little = await open(SMALL)
    const middle = await collected(session)
    const much = await open(big)
    const end = await collected(session)
    if (!little || !much) continue
    // Whose rows lie in memkit's heap. The others' lie in array buffers.
    const inHeap = much.heapBytes > 0 && much.name !== OUTSIDE
    const outside = (made: typeof much): number => (inHeap ? 0 : made.dataBytes)
    const inside = (made: typeof much): number => made.heapBytes - (inHeap ? made.dataBytes : 0)
    const rows = big - SMALL
    const js = (end.usedSize - middle.usedSize - (middle.usedSize - start.usedSize)) / rows
    const stored = (from: Usage, to: Usage): number =>
      (to.backingStorageSize ?? 0) - (from.backingStorageSize ?? 0)
    const buffers = (stored(middle, end) - outside(much) - (stored(start, middle) - outside(little))) / rows
    const heap = (inside(much) - inside(little)) / rows
    const gpu = (much.gpuBytes - little.gpuBytes) / rows
    const little0 =
      middle.usedSize -
      start.usedSize +
      stored(start, middle) -
      outside(little) +
      inside(little) +
      little.gpuBytes
    const calls = await bench.page.evaluate((frames) => globalThis.memory.calls(frames), FRAMES)
    weights.push({
      name: much.name,
      jsPerRow: js,
      buffersPerRow: buffers,
      heapPerRow: heap,
      gpuPerRow: gpu,
      fixed: little0 - (js + buffers + heap + gpu) * SMALL,
      garbagePerFrame: await garbage(bench, session),
      gpuBuffersPerFrame: calls.buffersCreated / FRAMES,
    })
  }
  await bench.reload()
  return { adapter: opened.adapter, runtime: opened.runtime, data: weights }
}

async function collected(session: CDPSession): Promise<Usage> {
  for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage')
  return await session.send('Runtime.getHeapUsage')
}

/** What frames leave behind. A batch in which a collection came is left out, by its having less afterwards than before. */
async function garbage(bench: BenchPage, session: CDPSession): Promise<number> {
  await collected(session)
  const usage = async (): Promise<number> => (await session.send('Runtime.getHeapUsage')).usedSize
  const run = (): Promise<void> => bench.page.evaluate((frames) => globalThis.memory.frames(frames), BATCH)
  const nothing = async (): Promise<number> => {
    const start = await usage()
    await bench.page.evaluate(() => globalThis.memory.frames(0))
    return (await usage()) - start
  }
  // What asking costs, and waiting for the device.
  const idle: number[] = []
  for (let i = 0; i < 5; i++) idle.push(await nothing())
  const asking = idle.toSorted((a, b) => a - b)[2]
  const batches: number[] = []
  for (let i = 0; i < FRAMES / BATCH; i++) {
    const start = await usage()
    await run()
    const made = (await usage()) - start - asking
    if (made > -asking) batches.push(made / BATCH)
  }
  return Math.max(0, batches.toSorted((a, b) => a - b)[batches.length >> 1] ?? 0)
}
