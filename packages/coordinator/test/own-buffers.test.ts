import { describe, expect, it } from 'vitest'
import { MkCoordinator, type Restored } from '@memkit/coordinator'
import { DummyBackend, MkBufferUsage, MkGpu } from '@memkit/gpu'
import { frame } from './device-bytes.ts'

/** Labels that the coordinator gives to buffers of its own, and those of a mirror and of a slice. */
const labels = [
  'Position',
  'slice 1',
  'memkit frame buffer',
  'memkit scatter payload',
  'memkit readback',
  'memkit calibration',
]

describe('what a loss took', () => {
  it('includes every buffer of the user, regardless of its label', async () => {
    const backend = new DummyBackend()
    const co = new MkCoordinator(backend, { calibrate: false })
    await co.ready()
    const restored: Restored[] = []
    co.on('restored', (info) => restored.push(info))
    const mirror = co.createMirror({ rows: 100, stride: 16, label: 'Position' })
    const slice = co.uploadSlice(new Uint32Array([1]))
    const mine = labels.map((label) => co.gpu.createDeviceBuffer(64, MkBufferUsage.TRANSFER_DST, { label }))
    frame(co, () => mirror.markAll())
    await co.download(mirror.buffer)

    backend.lose('pulled the plug')
    await co.restore(new DummyBackend())
    expect(restored[0].others.map(({ label }) => label)).toEqual(labels)
    expect(restored[0].others.map(({ buffer }) => buffer)).toEqual(mine)
    expect(restored[0].lost).toEqual([slice])
    co.dispose()
  })

  it('includes no buffer of the coordinator, whether in use, outgrown or pending', async () => {
    const backend = new DummyBackend()
    const co = new MkCoordinator(backend, { calibrate: false, frameBuffers: 'per-slot', strategy: 'scatter' })
    await co.ready()
    const restored: Restored[] = []
    co.on('restored', (info) => restored.push(info))
    const mirror = co.createMirror({ rows: 100, stride: 16, direction: 'both' })
    frame(co, () => {
      mirror.mark(3)
      mirror.grow(1000)
      // More than the frame buffer has room for: a spill buffer.
      co.stageForUpload(co.frameAlloc(Uint32Array, 60_000))
    })
    const read = co.download(mirror.buffer).catch((error: unknown) => error)
    expect(co.gpu.leaks().length).toBeGreaterThan(6)

    backend.lose('pulled the plug')
    await co.restore(new DummyBackend())
    await read
    expect(restored[0].others).toEqual([])
    co.dispose()
  })

  it('is listed by leaks(), so that it can be destroyed', () => {
    const gpu = new MkGpu(new DummyBackend())
    const buffer = gpu.createDeviceBuffer(64, MkBufferUsage.TRANSFER_DST)
    expect(gpu.leaks()[0].buffer).toBe(buffer)
    gpu.leaks()[0].buffer.destroy()
    expect(gpu.leaks()).toEqual([])
    gpu.destroy()
  })
})
