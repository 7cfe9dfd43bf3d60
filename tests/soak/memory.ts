/** What was in use at one moment: bytes, or a number of things. */
export interface MemorySample {
  readonly frame: number
  /** Objects of JavaScript, after a collection where Node runs with --expose-gc. */
  readonly jsHeap: number
  /** Memory of ArrayBuffers and of native objects that JavaScript holds. */
  readonly external: number
  /** Everything that the process has. */
  readonly process: number
  /** Bytes of the heap (linear memory) in blocks. */
  readonly heapUsed: number
  readonly arenaHighWater: number
  readonly gpuBuffers: number
  readonly gpuBytes: number
  readonly deferredFrees: number
  readonly framesInFlight: number
}

type Figure = Exclude<keyof MemorySample, 'frame'>

/**
 * How much more the last half of a soak may use than the half before it (medians), for noise: whichever of the two is more. How many
 * entities there are at most differs from cycle to cycle, and with it which buffers are kept for readbacks; the collectors of JavaScript and of the C library have their moods.
 */
const tolerances: Readonly<Record<Figure, { readonly share: number; readonly most: number }>> = {
  jsHeap: { share: 0.04, most: 512 << 10 },
  external: { share: 0.05, most: 1 << 20 },
  process: { share: 0.1, most: 32 << 20 },
  heapUsed: { share: 0.02, most: 64 << 10 },
  arenaHighWater: { share: 0.02, most: 1024 },
  gpuBuffers: { share: 0, most: 2 },
  gpuBytes: { share: 0.25, most: 128 << 10 },
  deferredFrees: { share: 0, most: 2 },
  framesInFlight: { share: 0, most: 1 },
}

/** The share of the samples, from the start, in which caches fill and the compiler works. */
const WARM_UP = 0.2
/** Cycles differ (heap, strategy, debug); after this many they come again. Halves are made of whole rounds. */
export const ROUND = 4
/** Fewer rounds in a half say nothing: the compiler is still at work. */
const LEAST_ROUNDS = 3

/** One line for each figure that is not flat; undefined when there are too few samples to tell. */
export function growth(samples: readonly MemorySample[]): string[] | undefined {
  const warm = samples.slice(Math.ceil(samples.length * WARM_UP))
  const half = Math.floor(warm.length / 2 / ROUND) * ROUND
  if (half < LEAST_ROUNDS * ROUND) return undefined
  const first = warm.slice(0, half)
  const last = warm.slice(-half)
  return (Object.keys(tolerances) as Figure[]).flatMap((figure) => {
    const before = median(first, figure)
    const after = median(last, figure)
    const { share, most } = tolerances[figure]
    const allowed = Math.max(before * share, most)
    if (after - before <= allowed) return []
    return [`${figure} grows from ${before} to ${after}: more than ${Math.round(allowed)} allowed`]
  })
}

/** The middle value of a figure. */
function median(samples: readonly MemorySample[], figure: Figure): number {
  const sorted = samples.map((sample) => sample[figure]).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** A line of the soak. */
export function describeSample(sample: MemorySample): string {
  const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)
  const kibibytes = (bytes: number): string => (bytes / 2 ** 10).toFixed(0)
  return (
    `JS heap ${mebibytes(sample.jsHeap)} MiB, external ${mebibytes(sample.external)}, process ${mebibytes(sample.process)}; ` +
    `wasm heap ${kibibytes(sample.heapUsed)} KiB, arena at most ${kibibytes(sample.arenaHighWater)} KiB; ` +
    `${sample.gpuBuffers} GPU buffers of ${kibibytes(sample.gpuBytes)} KiB, ${sample.deferredFrees} deferred frees, ` +
    `${sample.framesInFlight} frames in flight`
  )
}
