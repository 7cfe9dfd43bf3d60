/// <reference types="@webgpu/types" />
import { expect, test } from 'vitest'
import { MkCoordinator, tableCosts } from '@memkit/coordinator'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { firstDifference, frame } from './device-bytes.ts'

test('in a browser, with its coarse clock, costs are measured and every strategy brings the same bytes', async () => {
  const adapter = await navigator.gpu.requestAdapter()
  const device = await adapter?.requestDevice()
  if (!device) throw new Error('no WebGPU device in this browser')
  const gpu = new MkGpu(new WebGpuBackend(device), { debug: true })
  const errors: unknown[] = []
  gpu.onError((error) => errors.push(error))
  for (const strategy of ['auto', 'full', 'runs', 'scatter'] as const) {
    const co = new MkCoordinator(gpu, { strategy })
    await co.ready()
    for (const term of ['callThread', 'byteThread', 'scatterThread', 'rowThread'] as const) {
      expect(co.costs[term]).toBeGreaterThan(0)
      expect(co.costs[term]).not.toBe(tableCosts.webgpu[term])
    }
    const mirror = co.createMirror({ rows: 5000, stride: 16 })
    const report = frame(co, () => {
      for (let row = 0; row < 5000; row += 333) mirror.write(row, new Uint32Array([row, 1, 2, 3]))
      co.stageForUpload(co.frameAlloc(Float32Array, 16))
    })
    if (strategy !== 'auto') expect(report.mirrors[0].strategy).toBe(strategy)
    expect(await firstDifference(co, mirror)).toBe(-1)
    co.dispose()
  }
  expect(errors).toEqual([])
  gpu.destroy()
  device.destroy()
})
