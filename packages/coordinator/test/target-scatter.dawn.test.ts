import { MkCoordinator } from '@memkit/coordinator'
import { MkBufferUsage } from '@memkit/gpu'
import { dawnGpu } from '@memkit/gpu/node'
import { expect, it } from 'vitest'
import { frame } from './device-bytes.ts'

const { STORAGE, TRANSFER_DST, TRANSFER_SRC } = MkBufferUsage
const BYTES = 1 << 18

it.each([
  ['whole vectors', 64, (i: number) => ((i * 171) % 500) * 512],
  ['words at odd places', 20, (i: number) => i * 500 + 4 * (i % 11)],
])('scatters pieces on a device: %s', async (_, bytes, placeOf) => {
  const gpu = await dawnGpu()
  const errors: string[] = []
  gpu.onError(({ message }) => errors.push(message))
  const co = new MkCoordinator(gpu, { calibrate: false, strategy: 'scatter' })
  await co.ready()
  const targets = [1, 2].map(() => gpu.createDeviceBuffer(BYTES, STORAGE | TRANSFER_DST | TRANSFER_SRC))
  await Promise.all(targets.map(({ allocationError }) => allocationError))
  const expected = targets.map(() => new Uint32Array(BYTES / 4))
  const scattered: number[] = []
  await import('../src/frame/target-scatter.ts')
  for (let turn = 1; turn < 7; turn++) {
    const { dispatches } = frame(co, () => {
      for (let i = 0; i < 500; i++) {
        const at = i % 2
        const view = co.frameAlloc(Uint32Array, bytes / 4).fill(turn * 1000 + i)
        co.stageForUpload(view, { buffer: targets[at], offset: placeOf(i) })
        expected[at].set(view, placeOf(i) / 4)
      }
    })
    scattered.push(dispatches)
    for (const [at, buffer] of targets.entries()) {
      const found = new Uint32Array(await co.download(buffer))
      expect(found.findIndex((word, i) => word !== expected[at][i])).toBe(-1)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect([scattered[0], scattered.at(-1)]).toEqual([0, 2])
  expect(errors).toEqual([])
  for (const buffer of targets) buffer.destroy()
  co.dispose()
  expect(gpu.leaks()).toEqual([])
  gpu.destroy()
})
