import { createHeap, f32 } from '@memkit/core'
import { BufferingMode, MkCoordinator } from '@memkit/coordinator'
import type { CoordinatorConfig, FrameReport, Mirror } from '@memkit/coordinator'
import { attachMk, GpuSynced } from '@memkit/ecs-plugin'
import type { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { addComponent, addEntity, createWorld, removeComponent } from 'bitecs'
import { countCalls, type CallCounts } from '@memkit/testing/call-counts'
import { place } from '@memkit/testing/place'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

type DeviceCalls = Omit<CallCounts, 'bytesHeld'>

const nothing: DeviceCalls = {
  writes: 0,
  bytesWritten: 0,
  submits: 0,
  dispatches: 0,
  copies: 0,
  buffersCreated: 0,
}

/**
 * Costs by hand, so that plans are the same on every machine: a call is worth 1 000 ns ÷ 0.1 ns = 10 000 bytes, the device is not
 * counted, and a scatter is never worth it.
 */
const costs = { lambda: 0, callThread: 1000, byteThread: 0.1, scatterThread: 1e9 }
const CALL_IN_BYTES = 10_000
const STRIDE = 16
const ROWS = 10_000

/**
 * Counts exactly what scripted frames ask of the device, so that no clock decides about a regression. A number here changes only
 * on purpose.
 */
describe('exact counts', () => {
  let gpu: MkGpu
  let device: GPUDevice | undefined
  let co: MkCoordinator

  beforeEach(async () => {
    gpu = await place.open()
    device = (gpu.backend as Partial<WebGpuBackend>).device
  })
  afterEach(() => {
    gpu.destroy()
  })

  /** Counts at the lowest place there is: the device itself where there is one. */
  function count(work: () => void): DeviceCalls {
    const { bytesHeld: _, ...calls } = countCalls({ gpu, device }, work)
    return calls
  }

  /** A frame, counted from its beginning to its end; what the report says must be what was counted. */
  function frame(work: () => void): DeviceCalls {
    let report: FrameReport | undefined
    const calls = count(() => {
      co.beginFrame()
      work()
      report = co.endFrame()
    })
    expect(report).toMatchObject({
      writes: calls.writes,
      submits: calls.submits,
      dispatches: calls.dispatches,
      copies: calls.copies,
      bytesUploaded: calls.bytesWritten,
    })
    expect(report!.apiCalls).toBe(calls.writes + calls.submits + calls.dispatches + calls.copies)
    return calls
  }

  /** One more write, of the parameters of all dispatches of the frame. */
  function withParameters(calls: DeviceCalls, dispatches: number): DeviceCalls {
    // A Dummy has no parameters; others write those of a dispatch only when they differ from the last ones.
    if (device === undefined) return calls
    return {
      ...calls,
      writes: calls.writes + 1,
      bytesWritten: calls.bytesWritten + dispatches * 256,
    }
  }

  async function coordinator(config: CoordinatorConfig = {}): Promise<void> {
    co = new MkCoordinator(gpu, { calibrate: false, costs, buffering: BufferingMode.Triple, ...config })
    await co.ready()
  }

  /** The device has said that it has memory for them: from here on they share a submit. */
  async function confirmed(mirrors: Mirror[]): Promise<void> {
    await Promise.all(mirrors.map(({ buffer }) => buffer.allocationError))
  }

  describe('a mirror of 10 000 rows of 16 bytes', () => {
    it('makes no calls when nothing changed', async () => {
      await coordinator()
      const mirror = co.createMirror({ rows: ROWS, stride: STRIDE })
      frame(() => mirror.markAll())
      for (let i = 0; i < 5; i++) expect(frame(() => {})).toEqual(nothing)
      co.dispose()
    })

    it('makes one write of 10 000 × 16 bytes when everything changed', async () => {
      await coordinator()
      const mirror = co.createMirror({ rows: ROWS, stride: STRIDE })
      expect(frame(() => mirror.markAll())).toEqual({ ...nothing, writes: 1, bytesWritten: ROWS * STRIDE })
      co.dispose()
    })

    it('makes one write of 100 × 16 bytes for 100 adjacent rows', async () => {
      await coordinator()
      const mirror = co.createMirror({ rows: ROWS, stride: STRIDE })
      const calls = frame(() => mirror.markRange(500, 100))
      expect(calls).toEqual({ ...nothing, writes: 1, bytesWritten: 1_600 })
      co.dispose()
    })

    it('writes a gap exactly when its bytes cost no more than a call', async () => {
      await coordinator()
      const mirror = co.createMirror({ rows: ROWS, stride: STRIDE })
      // A call is worth 625 rows.
      const gap = CALL_IN_BYTES / STRIDE
      const pair = (clean: number) => (): void => {
        mirror.mark(0)
        mirror.mark(1 + clean)
      }
      expect(frame(pair(gap))).toEqual({ ...nothing, writes: 1, bytesWritten: (gap + 2) * STRIDE })
      expect(frame(pair(gap + 1))).toEqual({ ...nothing, writes: 2, bytesWritten: 2 * STRIDE })
      co.dispose()
    })

    it('writes one piece from the first to the last row for every second row', async () => {
      await coordinator()
      const mirror = co.createMirror({ rows: ROWS, stride: STRIDE })
      const calls = frame(() => {
        for (let row = 0; row < ROWS; row += 2) mirror.mark(row)
      })
      // Rows 0 to 9 998.
      expect(calls).toEqual({ ...nothing, writes: 1, bytesWritten: 9_999 * STRIDE })
      co.dispose()
    })

    it('makes one write of rows and row numbers, one dispatch and one submit for a scatter', async () => {
      await coordinator({ strategy: 'scatter' })
      const mirror = co.createMirror({ rows: ROWS, stride: STRIDE })
      const scattered = (rows: number): DeviceCalls =>
        frame(() => {
          for (let k = 0; k < rows; k++) mirror.mark(k * 97)
        })
      // One row before, so that what is made once is there.
      scattered(1)
      // 100 rows of 16 bytes and 100 numbers of 4; the shader is told of 100 rows instead of one.
      const steady = { ...nothing, writes: 1, bytesWritten: 2_000, dispatches: 1, submits: 1 }
      expect(scattered(100)).toEqual(withParameters(steady, 1))
      expect(scattered(100)).toEqual(steady)
      co.dispose()
    })
  })

  it('makes one write, one submit and five dispatches for five scattered mirrors', async () => {
    await coordinator({ strategy: 'scatter' })
    const mirrors = Array.from({ length: 5 }, () => co.createMirror({ rows: 1_000, stride: STRIDE }))
    await confirmed(mirrors)
    const scattered = (rows: number): DeviceCalls =>
      frame(() => {
        for (const mirror of mirrors) for (let k = 0; k < rows; k++) mirror.mark(k * 97)
      })
    scattered(1)
    // Ten rows: 10 × (16 + 4) = 200 bytes, and the next mirror's begin at a multiple of 16: 5 × 208.
    const steady = { ...nothing, writes: 1, bytesWritten: 1_040, dispatches: 5, submits: 1 }
    expect(scattered(10)).toEqual(withParameters(steady, 5))
    expect(scattered(10)).toEqual(steady)
    co.dispose()
  })

  it('scatters unconfirmed mirrors in a submit each, and confirmed ones in one', async () => {
    await coordinator({ strategy: 'scatter' })
    const old = [1, 2].map(() => co.createMirror({ rows: 1_000, stride: STRIDE }))
    await confirmed(old)
    const scattered = (mirrors: Mirror[]): DeviceCalls =>
      frame(() => mirrors.forEach((mirror) => mirror.mark(97)))
    scattered(old)
    const made = [1, 2, 3].map(() => co.createMirror({ rows: 1_000, stride: STRIDE }))
    // The two that are confirmed share one.
    const steady = { ...nothing, writes: 1, bytesWritten: 5 * 32, dispatches: 5 }
    expect(scattered([...old, ...made])).toEqual(withParameters({ ...steady, submits: 4 }, 3))
    await confirmed(made)
    expect(scattered([...old, ...made])).toEqual({ ...steady, submits: 1 })
    co.dispose()
  })

  it('makes one write for a mirror of 16 MB', async () => {
    await coordinator({ heapBytes: 64 << 20 })
    const mirror = co.createMirror({ rows: 1_000_000, stride: STRIDE })
    const bytes = 1_000_000 * STRIDE
    expect(frame(() => mirror.markAll())).toEqual({
      ...nothing,
      writes: 1,
      bytesWritten: bytes,
    })
    co.dispose()
  })

  it('makes one write for frame memory, with slices at multiples of 256 bytes', async () => {
    await coordinator()
    const stage = (): void => {
      for (const floats of [16, 20, 4]) co.stageForUpload(co.frameAlloc(Float32Array, floats).fill(1))
    }
    frame(stage)
    // 64, 80 and 16 bytes: at 0, 256 and 512, the last of them 16 long.
    expect(frame(stage)).toEqual({ ...nothing, writes: 1, bytesWritten: 528 })
    co.dispose()
  })

  it('creates one buffer for growth with everything in it, and makes no calls in the next frame', async () => {
    await coordinator()
    const mirror = co.createMirror({ rows: 1_000, stride: STRIDE })
    frame(() => mirror.markAll())
    const grown = frame(() => {
      mirror.grow(1_500)
      mirror.used = 1_500
      mirror.markRange(1_000, 500)
    })
    // At least twice the room: 2 000 rows, of which 1 500 are in use.
    expect(mirror.capacity).toBe(2_000)
    expect(grown).toMatchObject({ writes: 1, bytesWritten: 1_500 * STRIDE, buffersCreated: 1, submits: 0 })
    expect(frame(() => {})).toEqual(nothing)
    co.dispose()
  })

  describe('a world of 1 000 entities with two synced components of two floats', () => {
    /** Frames of a world, counted. */
    async function world(): Promise<{
      run: (work: () => void) => DeviceCalls
      entities: number[]
      world: object
      Position: { x: Float32Array; y: Float32Array }
      Velocity: { x: Float32Array; y: Float32Array }
      query: () => void
      done: () => void
    }> {
      const heap = createHeap({ bytes: 16 << 20 })
      const Position = GpuSynced(heap.columns({ x: f32, y: f32 }, 2_000))
      const Velocity = GpuSynced(heap.columns({ x: f32, y: f32 }, 2_000), { changes: 'marked' })
      const world = createWorld()
      const entities = Array.from({ length: 1_000 }, () => addEntity(world))
      for (const entity of entities) {
        addComponent(world, entity, Position)
        addComponent(world, entity, Velocity)
        Position.x[entity] = entity
        Velocity.y[entity] = entity
      }
      const mk = await attachMk(world, { gpu, heap, costs })
      await mk.coordinator.ready()
      return {
        entities,
        world,
        Position,
        Velocity,
        run: (work) =>
          count(() => {
            mk.beginFrame()
            work()
            mk.endFrame()
          }),
        query: () => void mk.query([Position], { draw: { vertexCount: 6 } }),
        done: () => mk.dispose(),
      }
    }

    it('makes one write each in the first frame, of rows 1 to 1 000', async () => {
      const { run, done } = await world()
      // Ids start at 1, so row 0 is free.
      expect(run(() => {})).toEqual({ ...nothing, writes: 2, bytesWritten: 2 * 1_000 * 8 })
      done()
    })

    it('makes no calls in an idle frame', async () => {
      const { run, done } = await world()
      run(() => {})
      for (let i = 0; i < 3; i++) expect(run(() => {})).toEqual(nothing)
      done()
    })

    it('makes one write from the first to the last of ten moved entities, and none for the same values', async () => {
      const { run, Position, entities, done } = await world()
      run(() => {})
      const move = (): void => {
        for (let i = 0; i < 10; i++) Position.x[entities[i * 20]] = -1
      }
      // Every 20th of the first 181: 180 clean rows and fewer between them cost less than a call.
      expect(run(move)).toEqual({ ...nothing, writes: 1, bytesWritten: 181 * 8 })
      expect(run(move)).toEqual(nothing)
      done()
    })

    it('makes no calls for unmarked writes of a marked component', async () => {
      const { run, Velocity, entities, done } = await world()
      run(() => {})
      expect(run(() => void (Velocity.x[entities[5]] = 3))).toEqual(nothing)
      done()
    })

    it('makes no calls when an entity leaves, and uploads only its marked row when it returns', async () => {
      const { run, world: w, Position, Velocity, entities, done } = await world()
      run(() => {})
      const entity = entities[9]
      const leave = (): void => {
        removeComponent(w, entity, Position)
        removeComponent(w, entity, Velocity)
      }
      const enter = (): void => {
        addComponent(w, entity, Position)
        addComponent(w, entity, Velocity)
      }
      expect(run(leave)).toEqual(nothing)
      expect(run(enter)).toEqual({ ...nothing, writes: 1, bytesWritten: 8 })
      done()
    })

    it('makes no calls for an unchanged GPU query, and writes one entry and the count when an entity enters', async () => {
      const { run, world: w, Position, entities, query, done } = await world()
      query()
      run(() => {})
      expect(run(() => {})).toEqual(nothing)
      run(() => removeComponent(w, entities[999], Position))
      // The list's 1 000th number of 4 bytes, and four draw arguments of 4; its row is as it was.
      const enters = run(() => addComponent(w, entities[999], Position))
      expect(enters).toEqual({ ...nothing, writes: 2, bytesWritten: 4 + 16 })
      done()
    })
  })
})
