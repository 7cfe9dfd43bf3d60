import { MkCoordinator, type Mirror } from '@memkit/coordinator'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { dawnDevice } from '@memkit/gpu/node'
import { expect, it } from 'vitest'
import { starvedDevice } from '@memkit/testing/starved-device'
import { firstDifference, frame } from './device-bytes.ts'

/** More than one buffer of parameters, 64 blocks, has room for. */
const MIRRORS = 150

it('scatters 150 mirrors in one submit once there are enough parameters, and uses another strategy until then', async () => {
  const { device, starveLabel } = starvedDevice(await dawnDevice())
  const gpu = new MkGpu(new WebGpuBackend(device, { owned: true }))
  const errors: string[] = []
  gpu.onError(({ message }) => errors.push(message))
  const co = new MkCoordinator(gpu, { calibrate: false, strategy: 'scatter' })
  co.on('warning', ({ message }) => errors.push(message))
  await co.ready()
  const mirrors = Array.from({ length: MIRRORS }, () => co.createMirror({ rows: 100, stride: 16 }))
  await Promise.all(mirrors.map(({ buffer }) => buffer.allocationError))
  const change = (mirror: Mirror): void => {
    for (let row = 0; row < 100; row += 9) mirror.write(row, new Uint32Array([co.stats.frames, row]))
  }
  const dispatches: number[] = []
  const next = async (): Promise<void> => {
    const report = frame(co, () => mirrors.forEach(change))
    dispatches.push(report.dispatches)
    expect(report.submits).toBeLessThanOrEqual(1)
    for (const mirror of mirrors) expect(await firstDifference(co, mirror)).toBe(-1)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(gpu.scatterRoom).toBe(64)
  starveLabel('memkit scatter parameters')
  for (let i = 0; i < 3; i++) await next()
  expect(dispatches.splice(0)).toEqual([64, 64, 64])
  starveLabel(undefined)
  for (let i = 0; i < 12; i++) await next()
  expect(dispatches.at(-1)).toBe(MIRRORS)
  expect(errors).toEqual([])
  co.dispose()
  gpu.destroy()
})
