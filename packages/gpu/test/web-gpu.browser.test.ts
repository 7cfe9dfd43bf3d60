import { afterEach, describe, expect, it, vi } from 'vitest'
import { MkBufferUsage, webGpu, webGpuDevice, type WebGpuBackend } from '@memkit/gpu'

const adapterOf = async (): Promise<GPUAdapter> => (await navigator.gpu.requestAdapter())!

/** The browser without WebGPU, as an old one is. */
function without(): void {
  vi.spyOn(navigator, 'gpu', 'get').mockReturnValue(undefined as never)
}

afterEach(() => void vi.restoreAllMocks())

describe('webGpu', () => {
  it("returns a new MkGpu with the adapter's buffer limits each time, and destroys its device", async () => {
    const { limits } = await adapterOf()
    const [first, second] = [await webGpu(), await webGpu()]
    for (const gpu of [first, second]) {
      expect(gpu.capabilities).toMatchObject({
        backend: 'webgpu',
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      })
      gpu.destroy()
      expect((await (gpu.backend as WebGpuBackend).device.lost).reason).toBe('destroyed')
    }
    expect((first.backend as WebGpuBackend).device).not.toBe((second.backend as WebGpuBackend).device)
  })

  it('requests limits and features as asked, and refuses those that the adapter lacks', async () => {
    const device = await webGpuDevice({ limits: { maxBufferSize: 300 << 20 }, label: 'mine' })
    expect([device.limits.maxBufferSize, device.label]).toEqual([300 << 20, 'mine'])
    device.destroy()
    await expect(webGpu({ limits: { maxBufferSize: 2 ** 50 } })).rejects.toMatchObject({
      code: 'DeviceRefused',
    })
  })

  it('requests compatibility mode when there is no core adapter', async () => {
    const asked: unknown[] = []
    const request = navigator.gpu.requestAdapter.bind(navigator.gpu)
    vi.spyOn(navigator.gpu, 'requestAdapter').mockImplementation(async (options) => {
      asked.push(options?.featureLevel)
      return options?.featureLevel === 'core' ? null : request(options)
    })
    const device = await webGpuDevice()
    expect(asked).toEqual(['core', 'compatibility'])
    // As many storage buffers in vertex shaders as the adapter has: without asking there are none.
    expect(device.features.has('core-features-and-limits')).toBe(false)
    expect(
      (device.limits as { maxStorageBuffersInVertexStage?: number }).maxStorageBuffersInVertexStage,
    ).toBeGreaterThan(0)
    device.destroy()
    await expect(webGpuDevice({ featureLevel: 'core' })).rejects.toMatchObject({ code: 'NoBrowserDevice' })
  })

  it("runs on the canvas's WebGL2 context without WebGPU, again after the context was lost", async () => {
    without()
    const canvas = document.createElement('canvas')
    const gpu = await webGpu({ canvas })
    expect(gpu.capabilities.backend).toBe('webgl2')
    const gl = canvas.getContext('webgl2')!
    const switcher = gl.getExtension('WEBGL_lose_context')!
    switcher.loseContext()
    await gpu.lost
    setTimeout(() => switcher.restoreContext(), 50)
    const next = await webGpu({ canvas })
    const buffer = next.createDeviceBuffer(8, MkBufferUsage.TRANSFER_DST | MkBufferUsage.TRANSFER_SRC)
    next.write(buffer, 0, new Uint32Array([7, 8]).buffer)
    expect([...new Uint32Array(await next.read(buffer))]).toEqual([7, 8])
    next.destroy()
    // The context is the canvas's, and goes on.
    expect(gl.isContextLost()).toBe(false)
  })

  it('reports what it tried when there is neither', async () => {
    without()
    await expect(webGpu()).rejects.toMatchObject({ code: 'NoBrowserDevice' })
    const canvas = document.createElement('canvas')
    canvas.getContext('2d')
    await expect(webGpu({ canvas })).rejects.toMatchObject({
      code: 'NoBrowserDevice',
      tried: ['navigator.gpu, which is not there', 'a WebGL2 context of the canvas'],
    })
  })
})
