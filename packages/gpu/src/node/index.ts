/// <reference types="node" />
/// <reference types="@webgpu/types" preserve="true" />
import { isMainThread } from 'node:worker_threads'
import { DawnMissing, DeviceRefused, NoAdapter } from './errors.ts'
import { MkGpu } from './gpu.ts'
import { WebGpuBackend } from './backends/webgpu.ts'
import {
  driverChoice,
  ensureRuntimeFolder,
  findSwiftShader,
  mayHaveDriver,
  nameDriver,
} from './vulkan-driver.ts'

/** Which device to take. */
export interface DawnOptions {
  /**
   * What Dawn runs on. Default: Metal on macOS, Direct3D 12 on Windows, else Vulkan. `'null'` checks every call and does no GPU
   * work: what is read back is garbage.
   */
  backend?: 'vulkan' | 'metal' | 'd3d12' | 'null'
  /** Part of the name of the adapter to take, where there are several. */
  adapter?: string
  /**
   * `'compatibility'`: a device of compatibility mode, as browsers give on old drivers, to test against. Its vertex shaders read no storage
   * buffer unless `limits: { maxStorageBuffersInVertexStage: … }` asks for some. Default `'core'`.
   */
  featureLevel?: 'core' | 'compatibility'
  /** Default `'high-performance'`. */
  powerPreference?: 'low-power' | 'high-performance'
  /** Limits to ask for. `maxBufferSize` and `maxStorageBufferBindingSize` default to the adapter's highest. */
  limits?: Record<string, number>
  /** Features to ask for. */
  features?: readonly GPUFeatureName[]
  /**
   * Manifest (`…_icd.json`) of the Vulkan driver to take when no other has an adapter. Default: SwiftShader, looked for in the folders of
   * Chromium and Chrome. False: none.
   */
  softwareDriver?: string | false
  /** Name of the device in error messages. */
  label?: string
}

/** How an MkGpu on Dawn is to run. */
export interface DawnGpuOptions extends DawnOptions {
  /** As MkGpuOptions.debug. */
  debug?: boolean
}

/**
 * What `create()` returned, one per set of flags, kept for good and used again. Were one collected while an adapter, a device or
 * a promise of a device that came from it is alive somewhere, the process would crash, also after `device.destroy()`.
 * Held, it does not keep the process alive.
 */
const instances = new Map<string, GPU>()

/**
 * A WebGPU device in Node, on Vulkan, Metal or Direct3D 12. Finds SwiftShader, which comes with Chromium, when there is no GPU;
 * for that it sets VK_DRIVER_FILES, VK_ICD_FILENAMES and XDG_RUNTIME_DIR in `process.env` unless they are set. The device is the
 * caller's: `device.destroy()` lets everything behind it go.
 * @throws NoAdapter, DeviceRefused (limits or features that the adapter has not), DawnMissing
 */
export async function dawnDevice(options: DawnOptions = {}): Promise<GPUDevice> {
  const adapter = await findAdapter(options)
  const limits: Record<string, number> = {
    maxBufferSize: adapter.limits.maxBufferSize,
    maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
    ...options.limits,
  }
  try {
    return await adapter.requestDevice({
      label: options.label ?? 'memkit',
      requiredLimits: limits,
      requiredFeatures: [...(options.features ?? [])],
    })
  } catch (cause) {
    throw new DeviceRefused(adapter.info.description || adapter.info.device || 'The adapter', cause)
  }
}

/**
 * An MkGpu in Node that owns its device: `gpu.destroy()` lets everything go.
 * `gpu.capabilities.adapter` names the adapter it took.
 * @throws NoAdapter, DeviceRefused (limits or features that the adapter has not), DawnMissing
 */
export async function dawnGpu(options: DawnGpuOptions = {}): Promise<MkGpu<WebGpuBackend>> {
  const device = await dawnDevice(options)
  return new MkGpu(new WebGpuBackend(device, { owned: true }), { debug: options.debug === true })
}

async function findAdapter(options: DawnOptions): Promise<GPUAdapter> {
  const backend = options.backend ?? platformBackend()
  const flags = [`backend=${backend}`]
  if (options.adapter !== undefined) flags.push(`adapter=${options.adapter}`)
  const tried: string[] = []
  const attempt = async (how: string): Promise<GPUAdapter | undefined> => {
    const key = flags.join(' ')
    const gpu = instances.get(key) ?? (await createGpu(flags))
    let why = ''
    try {
      const adapter = await gpu.requestAdapter({
        powerPreference: options.powerPreference ?? 'high-performance',
        featureLevel: options.featureLevel ?? 'core',
      })
      if (adapter) {
        instances.set(key, gpu)
        return adapter
      }
    } catch (error) {
      // Dawn throws where the spec says null, when a name or a backend does not exist.
      why = `: ${String(error)}`
    }
    tried.push(`${key} with ${how}${why}`)
    return undefined
  }

  if (backend !== 'vulkan') {
    const found = await attempt('the system’s driver')
    if (found) return found
    throw new NoAdapter(tried, 'Is there such a driver on this machine? Another `backend` may find one.')
  }
  ensureRuntimeFolder()
  const choice = driverChoice()
  if (choice) {
    const found = await attempt(choice.how)
    if (found) return found
    if (choice.byUser)
      throw new NoAdapter(tried, 'Unset VK_DRIVER_FILES and VK_ICD_FILENAMES, or name a driver that works.')
    throw new NoAdapter(tried, ADVICE)
  }
  const software = options.softwareDriver ?? findSwiftShader()
  if (mayHaveDriver() || !software) {
    const found = await attempt('the installed drivers')
    if (found) return found
  }
  if (software) {
    const undo = nameDriver(software)
    const found = await attempt(`software driver ${software}`)
    if (found) return found
    undo()
  }
  throw new NoAdapter(tried, isMainThread ? ADVICE : ADVICE_IN_WORKER)
}

const ADVICE =
  'Install a Vulkan driver for the GPU; or, to run without one, the Vulkan loader and a browser that brings SwiftShader ' +
  '(Debian: apt-get install --no-install-recommends libvulkan1 chromium), or name a driver as `softwareDriver`.'
const ADVICE_IN_WORKER =
  'In a worker thread, a driver must be named from outside: start Node with VK_DRIVER_FILES and XDG_RUNTIME_DIR set, or ' +
  'make a device on the main thread first.'

async function createGpu(flags: string[]): Promise<GPU> {
  // Imported on demand: it is an optional peer dependency, and loading it loads its binary.
  const dawn = await import('webgpu').catch((cause: unknown) => {
    throw new DawnMissing(cause)
  })
  return dawn.create(flags)
}

function platformBackend(): 'vulkan' | 'metal' | 'd3d12' {
  if (process.platform === 'darwin') return 'metal'
  return process.platform === 'win32' ? 'd3d12' : 'vulkan'
}
