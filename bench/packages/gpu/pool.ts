// Pool and sub-allocation beside plain createBuffer and destroy, in the same run: `npm run pools -w bench`.
// --quick: fewer rounds. --json FILE: the figures as JSON.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { DummyBackend, MkBufferUsage, MkGpu, MkGpuPool, WebGpuBackend } from '@memkit/gpu'
import type { MkDeviceBuffer } from '@memkit/gpu'
import { MkSubAllocator, type MkBufferSlice } from '@memkit/gpu/sub-allocator'
import { dawnGpu } from '@memkit/gpu/node'

const FRAMES = 100
const PER_FRAME = 100
const ROUNDS = process.argv.includes('--quick') ? 5 : 15
const jsonAt = process.argv.indexOf('--json')
const { TRANSFER_DST, VERTEX } = MkBufferUsage
const usage = VERTEX | TRANSFER_DST

/** Sizes from 64 bytes to 64 KiB, as many of each magnitude; the same in every run (xorshift, seed 1). */
const sizes = ((): number[] => {
  let state = 1
  const random = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  return Array.from({ length: FRAMES * PER_FRAME }, () => Math.round(2 ** (6 + random() * 10) / 4) * 4)
})()

/** A way to have 100 buffers per frame, each used for that frame only. */
interface Way<Held> {
  readonly name: string
  readonly acquire: (size: number) => Held
  readonly release: (held: Held) => void
  /** Where a write to it goes. */
  readonly place: (held: Held) => { readonly buffer: MkDeviceBuffer; readonly offset: number } | undefined
  /** Device buffers that it took, and how often one was used again. */
  readonly note: () => string
  readonly end: () => void
}

/** A way to have buffers, whatever their type. */
interface Run {
  readonly name: string
  /** Milliseconds of all acquires and releases. */
  readonly frames: (gpu: MkGpu) => Promise<number>
  readonly note: () => string
  readonly end: () => void
}

function run<Held>(way: Way<Held>): Run {
  const held: Held[] = []
  const source = new ArrayBuffer(64)
  const frames = async (gpu: MkGpu): Promise<number> => {
    let milliseconds = 0
    for (let frame = 0; frame < FRAMES; frame++) {
      const first = frame * PER_FRAME
      const begin = performance.now()
      for (let i = 0; i < PER_FRAME; i++) held.push(way.acquire(sizes[first + i]))
      milliseconds += performance.now() - begin
      // Not timed: work that uses them, and its end.
      for (const each of held) {
        const place = way.place(each)
        if (place) gpu.write(place.buffer, place.offset, source)
      }
      gpu.submit()
      const end = performance.now()
      for (const each of held) way.release(each)
      milliseconds += performance.now() - end
      held.length = 0
      await gpu.waitIdle()
    }
    return milliseconds
  }
  return { name: way.name, frames, note: way.note, end: way.end }
}

interface Figure {
  device: string
  name: string
  /** Milliseconds of 10 000 acquires and releases: median, and half the distance of the quartiles. */
  median: number
  spread: number
  /** Median ÷ that of the first way. */
  ratio: number
  note: string
}
const figures: Figure[] = []

