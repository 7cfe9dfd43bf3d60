import { createWorld } from 'bitecs'
import { createApp, MkPlugin } from '@memkit/ecs-plugin'
import { MkBufferUsage, MkGpu, WebGpuBackend, webGpuDevice } from '@memkit/gpu'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { useEverything } from './everything.ts'
import { replaceMethod, watchListeners, watchObservers, type LeftBehind } from './left-behind.ts'

let device: GPUDevice
let watches: LeftBehind[] = []

beforeEach(async () => {
  device = await webGpuDevice()
  // A page has one channel that tells turns of its event loop, for good: it is opened by the first work that is done.
  const gpu = new MkGpu(new WebGpuBackend(device))
  const buffer = gpu.createDeviceBuffer(4, MkBufferUsage.TRANSFER_DST)
  gpu.write(buffer, 0, new ArrayBuffer(4))
  await gpu.whenCompleted(gpu.submit())
  gpu.destroy()
})
afterEach(() => {
  for (const watch of watches) watch.stop()
  watches = []
  device.destroy()
})

const left = (): string[] => watches.flatMap((watch) => watch.left())

it('leaves no listeners on the page, the device or the world after dispose, and the device works', async () => {
  watches = [watchListeners(), watchObservers()]
  const { signal } = new AbortController()
  const { mk, pending } = await useEverything({ gpu: device, signal })
  expect(left()).toContain('uncapturederror of GPUDevice')
  mk.dispose()
  await Promise.allSettled(pending)
  expect(left()).toEqual([])
  device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST }).destroy()
  await device.queue.onSubmittedWorkDone()
})

it('leaves no buffer on a borrowed gpu', async () => {
  const gpu = new MkGpu(new WebGpuBackend(device), { debug: true })
  const errors: unknown[] = []
  gpu.onError((error) => errors.push(error))
  const { mk, pending } = await useEverything({ gpu })
  expect(gpu.leaks().length).toBeGreaterThan(8)
  mk.dispose()
  await Promise.allSettled(pending)
  expect(gpu.leaks()).toEqual([])
  await gpu.waitIdle()
  expect(errors).toEqual([])
  gpu.destroy()
})

it('leaves no listener and no animation frame of an App that ran', async () => {
  watches = [watchListeners(), watchObservers()]
  const asked = new Set<number>()
  const restore = [
    replaceMethod<(callback: FrameRequestCallback) => number>(
      window,
      'requestAnimationFrame',
      (request) => (callback) => {
        const id = request.call(window, (now) => {
          asked.delete(id)
          callback(now)
        })
        asked.add(id)
        return id
      },
    ),
    replaceMethod<(id: number) => void>(window, 'cancelAnimationFrame', (cancel) => (id) => {
      asked.delete(id)
      cancel.call(window, id)
    }),
  ]
  try {
    const app = createApp(createWorld()).addPlugin(new MkPlugin({ gpu: device, heapBytes: 1 << 20 }))
    await app.ready()
    app.run()
    while (app.mk.report.frame < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(asked.size).toBe(1)
    app.dispose()
    expect(asked.size).toBe(0)
    expect(left()).toEqual([])
  } finally {
    for (const back of restore) back()
  }
})
