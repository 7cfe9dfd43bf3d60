import { expect, it } from 'vitest'
import { BufferingMode, MkCoordinator } from '@memkit/coordinator'
import { place } from '@memkit/testing/place'
import { closeStrict, strict } from '@memkit/testing/strict-gpu'

it('runs the quick start as written', async () => {
  const gpu = strict(await place.open())
  const co = new MkCoordinator(gpu, { buffering: BufferingMode.Triple })
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
  await closeStrict(gpu)
})
