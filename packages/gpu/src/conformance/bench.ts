import { MkError } from '@memkit/core'
import type { LossInfo, MkGpuBackend } from '../backend.ts'
import { MkGpu } from '../gpu.ts'
import { MkBufferUsage } from '../usage.ts'

/** A backend to be tested, fresh and unattached, on a device of its own. */
export interface ConformanceSubject<B extends MkGpuBackend = MkGpuBackend> {
  readonly backend: B
  /** Loses the device for real: `device.destroy()`, `WEBGL_lose_context`, … */
  lose(): void | Promise<void>
  /**
   * Leaves no memory for the next buffer, where that can be arranged: late (`settled`) or at once. What names that buffer is refused as the
   * device refuses it. Gates the cases that need it.
   */
  starve?(): void
  /** Lets go of what `backend.destroy()` leaves. */
  close?(): void | Promise<void>
}

/** Makes a subject. Called once per case. */
export type ConformanceFactory = () => ConformanceSubject | Promise<ConformanceSubject>

/** What a case may need: a capability that some backends have and some have not, or a subject that can `starve`. */
export type ConformanceCapability = 'scatter' | 'storage' | 'indirect' | 'unifiedMemory' | 'starve'

/** `'gated'`: the backend does not have the capability that the case needs. */
export type ConformanceOutcome = 'passed' | 'gated'

/** One thing that a backend promises. */
export interface ConformanceCase {
  readonly name: string
  readonly needs?: ConformanceCapability
  /** Runs on a backend of its own. Rejects with ConformanceFailure, or with what the backend threw, when the promise is not kept. */
  readonly run: (factory: ConformanceFactory) => Promise<ConformanceOutcome>
}

/**
 * A promise that a backend did not keep, found by the conformance suite.
 *
 * What to do: mend the backend; the message names what differs.
 */
export class ConformanceFailure extends MkError {
  override readonly code = 'ConformanceFailure'
}

/** What a case works with. */
export interface Bench {
  readonly gpu: MkGpu
  readonly backend: MkGpuBackend
  readonly lose: () => Promise<void>
  /** Leaves no memory for the next buffer; does nothing where the case did not ask for `'starve'`. */
  readonly starve: () => void
}

/**
 * A case on an `MkGpu` in debug mode: whatever the device complains about, at whatever time, fails it.
 * @param body leaves the device idle or lost; what it creates is destroyed for it
 */
export function onGpu(
  name: string,
  body: (bench: Bench) => void | Promise<void>,
  needs?: ConformanceCapability,
): ConformanceCase {
  const run = async (factory: ConformanceFactory): Promise<ConformanceOutcome> => {
    const subject = await factory()
    const { backend } = subject
    const gpu = new MkGpu(backend, { debug: true })
    const errors: string[] = []
    gpu.onError((error) => errors.push(error.message))
    try {
      const has = needs === 'starve' ? 'starve' in subject : needs === undefined || gpu.capabilities[needs]
      if (!has) return 'gated'
      await body({ gpu, backend, lose: async () => subject.lose(), starve: () => subject.starve?.() })
      if (!gpu.isLost) await gpu.waitIdle()
      await nextTask()
    } finally {
      gpu.destroy()
      await subject.close?.()
    }
    if (errors.length > 0) throw new ConformanceFailure(`the device complained: ${errors.join('; ')}`)
    return 'passed'
  }
  return needs === undefined ? { name, run } : { name, needs, run }
}

/** What a backend told, in order. */
export interface Told {
  readonly completed: number[]
  readonly lost: LossInfo[]
  readonly errors: string[]
}

/** A case on the bare backend: the contract as `MkGpu` uses it. */
export function onBackend(
  name: string,
  body: (backend: MkGpuBackend, told: Told, lose: () => Promise<void>) => void | Promise<void>,
): ConformanceCase {
  return {
    name,
    async run(factory) {
      const subject = await factory()
      const { backend } = subject
      const told: Told = { completed: [], lost: [], errors: [] }
      backend.attach(
        {
          completed: (serial) => told.completed.push(serial),
          lost: (info) => told.lost.push(info),
          error: (error) => told.errors.push(error.message),
          uncaptured: (error) => told.errors.push(error.message),
        },
        { debug: true },
      )
      try {
        await body(backend, told, async () => subject.lose())
        await nextTask()
      } finally {
        backend.destroy()
        await subject.close?.()
      }
      equal(told.errors, [], 'complaints of the device')
      return 'passed'
    },
  }
}

/** Lets the event loop turn. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

/** Lets the event loop turn until something holds, for ten seconds at most. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > end) throw new ConformanceFailure(`${what} did not come within 10 s`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Throws unless both are the same: values, or lists and objects of such. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [shown(actual), shown(expected)]
  if (is !== should) throw new ConformanceFailure(`${what}: ${is}, expected ${should}`)
}

/** Throws unless `holds`. */
export function ok(holds: boolean, what: string): void {
  if (!holds) throw new ConformanceFailure(`it does not hold that ${what}`)
}

/** Throws unless the two have the same bytes, naming the first that differs. */
export function sameBytes(
  actual: ArrayBuffer,
  expected: ArrayBufferLike | ArrayBufferView,
  what: string,
): void {
  const is = new Uint8Array(actual)
  const should = ArrayBuffer.isView(expected)
    ? new Uint8Array(expected.buffer, expected.byteOffset, expected.byteLength)
    : new Uint8Array(expected)
  if (is.length !== should.length)
    throw new ConformanceFailure(`${what}: ${is.length} bytes, expected ${should.length}`)
  const at = is.findIndex((byte, i) => byte !== should[i])
  if (at >= 0) throw new ConformanceFailure(`${what}: byte ${at} is ${is[at]}, expected ${should[at]}`)
}

/** Throws unless `act` throws an MkError with this code. */
export function refused(code: string, act: () => unknown, what: string): void {
  try {
    act()
  } catch (error) {
    check(code, error, what)
    return
  }
  throw new ConformanceFailure(`${what}: nothing was thrown, expected ${code}`)
}

/** Throws unless the promise rejects with an MkError with this code. */
export async function rejected(code: string, promise: Promise<unknown>, what: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason ?? 'undefined',
  )
  if (error === undefined) throw new ConformanceFailure(`${what}: it resolved, expected ${code}`)
  check(code, error, what)
}

function check(code: string, error: unknown, what: string): void {
  if (!(error instanceof MkError)) throw error
  if (error.code !== code)
    throw new ConformanceFailure(`${what}: ${error.code} (${error.message}), expected ${code}`)
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

/** For buffers that are written and read back. */
export const BOTH: number = MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST

/** Words that are all different, and different for each seed. */
export function words(count: number, seed: number = 1): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, i) => Math.imul(i + 1, 2654435761) + seed * 40503)
}

/** Bytes that are no multiple of anything. */
export function bytes(count: number, seed: number = 1): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, i) => (i * 37 + seed * 101 + 1) & 255)
}
