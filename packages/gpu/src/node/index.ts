/// <reference types="node" />
/// <reference types="@webgpu/types" preserve="true" />
import { isMainThread } from 'node:worker_threads'
import { DawnMissing, NoAdapter } from './errors.ts'
import { requestDevice, type DeviceRequest } from '../backends/webgpu/request-device.ts'
import { MkGpu, type MkGpuOptions } from '../gpu.ts'
import { WebGpuBackend } from '../backends/webgpu/webgpu.ts'
import * as vulkan from './vulkan-driver.ts'

/** Which device to take. */
export interface DawnOptions extends DeviceRequest {
  /**
   * What Dawn runs on. Default: Metal on macOS, Direct3D 12 on Windows, else Vulkan. `'null'` checks
   * every call and does no GPU work: reads return garbage.
   */
  backend?: 'vulkan' | 'metal' | 'd3d12' | 'null'
  /** Part of the name of the adapter to take, where there are several. */
  adapter?: string
  /**
   * `'compatibility'`: a device as browsers give on old drivers, to test against. Its vertex shaders
   * read no storage buffer unless `limits` asks for some. Default `'core'`.
   */
  featureLevel?: 'core' | 'compatibility'
  /** Default `'high-performance'`. */
  powerPreference?: 'low-power' | 'high-performance'
  /**
   * Manifest (`…_icd.json`) of the Vulkan driver to take when no other has an adapter. Default:
   * SwiftShader, from the folders of Chromium and Chrome. False: none.
   */
  softwareDriver?: string | false
}

/** How an MkGpu on Dawn is to run. */
export interface DawnGpuOptions extends DawnOptions, MkGpuOptions {}

/**
 * What `create()` returned, one per set of flags, kept for good and reused. If one is collected while an
 * adapter, a device or a promise of a device that came from it is alive, the process crashes, also after
 * `device.destroy()`. It doesn't keep the process alive.
 */
const instances = new Map<string, GPU>()

/**
 * A WebGPU device in Node. Finds SwiftShader, which comes with Chromium, when there is no GPU; for
 * that it sets VK_DRIVER_FILES, VK_ICD_FILENAMES and XDG_RUNTIME_DIR in `process.env` unless they are
 * set. The device is the caller's: `device.destroy()` lets everything behind it go.
 * @throws {@link NoAdapter}, {@link DawnMissing}
 * @throws {@link DeviceRefused} when the adapter lacks a limit or feature that was asked for
 */
export async function dawnDevice(options: DawnOptions = {}): Promise<GPUDevice> {
  const adapter = await findAdapter(options)
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits
  return requestDevice(adapter, { maxBufferSize, maxStorageBufferBindingSize, ...options.limits }, options)
}

/**
 * An MkGpu in Node that owns its device: `gpu.destroy()` lets everything go.
 * `gpu.capabilities.adapter` names the adapter it took.
 * @throws as `dawnDevice`
 */
export async function dawnGpu(options: DawnGpuOptions = {}): Promise<MkGpu<WebGpuBackend>> {
  const device = await dawnDevice(options)
  return new MkGpu(new WebGpuBackend(device, { owned: true }), options)
}

async function findAdapter(options: DawnOptions): Promise<GPUAdapter> {
  const backend = options.backend ?? platformBackend()
  const search = new AdapterSearch(backend, options)
  const { tried } = search
  if (backend !== 'vulkan') {
    const found = await search.attempt('the system’s driver')
    if (found) return found
    const advice = 'Is there such a driver on this machine? Another `backend` may find one.'
    throw new NoAdapter({ tried, advice })
  }
  vulkan.ensureRuntimeFolder()
  const choice = vulkan.driverChoice()
  if (choice) {
    const found = await search.attempt(choice.how)
    if (found) return found
    throw new NoAdapter({ tried, advice: choice.byUser ? ADVICE_TO_UNSET : ADVICE })
  }
  const software = options.softwareDriver ?? vulkan.findSwiftShader()
  if (vulkan.mayHaveDriver() || !software) {
    const found = await search.attempt('the installed drivers')
    if (found) return found
  }
  if (software) {
    const undo = vulkan.nameDriver(software)
    const found = await search.attempt(`software driver ${software}`)
    if (found) return found
    undo()
  }
  throw new NoAdapter({ tried, advice: isMainThread ? ADVICE : ADVICE_IN_WORKER })
}

/** Asks Dawn for one adapter, with one driver after the other. */
class AdapterSearch {
  /** What was tried, in words. */
  readonly tried: string[] = []
  readonly #flags: string[]
  readonly #request: GPURequestAdapterOptions

  constructor(backend: string, options: DawnOptions) {
    const { adapter, powerPreference = 'high-performance', featureLevel = 'core' } = options
    this.#flags = [`backend=${backend}`]
    if (adapter !== undefined) this.#flags.push(`adapter=${adapter}`)
    this.#request = { powerPreference, featureLevel }
  }

  /** @param how the driver that the loader finds now, in words */
  async attempt(how: string): Promise<GPUAdapter | undefined> {
    const key = this.#flags.join(' ')
    const gpu = instances.get(key) ?? (await createGpu(this.#flags))
    let why = ''
    try {
      const adapter = await gpu.requestAdapter(this.#request)
      if (adapter) {
        instances.set(key, gpu)
        return adapter
      }
    } catch (error) {
      // Dawn throws where the spec says null, when a name or a backend does not exist.
      why = `: ${String(error)}`
    }
    this.tried.push(`${key} with ${how}${why}`)
    return undefined
  }
}

const ADVICE_TO_UNSET = 'Unset VK_DRIVER_FILES and VK_ICD_FILENAMES, or name a driver that works.'
const ADVICE =
  'Install a Vulkan driver for the GPU; or, to run without one, the Vulkan loader and a browser that brings SwiftShader ' +
  '(Debian: apt-get install --no-install-recommends libvulkan1 chromium), or name a driver as `softwareDriver`.'
const ADVICE_IN_WORKER =
  'In a worker thread, a driver must be named from outside: start Node with VK_DRIVER_FILES and XDG_RUNTIME_DIR set, or ' +
  'make a device on the main thread first.'

/** Loads Dawn on demand: it is an optional peer dependency, and loading it loads its binary. */
async function createGpu(flags: string[]): Promise<GPU> {
  const dawn = await import('webgpu').catch((cause: unknown) => {
    throw new DawnMissing({}, { cause })
  })
  return dawn.create(flags)
}

function platformBackend(): 'vulkan' | 'metal' | 'd3d12' {
  if (process.platform === 'darwin') return 'metal'
  return process.platform === 'win32' ? 'd3d12' : 'vulkan'
}
