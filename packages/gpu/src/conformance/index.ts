import { bufferCases } from './buffers.ts'
import { unconfirmedCases } from './unconfirmed.ts'
import { fail } from './expectations.ts'
import type { ConformanceCapability, ConformanceCase, ConformanceFactory } from './harness.ts'
import { moveCases } from './moves.ts'
import { poolCases } from './pools.ts'
import { scatterCases } from './scatter.ts'
import { serialCases } from './serials.ts'
import { stagingCases } from './staging.ts'

export { ConformanceFailure } from './expectations.ts'
export type {
  ConformanceCapability,
  ConformanceCase,
  ConformanceFactory,
  ConformanceOutcome,
  ConformanceSubject,
} from './harness.ts'

/**
 * What every backend promises: one list, gated by capability only. Runs in any test runner, and without one:
 *
 *     for (const { name, run } of conformanceCases) it(name, () => run(() => ({ backend, lose })))
 *     console.log(await runConformance(factory))
 *
 * Each case makes a backend of its own, in debug mode: an error of the device fails the case.
 */
export const conformanceCases: readonly ConformanceCase[] = [
  ...bufferCases,
  ...unconfirmedCases,
  ...moveCases,
  ...stagingCases,
  ...serialCases,
  ...scatterCases,
  ...poolCases,
]

/** What came of all cases. */
export interface ConformanceReport {
  /** Cases that ran and passed. */
  readonly passed: number
  /** Names of cases whose capability the backend does not have. */
  readonly gated: readonly { readonly name: string; readonly needs: ConformanceCapability | undefined }[]
  readonly failed: readonly { readonly name: string; readonly error: unknown }[]
}

/**
 * Runs all cases, one after the other.
 * @param options `caseMs`: milliseconds after which a case counts as failed; default 30 000
 */
export async function runConformance(
  factory: ConformanceFactory,
  options: { caseMs?: number } = {},
): Promise<ConformanceReport> {
  const { caseMs = 30_000 } = options
  let passed = 0
  const gated: { name: string; needs: ConformanceCapability | undefined }[] = []
  const failed: { name: string; error: unknown }[] = []
  for (const { name, needs, run } of conformanceCases) {
    try {
      if ((await within(caseMs, run(factory))) === 'passed') passed++
      else gated.push({ name, needs })
    } catch (error) {
      failed.push({ name, error })
    }
  }
  return { passed, gated, failed }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)))
  const failure = late.then(() => fail(`it did not end within ${ms} ms`))
  try {
    return await Promise.race([work, failure])
  } finally {
    clearTimeout(timer)
  }
}
