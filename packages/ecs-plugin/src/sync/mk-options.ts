import { DeviceLease, type CoordinatorConfig } from '@memkit/coordinator'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { NotAGpu } from './errors.ts'

/** Provides the GPU that holds the buffers. */
export type GpuSource = GPUDevice | MkGpu | (() => Promise<GPUDevice | MkGpu>)

/**
 * Options of `attachMk` and `MkPlugin`, which include those of a coordinator except `recover`: pass
 * `gpu` as a function instead.
 */
export interface MkOptions extends Omit<CoordinatorConfig, 'recover'> {
  /**
   * A device or MkGpu, which memkit never destroys, or a function that returns a promise of one:
   * `() => webGpu()` in browsers, `() => dawnGpu()` in Node. It is called again after a loss, and its
   * devices are destroyed on dispose; it must request an adapter each time, because an adapter gives
   * one device. Default: the Dummy backend, which keeps bytes but draws nothing, with a warning.
   */
  gpu?: GpuSource
  /** Components to sync. Default: every flagged component in the world. */
  components?: readonly object[]
  /** The heap for mirrors. Default: that of the components, or a new one of `heapBytes`. */
  heap?: CoordinatorConfig['heap']
  /** Abort it while attaching to release the world at once. */
  signal?: AbortSignal
  /** Poison freed memory, label buffers, check invariants, count forgotten marks. */
  debug?: CoordinatorConfig['debug']
}

/** A new option of the coordinator doesn't compile until it is here too. */
const options: Readonly<Record<keyof MkOptions, true>> = {
  gpu: true,
  components: true,
  heap: true,
  heapBytes: true,
  buffering: true,
  frameArenaBytes: true,
  frameBuffers: true,
  frameBufferBytes: true,
  costs: true,
  calibrate: true,
  strategy: true,
  signal: true,
  debug: true,
}

/** The names of all options, to find misspelt ones. */
export const optionNames: readonly string[] = /* @__PURE__ */ Object.keys(options)

/** Returns the coordinator's part of the options. */
export function coordinatorConfig(given: MkOptions): CoordinatorConfig {
  const { gpu: _gpu, components: _components, signal: _signal, ...config } = given
  return config
}

/** Opens the GPU that holds the buffers. */
export async function openGpu({ gpu: source, debug = false, signal }: MkOptions): Promise<DeviceLease> {
  if (source === undefined) return new DeviceLease(await dummyGpu(debug), true)
  if (typeof source !== 'function') return borrowGpu(source, debug)
  return DeviceLease.ask(ownGpu(source, debug), signal)
}

/** Borrows an MkGpu, or makes one around a borrowed device. */
export function borrowGpu(source: GPUDevice | MkGpu, debug: boolean): DeviceLease {
  if (source instanceof MkGpu) return new DeviceLease(source, false)
  // The MkGpu is ours, the device in it is not.
  return new DeviceLease(gpuOf(source, false, debug), true)
}

/** Makes a factory of leases out of a function that gives devices: memkit owns what it gives. */
export function ownGpu(
  factory: () => Promise<GPUDevice | MkGpu>,
  debug: boolean,
): () => Promise<DeviceLease> {
  return async () => {
    const device = await factory()
    return new DeviceLease(device instanceof MkGpu ? device : gpuOf(device, true, debug), true)
  }
}

function gpuOf(device: unknown, owned: boolean, debug: boolean): MkGpu {
  if (!isDevice(device)) throw new NotAGpu({ found: device === null ? 'null' : typeof device })
  return new MkGpu(new WebGpuBackend(device, { owned }), { debug })
}

let warnedOfDummy = false

// Imported on demand: a game that passes a device does not ship the Dummy backend.
async function dummyGpu(debug: boolean): Promise<MkGpu> {
  const { DummyBackend } = await import('@memkit/gpu/dummy')
  if (!warnedOfDummy)
    console.warn(
      '[memkit] No `gpu` was given: running on the Dummy backend, which keeps the bytes but draws nothing. ' +
        'In a browser: gpu: () => webGpu().',
    )
  warnedOfDummy = true
  return new MkGpu(new DummyBackend(), { debug })
}

// Check its shape: a device may come from another realm, Dawn, or an engine that wraps it.
function isDevice(value: unknown): value is GPUDevice {
  if (typeof value !== 'object' || value === null) return false
  return 'queue' in value && 'createBuffer' in value && 'limits' in value
}
