import { expect, test } from 'vitest'
import { BufferingMode, MkCoordinator } from '@memkit/coordinator'
import { DummyBackend } from '@memkit/gpu'

test('the quick start runs as written', async () => {
  const co = new MkCoordinator(new DummyBackend(), { buffering: BufferingMode.Triple })
  const vertices = co.uploadSlice(new Float32Array([0, 0.5, 1, -0.5, -0.5, 1]))
  co.beginFrame()
  const transform = co.frameAlloc(Float32Array, 16).fill(1)
  const slice = co.stageForUpload(transform)
  const report = co.endFrame()

  expect(new Float32Array(await co.download(vertices))).toEqual(new Float32Array([0, 0.5, 1, -0.5, -0.5, 1]))
  expect(slice).toMatchObject({ offset: 0, size: 64 })
  expect(new Float32Array(await co.download(slice.buffer, slice.offset, slice.size))).toEqual(
    new Float32Array(16).fill(1),
  )
  // One write of the frame buffer. Nothing is recorded, so nothing is submitted.
  expect(report).toMatchObject({
    frame: 1,
    writes: 1,
    copies: 0,
    dispatches: 0,
    bytesChanged: 64,
    bytesUploaded: 64,
  })
  expect(report.serial).toBeGreaterThan(0)
  co.dispose()
})
