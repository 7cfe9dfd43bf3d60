import { createWorld } from 'bitecs'
import { createApp, MkPlugin } from '@memkit/ecs-plugin'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { useEverything } from './suites/everything.ts'
import { replaceMethod, watchListeners, watchObservers } from './suites/left-behind.ts'
import type { LeftBehind } from './suites/left-behind.ts'

let device: GPUDevice
let watches: LeftBehind[] = []

beforeEach(async () => {
  const adapter = await navigator.gpu.requestAdapter()
  device = await adapter!.requestDevice()
})
afterEach(() => {
  for (const watch of watches) watch.stop()
  watches = []
  device.destroy()
})

const left = (): string[] => watches.flatMap((watch) => watch.left())

it('after dispose nobody listens to the page, to the device or to the world, and the device goes on', async () => {
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

it('no buffer is left on a gpu that was lent', async () => {
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

it('of an App that ran, no listener and no animation frame is left', async () => {
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
