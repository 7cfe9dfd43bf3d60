import { defineError, MkError, type ErrorClass } from '@memkit/core'
import type { MkDeviceBuffer } from '../buffers/buffers.ts'
import type { MkGpu } from '../gpu.ts'

/**
 * A promise that a backend did not keep, found by the conformance suite.
 *
 * What to do: mend the backend; the message names what differs.
 */
export const ConformanceFailure: ErrorClass<{ code: 'ConformanceFailure'; difference: string }> = defineError(
  'ConformanceFailure',
  ({ difference }) => difference,
)
export type ConformanceFailure = InstanceType<typeof ConformanceFailure>

export function fail(difference: string): never {
  throw new ConformanceFailure({ difference })
}

/** Fails unless both are the same: values, or lists and objects of such. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [shown(actual), shown(expected)]
  if (is !== should) fail(`${what}: ${is}, expected ${should}`)
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

export function ok(holds: boolean, what: string): void {
  if (!holds) fail(`it does not hold that ${what}`)
}

/** Fails unless the two have the same bytes, naming the first that differs. */
export function sameBytes(actual: ArrayBuffer | Uint8Array, expected: ArrayBufferView, what: string): void {
  const is = new Uint8Array(actual)
  const should = new Uint8Array(expected.buffer, expected.byteOffset, expected.byteLength)
  if (is.length !== should.length) fail(`${what}: ${is.length} bytes, expected ${should.length}`)
  const at = is.findIndex((byte, i) => byte !== should[i])
  if (at >= 0) fail(`${what}: byte ${at} is ${is[at]}, expected ${should[at]}`)
}

/** Fails unless a buffer holds these bytes, from `offset` on. */
export async function holds(
  gpu: MkGpu,
  buffer: MkDeviceBuffer,
  expected: ArrayBufferView,
  what: string,
  offset: number = 0,
): Promise<void> {
  const size = offset === 0 ? buffer.size : expected.byteLength
  sameBytes(await gpu.read(buffer, offset, size), expected, what)
}

/** Fails unless `act` throws an MkError with this code. */
export function refused(code: string, act: () => unknown, what: string): void {
  try {
    act()
  } catch (error) {
    return requireCode(code, error, what)
  }
  fail(`${what}: nothing was thrown, expected ${code}`)
}

/** Fails unless the promise rejects with an MkError with this code. */
export async function rejected(code: string, promise: Promise<unknown>, what: string): Promise<void> {
  try {
    await promise
  } catch (error) {
    return requireCode(code, error, what)
  }
  fail(`${what}: it resolved, expected ${code}`)
}

/** Fails for another MkError, and throws on what is none. */
export function requireCode(code: string, error: unknown, what: string): void {
  if (!(error instanceof MkError)) throw error
  if (error.code !== code) fail(`${what}: ${error.code} (${error.message}), expected ${code}`)
}

/** Lets the event loop turn. */
export function pause(ms: number = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Lets the event loop turn until something holds, for ten seconds at most. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000
  while (!holds()) {
    if (performance.now() > end) fail(`${what} did not come within 10 s`)
    await pause(2)
  }
}
