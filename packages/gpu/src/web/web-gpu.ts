/// <reference types="@webgpu/types" preserve="true" />
import { defineError, type ErrorClass } from '@memkit/core'
import { WebGpuBackend } from '../backends/webgpu/webgpu.ts'
import { requestDevice, type DeviceRequest } from '../backends/webgpu/request-device.ts'
import { MkGpu, type MkGpuOptions } from '../gpu.ts'

/**
 * The browser has no WebGPU adapter, and no WebGL2 context for the `canvas` if there is one.
 *
 * What to do: serve the page over https (or from localhost), check `chrome://gpu`, and give `webGpu` a
 * `canvas` so that WebGL2 can take over.
 */
export const NoBrowserDevice: ErrorClass<{
  code: 'NoBrowserDevice'
  /** What was tried, in words. */
  tried: readonly string[]
}> = defineError(
  'NoBrowserDevice',
  ({ tried }) =>
    `This browser has no device (tried: ${tried.join('; ')}). WebGPU needs https or localhost, and a GPU that the browser trusts ` +
    '(chrome://gpu says more); give webGpu() a `canvas` so that WebGL2 can take over.',
)
export type NoBrowserDevice = InstanceType<typeof NoBrowserDevice>

/** Which device of the browser to take. */
export interface WebGpuDeviceOptions extends DeviceRequest {
  /**
   * `'core'`: all of WebGPU. `'compatibility'`: what runs on older GPUs, too, with lower limits, such
   * as `maxStorageBuffersInVertexStage`. Default: core, else compatibility.
   */
  featureLevel?: 'core' | 'compatibility'
  /** Default: the browser's choice. */
  powerPreference?: 'low-power' | 'high-performance'
}

/** What `webGpu` takes. */
export interface WebGpuOptions extends WebGpuDeviceOptions, MkGpuOptions {
  /** Where there is no WebGPU, buffers run on the WebGL2 context of this canvas. Default: none do. */
  canvas?: HTMLCanvasElement | OffscreenCanvas
}

/**
 * A WebGPU device of this browser, with the adapter's limits for buffers. The device is the
 * caller's: `device.destroy()` lets it go.
 * @throws {@link NoBrowserDevice} when the browser has no adapter
 * @throws {@link DeviceRefused} when the adapter lacks a limit or feature that was asked for
 */
export async function webGpuDevice(options: WebGpuDeviceOptions = {}): Promise<GPUDevice> {
  const tried: string[] = []
  const adapter = await findAdapter(options, tried)
  if (adapter === undefined) throw new NoBrowserDevice({ tried })
  return requestDevice(adapter, { ...bestLimits(adapter), ...options.limits }, options)
}

/**
 * An MkGpu in the browser that owns its device: `gpu.destroy()` lets it go. Given as a function, a
 * sync asks for another one after a loss:
 *
 * ```ts
 * const mk = await attachMk(world, { gpu: () => webGpu() })
 * ```
 *
 * With a `canvas`, WebGL2 takes over where there is no WebGPU; `gpu.capabilities.backend` says which it is.
 * @throws {@link NoBrowserDevice} when the browser has no adapter, and no WebGL2 for the canvas
 * @throws {@link DeviceRefused} when the adapter lacks a limit or feature that was asked for
 */
export async function webGpu(options: WebGpuOptions = {}): Promise<MkGpu> {
  const { canvas, debug = false } = options
  const tried: string[] = []
  const adapter = await findAdapter(options, tried)
  if (adapter !== undefined) {
    const device = await requestDevice(adapter, { ...bestLimits(adapter), ...options.limits }, options)
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug })
  }
  if (canvas === undefined) throw new NoBrowserDevice({ tried })
  // Loaded on demand: a game on WebGPU does not ship the other backend.
  const { webGl2Context } = await import('../backends/webgl2/context.ts')
  const gl = await webGl2Context(canvas)
  if (gl === undefined) throw new NoBrowserDevice({ tried: [...tried, 'a WebGL2 context of the canvas'] })
  const { WebGl2Backend } = await import('../backends/webgl2/webgl2.ts')
  // The context is the canvas's: it outlives the MkGpu, and serves the next one.
  return new MkGpu(new WebGl2Backend(gl), { debug })
}

async function findAdapter(
  { featureLevel, powerPreference }: WebGpuDeviceOptions,
  tried: string[],
): Promise<GPUAdapter | undefined> {
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu
  if (gpu === undefined) {
    tried.push('navigator.gpu, which is not there')
    return undefined
  }
  const levels = featureLevel === undefined ? (['core', 'compatibility'] as const) : [featureLevel]
  for (const level of levels) {
    let why = ''
    try {
      const power = powerPreference === undefined ? {} : { powerPreference }
      const adapter = await gpu.requestAdapter({ featureLevel: level, ...power })
      if (adapter) return adapter
    } catch (error) {
      why = `: ${String(error)}`
    }
    tried.push(`an adapter of feature level '${level}'${why}`)
  }
  return undefined
}

/** The adapter's limits for buffers. A device not asked for them gets the least that WebGPU allows. */
function bestLimits({ limits }: GPUAdapter): Record<string, number> {
  const { maxBufferSize, maxStorageBufferBindingSize } = limits
  // Only browsers with compatibility mode have this one, and only there it starts at 0.
  const { maxStorageBuffersInVertexStage: most } = limits as { maxStorageBuffersInVertexStage?: number }
  const vertex: Record<string, number> = most === undefined ? {} : { maxStorageBuffersInVertexStage: most }
  return { maxBufferSize, maxStorageBufferBindingSize, ...vertex }
}
