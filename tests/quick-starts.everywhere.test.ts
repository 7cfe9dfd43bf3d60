import { addComponents, addEntity, createWorld, query } from 'bitecs'
import { BufferingMode, MkCoordinator } from '@memkit/coordinator'
import { createApp, GpuSynced, MkPlugin, Schedule } from '@memkit/ecs-plugin'
import { MkBufferUsage, type MkDeviceBuffer, type MkGpu, type MkGpuBackend } from '@memkit/gpu'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'

/** The quick starts of the README and the guides, with fewer rows and ticks by hand, each followed by a look at what the device holds. */
describe('the quick starts', () => {
  let gpu: MkGpu
  beforeEach(async () => {
    gpu = strict(await place.open())
  })
  afterEach(() => closeStrict(gpu))

  it('run as written: an App', async () => {
    const N = 1000
    const Position = GpuSynced({ x: new Float32Array(N + 1), y: new Float32Array(N + 1) })
    const Velocity = { x: new Float32Array(N + 1), y: new Float32Array(N + 1) }

    const world = createWorld()
    for (let i = 0; i < N; i++) addComponents(world, addEntity(world), Position, Velocity)
    Velocity.x.fill(0.5)

    const drawn: unknown[] = []
    const app = createApp(world)
      .addPlugin(new MkPlugin({ gpu }))
      .addSystem(Schedule.Update, (world) => {
        for (const e of query(world, [Position, Velocity])) {
          Position.x[e] += Velocity.x[e]
          Position.y[e] += Velocity.y[e]
        }
      })
      .addSystem(Schedule.Render, () => drawn.push(app.mk.buffer(Position).buffer.native))
    await app.ready()
    for (let frame = 0; frame < 3; frame++) app.tick(1 / 60)

    expect(app.mk.report).toMatchObject({ frame: 3, rowsChanged: N, abandoned: 0 })
    expect(drawn).toHaveLength(3)
    expect(drawn[2]).toBeDefined()
    const rows = new Float32Array(await app.mk.buffer(Position).read())
    // Row 0 is free, as no entity has id 0; then x = 3 × 0.5 and y = 0.
    expect([...rows.subarray(0, 4)]).toEqual([0, 0, 1.5, 0])
    expect(rows).toHaveLength(2 * (N + 1))
    app.dispose()
  })

  it('run as written: a coordinator with uploadSlice, frame memory and stageForUpload', async () => {
    const co = new MkCoordinator(gpu, { buffering: BufferingMode.Triple })
    const vertices = co.uploadSlice(new Float32Array([0, 0.5, 1, -0.5, -0.5, 1]))
    co.beginFrame()
    const transform = co.frameAlloc(Float32Array, 16).fill(1)
    const slice = co.stageForUpload(transform)
    const report = co.endFrame()

    expect(report).toMatchObject({ frame: 1, bytesChanged: 64 })
    expect(report.submits).toBeLessThanOrEqual(1)
    expect(slice.size).toBe(64)
    expect(slice.offset % gpu.capabilities.uniformOffsetAlignment).toBe(0)
    expect([...new Float32Array(await co.download(slice.buffer, slice.offset, slice.size))]).toEqual(
      Array<number>(16).fill(1),
    )
    expect([...new Float32Array(await co.download(vertices, 0, 24))]).toEqual([0, 0.5, 1, -0.5, -0.5, 1])
    co.dispose()
  })

  it('run as written: a staging buffer, and a function for any backend', async () => {
    const vertices = new Float32Array([0, 1, 0, 1, 0, 0])
    const staging = gpu.stagingBufferWithData(vertices)
    const device = gpu.createDeviceBuffer(
      vertices.byteLength,
      MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_DST | MkBufferUsage.TRANSFER_SRC,
    )
    const transfer = gpu.transfer(staging, device)
    await transfer.done
    expect(transfer.isComplete).toBe(true)
    expect([...new Float32Array(await gpu.read(device, 0, 24))]).toEqual([...vertices])

    function uploadMesh<B extends MkGpuBackend>(gpu: MkGpu<B>, vertices: Float32Array): MkDeviceBuffer<B> {
      const staging = gpu.stagingBufferWithData(vertices)
      const device = gpu.createDeviceBuffer(
        vertices.byteLength,
        MkBufferUsage.VERTEX | MkBufferUsage.TRANSFER_DST,
      )
      gpu.transfer(staging, device)
      return device
    }
    expect(uploadMesh(gpu, vertices).size).toBe(24)
    await gpu.waitIdle()
  })
})
