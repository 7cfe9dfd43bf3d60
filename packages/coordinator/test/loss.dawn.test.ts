import { expect, it } from 'vitest'
import { MkCoordinator, type Restored } from '@memkit/coordinator'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { firstDifference, frame } from './device-bytes.ts'

it('replaces a real device destroyed at any point of a frame, with all rows', async () => {
  const devices: GPUDevice[] = []
  const errors: unknown[] = []
  const make = async (): Promise<MkGpu> => {
    const device = await dawnDevice()
    devices.push(device)
    const gpu = new MkGpu(new WebGpuBackend(device), { debug: true })
    gpu.onError((error) => errors.push(error))
    return gpu
  }
  const co = new MkCoordinator(await make(), { recover: make, strategy: 'scatter', calibrate: false })
  await co.ready()
  let lost = 0
  co.on('lost', () => lost++)
  const mirror = co.createMirror({ rows: 200, stride: 12 })
  const lose = (): void => devices.at(-1)?.destroy()
  const points = ['before beginFrame', 'before staging', 'before growth', 'before endFrame', 'after endFrame']
  for (const [k, point] of points.entries()) {
    const restored = new Promise<Restored>((resolve) => co.on('restored', resolve))
    if (point === 'before beginFrame') lose()
    co.beginFrame()
    if (point === 'before staging') lose()
    co.stageForUpload(co.frameAlloc(Uint32Array, 8).fill(k))
    if (point === 'before growth') lose()
    mirror.grow(200 * (k + 1))
    for (let row = k; row < mirror.capacity; row += 3) mirror.write(row, new Uint32Array([row, k]))
    if (point === 'before endFrame') lose()
    co.endFrame()
    if (point === 'after endFrame') lose()
    await restored
    await co.ready()
    frame(co, () => mirror.write(k, new Uint32Array([k, k, k])))
    expect(await firstDifference(co, mirror)).toBe(-1)
  }
  expect(lost).toBe(points.length)
  expect(errors).toEqual([])
  co.dispose()
}, 60_000)
