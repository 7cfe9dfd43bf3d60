import type { MkError } from '@memkit/core'
import type { LossInfo, MkGpuBackend } from '../backends/backend.ts'
import type { MkDeviceBuffer } from '../buffers/buffers.ts'
import { MkGpu } from '../gpu.ts'
import { BOTH } from './content.ts'
import { equal, pause, requireCode } from './expectations.ts'

/** A backend to be tested, fresh and unattached, on a device of its own. */
export interface ConformanceSubject<B extends MkGpuBackend = MkGpuBackend> {
  readonly backend: B
  /**
   * Loses the device for real: `device.destroy()`, `WEBGL_lose_context`, … Left out where it can't be
   * lost: gates the cases that need it.
   */
  lose?(): void | Promise<void>
  /**
   * Leaves no memory for the next buffer, where that can be arranged: says so late
   * (`allocationError`) or at once. Gates the cases that need it.
   */
  starve?(): void
  /** Lets go of what `backend.destroy()` leaves. */
  close?(): void | Promise<void>
}

/** Makes a subject. Called once per case. */
export type ConformanceFactory = () => ConformanceSubject | Promise<ConformanceSubject>

/** What a case may need: a capability, or a subject that can `starve` or `lose`. */
export type ConformanceCapability = 'scatter' | 'storage' | 'indirect' | 'unifiedMemory' | 'starve' | 'lose'

/** `'gated'`: the backend lacks what the case needs. */
export type ConformanceOutcome = 'passed' | 'gated'

/** One thing that a backend promises. */
export interface ConformanceCase {
  readonly name: string
  readonly needs?: ConformanceCapability
  /** Runs on a backend of its own. Rejects with ConformanceFailure, or with what the backend threw. */
  readonly run: (factory: ConformanceFactory) => Promise<ConformanceOutcome>
}

/** What a case works with. */
interface Harness {
  readonly gpu: MkGpu
  readonly backend: MkGpuBackend
  readonly lose: () => Promise<void>
  /** Leaves no memory for the next buffer; does nothing where the case did not ask for `'starve'`. */
  readonly starve: () => void
  /** A buffer without memory that does not know it yet; undefined where the backend says so at once. */
  readonly poor: (size: number, usage?: number) => MkDeviceBuffer | undefined
}

type CaseBody = (harness: Harness) => void | Promise<void>

/**
 * A case on an `MkGpu` in debug mode, which fails whenever the device complains about something.
 * @param body leaves the device idle or lost; what it creates is destroyed for it
 */
export function onGpu(name: string, body: CaseBody, needs?: ConformanceCapability): ConformanceCase {
  const run = (factory: ConformanceFactory): Promise<ConformanceOutcome> =>
    runOnSubject(factory, (subject, complaints) => {
      const { backend } = subject
      const gpu = new MkGpu(backend, { debug: true })
      gpu.onError(({ message }) => complaints.push(message))
      const starve = (): void => subject.starve?.()
      const poor = (size: number, usage: number = BOTH): MkDeviceBuffer | undefined => {
        starve()
        try {
          return gpu.createDeviceBuffer(size, usage)
        } catch (error) {
          requireCode('AllocationFailed', error, 'createDeviceBuffer')
          return undefined
        }
      }
      return {
        gated: needs !== undefined && !hasWhatIsNeeded(needs, subject),
        async body() {
          await body({ gpu, backend, lose: async () => subject.lose?.(), starve, poor })
          if (!gpu.isLost) await gpu.waitIdle()
        },
        destroy: () => gpu.destroy(),
      }
    })
  return { name, run, ...(needs && { needs }) }
}

/** A case as `onGpu`, for backends or subjects with a capability. */
export function needing(needs: ConformanceCapability, name: string, body: CaseBody): ConformanceCase {
  return onGpu(name, body, needs)
}

/** A case as `onGpu`, for subjects that can `starve`. */
export function starved(name: string, body: CaseBody): ConformanceCase {
  return onGpu(name, body, 'starve')
}

/** A case as `onGpu`, for subjects that can `lose`. */
export function losing(name: string, body: CaseBody): ConformanceCase {
  return onGpu(name, body, 'lose')
}

function hasWhatIsNeeded(needs: ConformanceCapability, subject: ConformanceSubject): boolean {
  return needs === 'starve' || needs === 'lose'
    ? subject[needs] !== undefined
    : subject.backend.capabilities[needs]
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
  needs?: 'lose',
): ConformanceCase {
  const run = (factory: ConformanceFactory): Promise<ConformanceOutcome> =>
    runOnSubject(factory, (subject, errors) => {
      const { backend } = subject
      const told: Told = { completed: [], lost: [], errors }
      const complain = ({ message }: MkError): void => void errors.push(message)
      backend.attach(
        {
          completed: (serial) => told.completed.push(serial),
          lost: (info) => told.lost.push(info),
          error: complain,
          uncaptured: complain,
        },
        { debug: true },
      )
      const run = async (): Promise<void> => body(backend, told, async () => subject.lose?.())
      return {
        gated: needs !== undefined && !hasWhatIsNeeded(needs, subject),
        body: run,
        destroy: () => backend.destroy(),
      }
    })
  return { name, run, ...(needs && { needs }) }
}

async function runOnSubject(
  factory: ConformanceFactory,
  prepare: (
    subject: ConformanceSubject,
    complaints: string[],
  ) => { gated?: boolean; body: () => Promise<void>; destroy: () => void },
): Promise<ConformanceOutcome> {
  const subject = await factory()
  const complaints: string[] = []
  const { gated, body, destroy } = prepare(subject, complaints)
  try {
    if (gated) return 'gated'
    await body()
    await pause()
  } finally {
    destroy()
    await subject.close?.()
  }
  equal(complaints, [], 'complaints of the device')
  return 'passed'
}
