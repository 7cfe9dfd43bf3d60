import * as fc from 'fast-check'
import { Programs, show, type Program, type Setup, type Step } from './program.ts'
import { newTally, type Place, type Tally } from './place.ts'
import { run } from './run.ts'

export interface Runs {
  /** Programs, and steps of each. */
  readonly programs: number
  readonly steps: number
  /** Lose the device, restore it, let it hang. */
  readonly faults: boolean
  readonly seed: number
  /** Where in the seed's programs the failure is, as a failure prints it. */
  readonly path?: string
  /** What runs a failure again when the variables are put in front of it, for the message. */
  readonly command: string
  readonly onProgress?: (tally: Tally) => void
}

/**
 * Runs random programs; throws with the shortest failing one that was found, and with the command that runs it again.
 * @returns what was done
 */
export async function checkPrograms(place: Place, runs: Runs): Promise<Tally> {
  const { programs, steps, faults, seed, path, command, onProgress } = runs
  const tally = newTally()
  let failed = false
  const property = fc.asyncProperty(new Programs(steps, faults), async (program) => {
    try {
      // Runs that look for a shorter failing program do not count.
      await run(program, place, failed ? newTally() : tally)
    } catch (error) {
      failed = true
      throw error
    }
    if (!failed) onProgress?.(tally)
  })
  const found = await fc.check(property, {
    numRuns: programs,
    seed,
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  })
  if (!found.failed) return tally
  const [program] = found.counterexample ?? []
  const error = found.errorInstance
  const message = error instanceof Error ? error.message : String(error)
  const values = { FAULTS: faults, SEED: seed, STEPS: steps, PATH: found.counterexamplePath }
  const variables = Object.entries(values)
    .map(([name, value]) => `${inPage ? 'VITE_' : ''}MEMKIT_MODEL_${name}=${value}`)
    .join(' ')
  throw new Error(
    `The device differs from the model, or something threw: ${message}\n\n` +
      `${program === undefined ? '' : show(program)}\n\nRun it again: ${variables} ${command}\n`,
    { cause: error },
  )
}

/** The program that `show` printed. */
export function parse(text: string): Program {
  const [first, ...rest] = text.trim().split('\n')
  return {
    setup: JSON.parse(first.replace(/^setup /, '')) as Setup,
    steps: rest.map((line) => JSON.parse(line) as Step),
  }
}

/** A number from the environment, where there is one. */
export function fromEnv(name: string, fallback: number): number {
  const text = textFromEnv(name)
  return text === undefined ? fallback : Number(text)
}

/** In a page the variables are called `VITE_MEMKIT_MODEL_…`: Vite hands others to no page. */
const inPage = typeof process === 'undefined'

export function textFromEnv(name: string): string | undefined {
  if (!inPage) return process.env[name]
  return (import.meta as { env?: Record<string, string | undefined> }).env?.[`VITE_${name}`]
}
