// How many bytes of JavaScript heap a frame leaves behind, live or garbage. Steady frames must make none.
//
//   node --expose-gc --no-concurrent-recompilation --conditions=@memkit/source --import tsx packages/core/test/garbage.ts [frames]
//
// Prints one line of JSON per case: { name, frames, bytesPerFrame, retainedPerFrame }. Without concurrent compilation
// the engine is done with optimising when the warm-up is, however busy the machine: code that is not optimised yet boxes
// numbers.
import { ColumnPacker, createHeap, DirtyRows, f32, FrameArena } from '@memkit/core'
import { MkAllocator } from '@memkit/core/allocator'

const FRAMES = Number(process.argv[2] ?? 10_000)
/** Enough for the engine to have compiled everything, and for every cache to be filled. */
const WARM_UP = 10_000
/** Few enough that a batch of a wasteful case does not fill the young generation: a collection would hide what it made. */
const BATCH = 50

const collect = (globalThis as { gc?: () => void }).gc
if (collect === undefined) throw new Error('Run with --expose-gc.')

interface Case {
  readonly name: string
  readonly frame: (this: void, frame: number) => void
}

function measure({ name, frame }: Case): void {
  let number = 0
  for (; number < WARM_UP; number++) frame(number)
  collect!()
  const before = process.memoryUsage().heapUsed
  let made = 0
  for (let done = 0; done < FRAMES; done += BATCH) {
    const start = process.memoryUsage().heapUsed
    for (let i = 0; i < BATCH; i++) frame(number++)
    // Less than nothing: a collection came in between.
    made += Math.max(0, process.memoryUsage().heapUsed - start)
  }
  collect!()
  const retained = process.memoryUsage().heapUsed - before
  console.log(
    JSON.stringify({
      name,
      frames: FRAMES,
      bytesPerFrame: round(made / FRAMES),
      retainedPerFrame: round(retained / FRAMES),
    }),
  )
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

const heap = createHeap({ bytes: 64 << 20 })
const ROWS = 20_000

const arena = new FrameArena(heap, 64 << 10)

function arenaFrame(frame: number): void {
  arena.reset()
  arena.alloc(Float32Array, 16)[0] = frame
  arena.alloc(Uint16Array, 100)[0] = frame
  const mark = arena.mark()
  arena.alloc(Uint8Array, 1000)[999] = frame
  arena.allocBytes(64)
  arena.rewind(mark)
  arena.scope(scopedFrame)
  // Does not fit the first block.
  arena.alloc(Float32Array, 20_000)[0] = frame
}

function scopedFrame(inner: FrameArena): void {
  inner.alloc(Float64Array, 8)[0] = 1
  inner.scope(innerScope)
}

function innerScope(inner: FrameArena): void {
  inner.alloc(Int32Array, 8)[0] = 1
}

function setOf(rows: number): DirtyRows {
  const { offset } = heap.alloc(DirtyRows.bytesFor(rows))
  return new DirtyRows(rows, { buffer: heap.buffer, offset })
}

const dirty = setOf(ROWS)
let runs = 0

function dirtyFrame(frame: number): void {
  for (let i = 0; i < 100; i++) dirty.set((frame * 7919 + i * 613) % ROWS)
  dirty.setRange(frame % 1000, 500)
  for (let from = 0; dirty.nextRun(from, 4); from = dirty.runFirst + dirty.runCount) runs++
  if (dirty.count === 0 || dirty.isEmpty) throw new Error('no rows are dirty')
  dirty.clear()
}

const layout = [
  { type: 'f32', arity: 1, offsets: [0] },
  { type: 'f32', arity: 1, offsets: [4] },
] as const
const inside = heap.columns({ x: f32, y: f32 }, ROWS - 1)
const outside = { x: new Float32Array(ROWS), y: new Float32Array(ROWS) }
const target = { offset: heap.alloc(ROWS * 8).offset, dirty }
const payload = heap.alloc(ROWS * 8).offset
const indices = heap.alloc(ROWS * 4).offset

function kernelFrame(store: { x: Float32Array; y: Float32Array }): (frame: number) => void {
  const packer = new ColumnPacker(heap, layout, 8)
  return (frame) => {
    for (let i = 0; i < 50; i++) store.x[(frame * 7919 + i * 613) % ROWS] = frame + 1
    packer.bind(0, store.x)
    packer.bind(1, store.y)
    const changed = packer.diff(target, 0, ROWS)
    const gathered = heap.kernels.gather(
      dirty.offset,
      dirty.summaryOffset,
      0,
      ROWS,
      target.offset,
      8,
      payload,
      indices,
    )
    if (changed === 0 || gathered < changed) throw new Error(`${changed} rows changed, ${gathered} gathered`)
    dirty.clear()
  }
}

/** Fewer rows, because all of them are converted four times a frame. */
const FEWER = 1_000
const table = heap.alloc(FEWER * 4).offset
const entities = new Uint32Array(heap.buffer, table, FEWER)
for (let row = 0; row < FEWER; row++) entities[row] = (row * 7919) % FEWER
const alive = setOf(FEWER)
for (let row = 0; row < FEWER; row += 3) alive.set(row)
const few = setOf(FEWER)
for (let row = 0; row < FEWER; row += 301) few.set(row)

/** Columns of all sorts that do not lie in the heap, some as floats, some as integers. */
function convertedFrame(): (frame: number) => void {
  const sources = [
    Array.from({ length: FEWER }, (_, i) => i + 0.5),
    Array.from({ length: FEWER }, (_, i) => (i % 2 === 0 ? i : 0.5)),
    new Float64Array(FEWER).fill(0.1),
    new Uint16Array(FEWER),
    new Float32Array(FEWER).fill(2.5),
    new Int32Array(FEWER).fill(2 ** 30 + 1),
    new Uint32Array(FEWER).fill(2 ** 31 + 1),
    new Float32Array(new SharedArrayBuffer(FEWER * 4)),
  ]
  const types = ['f32', 'i32', 'f32', 'u32', 'i32', 'f32', 'f16', 'f32'] as const
  const layouts = types.map((type, i) => ({ type, arity: 1, offsets: [i * 4] }))
  const packer = new ColumnPacker(heap, layouts, 32)
  const rows = { offset: heap.alloc(FEWER * 32).offset, dirty }
  return (frame) => {
    for (let i = 0; i < sources.length; i++) {
      // A small integer: storing fractions into arrays of many kinds boxes them, which is not the packer's doing.
      sources[i][(frame * 7919 + i * 613) % FEWER] = frame % 1000
      packer.bind(i, sources[i])
    }
    packer.diff(rows, 0, FEWER)
    packer.diff(rows, 0, FEWER, alive)
    packer.pack(rows, 0, FEWER, few)
    packer.diff(rows, 0, FEWER, alive, table)
    dirty.clear()
  }
}

const memory = new MkAllocator({ heap, frameArenaBytes: 64 << 10 })

function allocatorFrame(frame: number): void {
  memory.beginFrame()
  memory.frameAlloc(Float32Array, 16)[0] = frame
  const list = memory.frameVec(Uint32Array, 100, 'physics')
  for (let i = 0; i < 100; i++) list.push(i)
  memory.scope(allocatorScope)
  if (memory.endFrame().allocCount !== 3) throw new Error('three allocations make a frame')
}

function allocatorScope(): void {
  memory.frameAlloc(Uint16Array, 8)
}

const insideFrame = kernelFrame(inside)
const outsideFrame = kernelFrame(outside)
let kept: object | undefined

const cases: Case[] = [
  { name: 'arena', frame: arenaFrame },
  { name: 'dirty rows', frame: dirtyFrame },
  { name: 'kernels, columns in the heap', frame: insideFrame },
  { name: 'kernels, columns outside', frame: outsideFrame },
  { name: 'kernels, columns of all sorts, masks, an entity table', frame: convertedFrame() },
  { name: 'allocator', frame: allocatorFrame },
  {
    name: 'frame',
    frame(frame) {
      arenaFrame(frame)
      dirtyFrame(frame)
      insideFrame(frame)
      allocatorFrame(frame)
    },
  },
  {
    // An object of three fields takes 40 bytes at least, and a view more: that much must be seen.
    name: 'control: an object and a view per frame',
    frame(frame) {
      kept = { a: frame, b: [frame], c: new Float32Array(heap.buffer, 64, 4) }
    },
  },
]
for (const each of cases) measure(each)
if (kept === undefined || runs === 0) throw new Error('The cases did nothing.')