async function measure(device: string, gpu: MkGpu): Promise<void> {
  const pool = new MkGpuPool(gpu, { usage })
  const slices = new MkSubAllocator(gpu, { usage })
  const ways: Run[] = []
  if (gpu.backend instanceof WebGpuBackend) {
    const native = gpu.backend.device
    let made = 0
    ways.push(
      run<GPUBuffer>({
        name: 'device.createBuffer, destroy',
        acquire: (size) => (made++, native.createBuffer({ size, usage })),
        release: (buffer) => buffer.destroy(),
        place: () => undefined,
        note: () => `${made} buffers made`,
        end: () => {},
      }),
    )
  }
  ways.push(
    run<MkDeviceBuffer>({
      name: 'gpu.createDeviceBuffer, destroy',
      acquire: (size) => gpu.createDeviceBuffer(size, usage),
      release: (buffer) => buffer.destroy(),
      place: (buffer) => ({ buffer, offset: 0 }),
      note: () => '',
      end: () => {},
    }),
    run<MkDeviceBuffer>({
      name: 'MkGpuPool',
      acquire: (size) => pool.acquire(size),
      release: (buffer) => pool.release(buffer),
      place: (buffer) => ({ buffer, offset: 0 }),
      note: () =>
        `${pool.stats.buffersFree} buffers, ${(pool.stats.peakBytes / 2 ** 20).toFixed(1)} MiB, hit rate ${(pool.stats.hitRate * 100).toFixed(1)} %`,
      end: () => pool.destroy(),
    }),
    run<MkBufferSlice>({
      name: 'MkSubAllocator',
      acquire: (size) => slices.alloc(size),
      release: (slice) => slice.free(),
      place: (slice) => slice,
      note: () => `${slices.stats.pages} buffers, ${(slices.stats.pageBytes / 2 ** 20).toFixed(1)} MiB`,
      end: () => slices.destroy(),
    }),
  )
  const times: number[][] = ways.map(() => [])
  // The first two rounds let the engine compile, and fill the pool.
  for (let round = -2; round < ROUNDS; round++)
    for (let i = 0; i < ways.length; i++) {
      const milliseconds = await ways[i].frames(gpu)
      if (round >= 0) times[i].push(milliseconds)
    }
  const medians = times.map((list) => {
    const sorted = list.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)]
    return { median: at(0.5), spread: (at(0.75) - at(0.25)) / 2 }
  })
  console.log(`\n${device}: ${gpu.capabilities.adapter}`)
  ways.forEach(({ name, note, end }, i) => {
    const { median, spread } = medians[i]
    const ratio = median / medians[0].median
    figures.push({ device, name, median, spread, ratio, note: note() })
    console.log(
      `  ${name.padEnd(34)}${median.toFixed(2).padStart(9)} ms ±${Math.round((spread / median) * 100)
        .toString()
        .padStart(2)}%  × ${ratio.toFixed(3)}  ${note()}`,
    )
    end()
  })
}

/** How many device buffers 10 000 slices alive at a time take. */
function spreadOut(gpu: MkGpu, usage: number, name: string): void {
  const slices = new MkSubAllocator(gpu, { usage })
  for (const size of sizes) slices.alloc(Math.min(size, 1024))
  const { slices: count, pages, pageBytes, bytes } = slices.stats
  console.log(
    `  ${count} ${name} of 64 B to 1 KiB alive: ${pages} device buffers of 1 MiB, ${((bytes / pageBytes) * 100).toFixed(0)} % used`,
  )
  slices.destroy()
}

const { version } = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('webgpu/package.json'), 'utf8'),
) as { version: string }
console.log(
  `Node ${process.version}, webgpu ${version}, ${cpus()[0]?.model.trim()} × ${cpus().length}, ${process.platform} ${process.arch}`,
)
console.log(
  `${FRAMES * PER_FRAME} acquires and releases, ${PER_FRAME} per frame, 64 B to 64 KiB. Median of ${ROUNDS} rounds, the ways in turn; × of the first.`,
)

const dummy = new MkGpu(new DummyBackend())
await measure('Dummy', dummy)
spreadOut(dummy, usage, 'vertex buffers')
spreadOut(dummy, MkBufferUsage.UNIFORM | TRANSFER_DST, 'uniform buffers, 256-byte offsets,')
dummy.destroy()
for (const backend of ['null', 'vulkan'] as const) {
  const gpu = await dawnGpu({ backend })
  await measure(`Dawn, ${backend}`, gpu)
  gpu.destroy()
}
if (jsonAt >= 0) writeFileSync(process.argv[jsonAt + 1], `${JSON.stringify(figures, undefined, 2)}\n`)
