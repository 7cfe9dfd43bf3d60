import type { MkCapabilities, WriteCosts } from '@memkit/gpu'

/**
 * What uploading costs on one backend, in nanoseconds, for the calling thread and for the device. A
 * plan costs `thread + lambda · device`.
 *
 * A scattered row costs more into a big buffer than into a small one (cache misses): between the
 * two sizes given, its cost is interpolated over the logarithm of the size.
 */
export interface CostModel {
  /** Weight of the device's time against the calling thread's, default 1. */
  lambda: number
  /** One write call. */
  callThread: number
  callDevice: number
  /** One byte written. */
  byteThread: number
  byteDevice: number
  /** One byte of a row that is made for its upload, where no mirror keeps it. Not measured. */
  packThread: number
  /** The first mirror that scatters in a frame: pass, dispatch, staging write and submit. */
  scatterThread: number
  scatterDevice: number
  /** The dispatch of one more mirror that scatters. */
  dispatchThread: number
  dispatchDevice: number
  /** One scattered row into `nearBytes`: its gathering, and for the device its 16 bytes. */
  rowThread: number
  rowDevice: number
  /** The same into `farBytes`. */
  rowThreadFar: number
  rowDeviceFar: number
  /** Destination sizes of the row costs: measured at those of the table, so set both or neither. */
  nearBytes: number
  farBytes: number
}

/** Destination sizes of the calibration: in and out of a typical last-level cache. */
const sizes = { nearBytes: 1 << 20, farBytes: 8 << 20 }

/**
 * Costs of this repository's reference machine, before anything is measured: docs/coordinator.md.
 */
export const tableCosts: Readonly<Record<'dummy' | 'webgpu' | 'webgl2', Readonly<CostModel>>> = {
  dummy: {
    lambda: 1,
    callThread: 400,
    callDevice: 0,
    byteThread: 0.06,
    byteDevice: 0,
    packThread: 0.1,
    scatterThread: 1500,
    scatterDevice: 0,
    dispatchThread: 300,
    dispatchDevice: 0,
    rowThread: 12,
    rowDevice: 0,
    rowThreadFar: 25,
    rowDeviceFar: 0,
    ...sizes,
  },
  webgpu: {
    lambda: 1,
    callThread: 1800,
    callDevice: 500,
    byteThread: 0.09,
    byteDevice: 0.1,
    packThread: 0.1,
    scatterThread: 40_000,
    scatterDevice: 60_000,
    dispatchThread: 5000,
    dispatchDevice: 10_000,
    rowThread: 15,
    rowDevice: 60,
    rowThreadFar: 40,
    rowDeviceFar: 200,
    ...sizes,
  },
  webgl2: {
    lambda: 1,
    callThread: 1500,
    callDevice: 500,
    byteThread: 0.12,
    byteDevice: 0.1,
    packThread: 0.1,
    scatterThread: 0,
    scatterDevice: 0,
    dispatchThread: 0,
    dispatchDevice: 0,
    rowThread: 0,
    rowDevice: 0,
    rowThreadFar: 0,
    rowDeviceFar: 0,
    ...sizes,
  },
}

export function startCosts(capabilities: MkCapabilities, byHand: Partial<CostModel> = {}): CostModel {
  const { backend, writeCosts } = capabilities
  const table = backend === 'dummy' || backend === 'webgl2' ? tableCosts[backend] : tableCosts.webgpu
  return { ...table, ...(writeCosts && termsOf(writeCosts)), ...byHand }
}

/** The terms of writes whose costs the backend tells. */
function termsOf({ call, byte }: WriteCosts): Partial<CostModel> {
  return { callThread: call, callDevice: 0, byteThread: byte, byteDevice: 0 }
}

/** Whether nothing is left to measure. */
export function allKnown({ writeCosts, scatter }: MkCapabilities, byHand: Partial<CostModel> = {}): boolean {
  if (writeCosts !== undefined && !scatter) return true
  return Object.keys(tableCosts.dummy).every((term) => byHand[term as keyof CostModel] !== undefined)
}
