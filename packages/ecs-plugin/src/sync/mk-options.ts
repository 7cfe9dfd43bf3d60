import type { CoordinatorConfig } from '@memkit/coordinator'
import { DeviceLease } from '@memkit/coordinator'
import { MkGpu, WebGpuBackend } from '@memkit/gpu'
import { abortReason } from './abort.ts'
import { NotAGpu } from './errors.ts'

/** What runs the buffers. */
export type GpuSource = GPUDevice | MkGpu | (() => Promise<GPUDevice | MkGpu>)

/**
 * Options of `attachMk` and `MkPlugin`; every one has a default. All that a coordinator can be told is among them, but for `recover`:
 * give `gpu` as a function instead.
 */
export interface MkOptions extends Omit<CoordinatorConfig, 'recover'> {
  /**
   * A device, an MkGpu, or a function that returns a promise of one: `() => webGpu()` in browsers, `() => dawnGpu()` in Node. What is passed in
   * is borrowed and never destroyed; what comes from a function is ours: destroyed on dispose, and asked for again after a loss, so it must
   * ask for an adapter each time (an adapter gives one device). Nothing: the Dummy backend, which keeps bytes but draws nothing, said once.
   */
  gpu?: GpuSource
  /** What to sync. Default: every flagged component that the world knows. */
  components?: readonly object[]
  /** Where mirrors live. Default: the heap that the components live in, else a new one of `heapBytes`. */
  heap?: CoordinatorConfig['heap']
  /** Aborting it while attaching releases the world at once. */
  signal?: AbortSignal
  /** Poison freed frame memory, label buffers, check invariants, count forgotten marks (`mk.forgottenMarks`). */
  debug?: CoordinatorConfig['debug']
}

/** An option that is added to the coordinator does not compile before it is here too. */
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
  trace: true,
  signal: true,
  debug: true,
}

/** Every option, so that a misspelt one is told. */
export const optionNames: readonly string[] = /* @__PURE__ */ Object.keys(options)

/** What of the options is for the coordinator. */
export function coordinatorConfig(given: MkOptions): CoordinatorConfig {
  const { gpu: _gpu, components: _components, signal: _signal, ...config } = given
  return config
}

/**
 * Makes ready what runs the buffers.
 * @throws NotAGpu, what the function given throws, and the reason of `signal` when it is aborted meanwhile
 */
export async function openGpu({ gpu: source, debug = false, signal }: MkOptions): Promise<DeviceLease> {
  if (source === undefined) return new DeviceLease(await dummyGpu(debug), true)
  if (typeof source !== 'function') return borrowGpu(source, debug)
  return gpuFrom(source, debug, signal)
}

/** What somebody else keeps: an MkGpu, or one around a device. @throws NotAGpu */
export function borrowGpu(source: GPUDevice | MkGpu, debug: boolean): DeviceLease {
  if (source instanceof MkGpu) return new DeviceLease(source, false)
  // The MkGpu is ours, the device in it is not.
  return new DeviceLease(gpuOf(source, false, debug), true)
}

/** Waits for a device of ours; one that comes after the abort is destroyed on arrival. @throws NotAGpu */
export function gpuFrom(
  factory: () => Promise<GPUDevice | MkGpu>,
  debug: boolean,
  signal: AbortSignal | undefined,
): Promise<DeviceLease> {
  if (signal?.aborted === true) return Promise.reject(abortReason(signal))
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal && abortReason(signal))
    signal?.addEventListener('abort', abort, { once: true })
    void Promise.resolve()
      .then(factory)
      .then((device) => {
        if (signal?.aborted === true) device.destroy()
        else resolve(new DeviceLease(device instanceof MkGpu ? device : gpuOf(device, true, debug), true))
      })
      .catch(reject)
      .finally(() => signal?.removeEventListener('abort', abort))
  })
}

function gpuOf(device: unknown, owned: boolean, debug: boolean): MkGpu {
  if (!isDevice(device)) throw new NotAGpu(device === null ? 'null' : typeof device)
  return new MkGpu(new WebGpuBackend(device, { owned }), { debug })
}

let saidDummy = false

// Imported on demand: a game that passes a device does not ship the Dummy backend.
async function dummyGpu(debug: boolean): Promise<MkGpu> {
  const { DummyBackend } = await import('@memkit/gpu/dummy')
  if (!saidDummy)
    console.warn(
      '[memkit] No `gpu` was given: running on the Dummy backend, which keeps the bytes but draws nothing. ' +
        'In a browser: gpu: () => webGpu().',
    )
  saidDummy = true
  return new MkGpu(new DummyBackend(), { debug })
}

// By shape: a device may come from another realm, from Dawn, or from an engine that wraps it.
function isDevice(value: unknown): value is GPUDevice {
  if (typeof value !== 'object' || value === null) return false
  return 'queue' in value && 'createBuffer' in value && 'limits' in value
}
