import type { MkCapabilities } from '../capabilities.ts'

/**
 * What goes wrong; may be changed at any time. Calls are counted from 1 (`backend.callCount`), but for
 * `attach`, `signal`, `mappedRange`, `prepareScatter` and `destroy`.
 */
export interface DummyFaults {
  /** These calls throw InjectedFault and do nothing. */
  failCalls?: readonly number[]
  /** The device is lost at this call: it and all later ones do nothing, `lost` follows in a microtask. */
  loseAtCall?: number
  /** These buffers, counted from 1 in the order of creation, get no memory. */
  outOfMemoryAt?: readonly number[]
  /** `'late'` (default): `allocationError` says so, as on WebGPU. `'throw'`: createBuffer throws. */
  outOfMemory?: 'late' | 'throw'
  /** These maps, counted from 1, are rejected. */
  failMapsAt?: readonly number[]
  /** Work is done but never reported: a hung device. */
  neverComplete?: boolean
  /** Completion is reported this much later. */
  completionDelayMs?: number
  /** A lost device first reports all work as done, as Firefox does, and then the loss. */
  doneBeforeLoss?: boolean
  /** Scatters per submit that there is memory for; 0: `prepareScatter` resolves to false. */
  scatterRoom?: number
}

/** What the Dummy simulates. */
export interface DummyOptions {
  /** Largest buffer, bytes; default 256 MiB, WebGPU's default limit. */
  maxBufferSize?: number
  /** All buffers together, bytes; above it creation is out of memory. Default: no limit. */
  memoryBytes?: number
  /**
   * True (default): device memory is apart from the CPU's, as WebGPU has it. False: they share one
   * memory, and Unified buffers exist.
   */
  simulateDeviceLocal?: boolean
  /**
   * Microseconds between handing work over and its being done. Default 0: done before the call
   * returns. Infinity: done when `finish()` is called.
   */
  transferDelayUs?: number
  /**
   * Microseconds until a new buffer knows whether there is memory for it. Default 0: in a later task.
   * Infinity: when `answer()` is called. What is answered at once is answered newest first.
   */
  answerDelayUs?: number
  faults?: DummyFaults
  /** Pretend other capabilities: `{ scatter: false }`, no INDIRECT, … */
  capabilities?: Partial<MkCapabilities>
}
