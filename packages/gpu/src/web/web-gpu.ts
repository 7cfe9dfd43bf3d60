/// <reference types="@webgpu/types" preserve="true" />
import { WebGpuBackend } from './backends/webgpu.ts'
import { DeviceRefused, NoBrowserDevice } from './errors.ts'
import { MkGpu } from './gpu.ts'

/** Which device of the browser to take. */
export interface WebGpuDeviceOptions {
  /**
   * Limits to ask for. `maxBufferSize`, `maxStorageBufferBindingSize` and, in compatibility mode, `maxStorageBuffersInVertexStage` default to
   * the adapter's highest.
   */
  limits?: Record<string, number>
  /** Features to ask for. */
  features?: readonly GPUFeatureName[]
  /**
   * `'core'`: all of WebGPU. `'compatibility'`: what runs on older GPUs, too, with lower limits; where not even the adapter has storage buffers
   * in vertex shaders, `gpu.capabilities.maxStorageBuffersInVertexStage` is 0. Default: core, else compatibility.
   */
  featureLevel?: 'core' | 'compatibility'
  /** Default: the browser's choice. */
  powerPreference?: 'low-power' | 'high-performance'
  /** Name of the device in error messages. */
  label?: string
}

/** What `webGpu` takes. */
export interface WebGpuOptions extends WebGpuDeviceOptions {
  /** Where there is no WebGPU, buffers run on the WebGL2 context of this canvas. Without one there is no such fallback. */
  canvas?: HTMLCanvasElement | OffscreenCanvas
  /** As MkGpuOptions.debug. */
  debug?: boolean
}

/**
 * A WebGPU device of this browser. Asks for an adapter each time, because an adapter gives one device; takes the adapter's limits for
 * buffers. The device is the caller's: `device.destroy()` lets it go.
 * @throws NoBrowserDevice when the browser has no adapter
 * @throws DeviceRefused when the adapter lacks a limit or feature that was asked for
 */
export async function webGpuDevice(options: WebGpuDeviceOptions = {}): Promise<GPUDevice> {
  const tried: string[] = []
  const adapter = await findAdapter(options, tried)
  if (adapter === undefined) throw new NoBrowserDevice(tried)
  return requestDevice(adapter, options)
}

/**
 * An MkGpu in the browser that owns its device: `gpu.destroy()` lets it go. Give it to a sync as a function, and the sync asks for another one
 * after a loss:
 *
 * ```ts
 * const mk = await attachMk(world, { gpu: () => webGpu() })
 * ```
 *
 * With a `canvas`, WebGL2 takes over where there is no WebGPU; `gpu.capabilities.backend` says which it is.
 * @throws NoBrowserDevice when the browser has no adapter, and no WebGL2 for the canvas
 * @throws DeviceRefused when the adapter lacks a limit or feature that was asked for
 */
export async function webGpu(options: WebGpuOptions = {}): Promise<MkGpu> {
  const { canvas, debug = false } = options
  const tried: string[] = []
  const adapter = await findAdapter(options, tried)
  if (adapter !== undefined) {
    const device = await requestDevice(adapter, options)
    return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug })
  }
  if (canvas === undefined) throw new NoBrowserDevice(tried)
  // Loaded on demand: a game on WebGPU does not ship the other backend.
  const { webGl2Context } = await import('./web-gl2-context.ts')
  const gl = await webGl2Context(canvas)
  if (gl === undefined) throw new NoBrowserDevice([...tried, 'a WebGL2 context of the canvas'])
  const { WebGl2Backend } = await import('./backends/webgl2.ts')
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
      const adapter = await gpu.requestAdapter({
        featureLevel: level,
        ...(powerPreference === undefined ? {} : { powerPreference }),
      })
      if (adapter) return adapter
    } catch (error) {
      why = `: ${String(error)}`
    }
    tried.push(`an adapter of feature level '${level}'${why}`)
  }
  return undefined
}

async function requestDevice(adapter: GPUAdapter, options: WebGpuDeviceOptions): Promise<GPUDevice> {
  try {
    return await adapter.requestDevice({
      label: options.label ?? 'memkit',
      requiredLimits: { ...bestLimits(adapter), ...options.limits },
      requiredFeatures: [...(options.features ?? [])],
    })
  } catch (cause) {
    // Older browsers have no `info`.
    const info = adapter.info as GPUAdapterInfo | undefined
    throw new DeviceRefused(info?.description || info?.device || info?.vendor || 'The adapter', cause)
  }
}

/** The adapter's limits for buffers. A device that is not asked for them gets the least that WebGPU allows. */
function bestLimits({ limits }: GPUAdapter): Record<string, number> {
  const { maxBufferSize, maxStorageBufferBindingSize } = limits
  // Only browsers with compatibility mode have this one, and only there it starts at 0.
  const { maxStorageBuffersInVertexStage } = limits as { maxStorageBuffersInVertexStage?: number }
  return {
    maxBufferSize,
    maxStorageBufferBindingSize,
    ...(maxStorageBuffersInVertexStage === undefined ? {} : { maxStorageBuffersInVertexStage }),
  }
}
