import fc from 'fast-check'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'
import { expect, it } from 'vitest'
import { MkCoordinator, type CoordinatorConfig, type Direction, type Mirror } from '@memkit/coordinator'
import { MkBufferUsage, type MkDeviceBuffer, type MkGpu } from '@memkit/gpu'
import { differs } from './device-bytes.ts'

/** One step of a random program. Numbers are taken modulo what there is. */
type Step =
  | { do: 'write'; mirror: number; rows: number[]; seed: number }
  | { do: 'range'; mirror: number; first: number; count: number; seed: number }
  | { do: 'shade'; mirror: number; row: number; seed: number }
  | { do: 'grow'; mirror: number; by: number }
  | { do: 'stage'; words: number; seed: number }
  | { do: 'target'; words: number; at: number; seed: number }
  | { do: 'frame' }
  | { do: 'abandon' }

const nat = fc.nat(1 << 16)
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      mirror: nat,
      rows: fc.array(nat, { maxLength: 40 }),
      seed: nat,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('range' as const),
      mirror: nat,
      first: nat,
      count: nat,
      seed: nat,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('shade' as const), mirror: nat, row: nat, seed: nat }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('grow' as const),
      mirror: nat,
      by: fc.integer({ min: 1, max: 300 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stage' as const),
      words: fc.integer({ min: 1, max: 200 }),
      seed: nat,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('target' as const),
      words: fc.integer({ min: 1, max: 60 }),
      at: nat,
      seed: nat,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('frame' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abandon' as const) }) },
)

const anyProgram: fc.Arbitrary<{
  steps: Step[]
  strategy: 'auto' | 'full' | 'runs' | 'scatter'
  perSlot: boolean
  strides: number[]
  directions: Direction[]
}> = fc.record({
  steps: fc.array(anyStep, { maxLength: 60 }),
  strategy: fc.constantFrom('auto' as const, 'full' as const, 'runs' as const, 'scatter' as const),
  perSlot: fc.boolean(),
  strides: fc.array(fc.constantFrom(4, 8, 12, 16, 20, 64, 100), { minLength: 3, maxLength: 3 }),
  directions: fc.array(fc.constantFrom('upload' as const, 'both' as const), { minLength: 3, maxLength: 3 }),
})

const TARGET_WORDS = 128

/** The bytes of one row by seed, so that every write is told from every other. */
function fill(words: Uint32Array, from: number, count: number, seed: number): void {
  for (let i = 0; i < count; i++) words[from + i] = Math.imul(seed + 1, 2_654_435_761) + i
}

/**
 * Runs a program on a device and holds it against a model a few lines long: the bytes that each buffer must have. The model
 * knows nothing of plans: a flush takes dirty rows over, and no other.
 */
async function runProgram(
  gpu: MkGpu,
  {
    steps,
    strategy,
    perSlot,
    strides,
    directions,
  }: typeof anyProgram extends fc.Arbitrary<infer P> ? P : never,
): Promise<void> {
  const config: CoordinatorConfig = {
    strategy,
    calibrate: false,
    heapBytes: 1 << 20,
    frameArenaBytes: 8192,
    frameBufferBytes: 1024,
    frameBuffers: perSlot ? 'per-slot' : 'shared',
  }
  const co = new MkCoordinator(gpu, config)
  co.on('warning', () => {}) // abandoned frames
  await co.ready()
  const mirrors = strides.map((stride, i) =>
    co.createMirror({ rows: 50 * (i + 1), stride, direction: directions[i] }),
  )
  // What the device must hold, and what the CPU believes: they differ where a shader wrote.
  const models = mirrors.map((mirror) => new Uint32Array((mirror.capacity * mirror.stride) / 4))
  const target = gpu.createDeviceBuffer(
    TARGET_WORDS * 4,
    MkBufferUsage.TRANSFER_DST | MkBufferUsage.TRANSFER_SRC,
  )
  const targetModel = new Uint32Array(TARGET_WORDS)
  let stagedTargets: { at: number; words: Uint32Array }[] = []
  let staged: { buffer: MkDeviceBuffer; offset: number; words: Uint32Array }[] = []

  const flushModel = (): void => {
    for (const [i, mirror] of mirrors.entries()) {
      const words = mirror.stride / 4
      const cpu = mirror.view(Uint32Array)
      if (models[i].length < cpu.length) {
        const bigger = new Uint32Array(cpu.length)
        bigger.set(models[i])
        models[i] = bigger
      }
      mirror.dirty.forEachRun(0, (first, count) =>
        models[i].set(cpu.subarray(first * words, (first + count) * words), first * words),
      )
    }
    for (const { at, words } of stagedTargets) targetModel.set(words, at)
    stagedTargets = []
  }

  const compare = async (): Promise<void> => {
    const bytes = (words: Uint32Array): Uint8Array =>
      new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
    for (const [i, mirror] of mirrors.entries())
      expect(differs(new Uint8Array(await co.download(mirror.buffer)), bytes(models[i]))).toBe(-1)
    expect(differs(new Uint8Array(await co.download(target)), bytes(targetModel))).toBe(-1)
    for (const { buffer, offset, words } of staged)
      expect(differs(new Uint8Array(await co.download(buffer, offset, words.byteLength)), bytes(words))).toBe(
        -1,
      )
    staged = []
  }

  const write = (mirror: Mirror, row: number, seed: number): void => {
    fill(mirror.view(Uint32Array), (row * mirror.stride) / 4, mirror.stride / 4, seed)
    mirror.mark(row)
  }

  co.beginFrame()
  for (const [n, step] of [...steps, { do: 'frame' } as const].entries()) {
    if (step.do === 'frame') {
      flushModel()
      co.endFrame()
      await compare()
      co.beginFrame()
    } else if (step.do === 'abandon') {
      staged = []
      stagedTargets = []
      co.beginFrame()
    } else if (step.do === 'stage') {
      const view = co.frameAlloc(Uint32Array, step.words)
      fill(view, 0, step.words, step.seed)
      const { buffer, offset } = co.stageForUpload(view)
      staged.push({ buffer, offset, words: view.slice() })
    } else if (step.do === 'target') {
      const view = co.frameAlloc(Uint32Array, step.words)
      fill(view, 0, step.words, step.seed)
      const at = step.at % (TARGET_WORDS - step.words)
      co.stageForUpload(view, { buffer: target, offset: at * 4 })
      stagedTargets.push({ at, words: view.slice() })
    } else {
      const i = step.mirror % mirrors.length
      const mirror = mirrors[i]
      if (step.do === 'write')
        for (const row of step.rows) write(mirror, row % mirror.capacity, step.seed + row)
      else if (step.do === 'range') {
        const first = step.first % mirror.capacity
        const count = step.count % (mirror.capacity - first)
        for (let row = first; row < first + count; row++) write(mirror, row, step.seed + row)
      } else if (step.do === 'grow') {
        if (mirror.capacity < 2000) {
          const before = mirror.used
          mirror.grow(mirror.capacity + step.by)
          mirror.used = Math.min(mirror.capacity, before + step.by)
        }
      } else if (mirror.direction !== 'upload') {
        // Stands for a shader: it writes a row on the device that the CPU knows nothing of.
        const row = step.row % Math.min(mirror.capacity, mirror.buffer.size / mirror.stride)
        if (mirror.dirty.has(row) || row * mirror.stride >= models[i].byteLength) continue
        const words = new Uint32Array(mirror.stride / 4)
        fill(words, 0, words.length, step.seed + n)
        // A grown buffer gets its old rows at endFrame only, so shaders write before or after that.
        if (mirror.buffer.size !== models[i].byteLength) continue
        gpu.write(mirror.buffer, row * mirror.stride, words.buffer, 0, mirror.stride)
        models[i].set(words, (row * mirror.stride) / 4)
      }
    }
  }
  co.endFrame()
  await co.idle()
  // Rows that a shader wrote come back, some frames later.
  for (let i = 0; i < 8; i++) {
    co.beginFrame()
    co.endFrame()
    await co.idle()
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  for (const [i, mirror] of mirrors.entries()) {
    const cpu = mirror.view(Uint8Array).subarray(0, mirror.used * mirror.stride)
    expect(differs(cpu, new Uint8Array(models[i].buffer, 0, cpu.byteLength))).toBe(-1)
  }
  target.destroy()
  co.dispose()
}

it(
  'holds on the device what the model holds after every flush of a random program',
  { timeout: 60_000 },
  async () => {
    const gpu = strict(await place.open())
    await fc.assert(
      fc.asyncProperty(anyProgram, async (program) => {
        await runProgram(gpu, program)
        // Everything the coordinator made was given back.
        expect(gpu.leaks()).toEqual([])
      }),
      { numRuns: 150 },
    )
    await closeStrict(gpu)
  },
)
