import { expect, test } from 'vitest'
import { BufferingMode, MkCoordinator } from '@memkit/coordinator'
import { testDevice } from './dawn.ts'
import { firstDifference, frame } from './device-bytes.ts'

const gpu = await testDevice()

test('the quick start runs on a WebGPU device', async () => {
  const co = new MkCoordinator(gpu, { buffering: BufferingMode.Triple })
  const vertices = co.uploadSlice(new Float32Array([0, 0.5, 1, -0.5, -0.5, 1]))
  co.beginFrame()
  const transform = co.frameAlloc(Float32Array, 16).fill(1)
  const slice = co.stageForUpload(transform)
  const report = co.endFrame()

  expect(new Float32Array(await co.download(vertices))).toEqual(new Float32Array([0, 0.5, 1, -0.5, -0.5, 1]))
  expect(new Float32Array(await co.download(slice.buffer, slice.offset, slice.size))).toEqual(
    new Float32Array(16).fill(1),
  )
  expect(report).toMatchObject({ frame: 1, writes: 1, bytesUploaded: 64 })
  co.dispose()
})

test.each(['full', 'runs', 'scatter'] as const)('%s reaches a WebGPU device', async (strategy) => {
  const co = new MkCoordinator(gpu, { strategy })
  await co.ready()
  const mirror = co.createMirror({ rows: 1000, stride: 12 })
  frame(co, () => {})
  const words = mirror.view(Uint32Array)
  const report = frame(co, () => {
    for (const row of [0, 1, 500, 998, 999]) {
      words.fill(row + 1, row * 3, row * 3 + 3)
      mirror.mark(row)
    }
  })
  expect(report.mirrors[0]).toMatchObject({ strategy, rows: 5 })
  expect(await firstDifference(co, mirror)).toBe(-1)
  co.dispose()
})
