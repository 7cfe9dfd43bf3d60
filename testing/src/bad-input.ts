import { existsSync, readFileSync } from 'node:fs'
import { MkError } from '@memkit/core'
import { afterEach, describe, expect, it, vi } from 'vitest'

/** A class of error; its `code` is its name. */
type ErrorClass = abstract new (...args: never[]) => MkError

/** Instead of an error: exactly one line on the console, which holds these words. */
export class OneWarning {
  readonly words: string
  constructor(words: string) {
    this.words = words
  }
}

/** One line of a table of bad input: what is done, what must come of it, and fields that the error must have. */
export type BadInput<Bench> = readonly [
  input: string,
  outcome: ErrorClass | OneWarning,
  act: (bench: Bench) => unknown,
  fields?: Readonly<Record<string, unknown>>,
]

/** What bad input is tried on. */
export interface Bench {
  /** All that bad input must leave as it is: statistics, leaks, dirty rows, bytes. Compared before and after. */
  state(): unknown
  /** Good input does what it should; fails an expectation where it does not. */
  works(): unknown
  /** Lets go of everything. */
  end?(): void
}

/** Errors that come from the device or the platform and from no input, with the test that meets them: file, and words of it. */
export type FromTheDevice = Readonly<Record<string, readonly [file: string, words: string]>>

/** Finds the classes of errors that a package exports of its own, and not of the packages below. */
export function ownErrors(exports: object, ...below: readonly object[]): ErrorClass[] {
  const others = new Set(below.flatMap((each): unknown[] => Object.values(each)))
  return Object.values(exports).filter(
    (each: unknown): each is ErrorClass =>
      typeof each === 'function' &&
      each !== MkError &&
      each.prototype instanceof MkError &&
      !others.has(each),
  )
}

/**
 * Runs a table of bad input: each row has a bench of its own, gets one clear error (or warning), leaves everything as it was, and good
 * input still works. Then holds the table to the error classes of the package: each is met by a row, or comes from the device.
 *
 * @param errors the package's own, see {@link ownErrors}
 * @param unsaid fields whose value the message gives in other words, as `Class.field`
 */
export function describeBadInput<B extends Bench>(
  errors: readonly ErrorClass[],
  setUp: () => B | Promise<B>,
  rows: readonly BadInput<B>[],
  fromTheDevice: FromTheDevice,
  unsaid: readonly string[] = [],
): void {
  describe('bad input', () => {
    afterEach(() => void vi.restoreAllMocks())

    it.each(rows.map((row) => [row[0], outcomeName(row[1]), row] as const))(
      '%s: %s',
      async (_input, _outcome, [, outcome, act, fields]) => {
        const bench = await setUp()
        const told = vi.spyOn(console, 'warn').mockImplementation(() => {})
        const before = await bench.state()
        const thrown = await outcomeOf(() => act(bench))
        const lines = told.mock.calls.map((words) => words.map(String).join(' '))
        if (outcome instanceof OneWarning) {
          if (thrown !== undefined) throw thrown
          expect(lines).toEqual([expect.stringContaining(outcome.words)])
        } else {
          if (!(thrown instanceof outcome))
            throw thrown ?? new Error(`nothing was thrown, expected ${outcome.name}`)
          expect(thrown.code).toBe(outcome.name)
          expect(thrown).toMatchObject(fields ?? {})
          expect(lines).toEqual([])
          expectClear(thrown, unsaid)
        }
        expect(await bench.state()).toEqual(before)
        await bench.works()
        bench.end?.()
      },
    )

    it('has a row for every class of error, or the device has a test for it', () => {
      const inRows = new Set(rows.map((row) => outcomeName(row[1])))
      const missing = errors
        .map((each) => each.name)
        .filter((each) => !inRows.has(each) && !(each in fromTheDevice))
      expect(missing).toEqual([])
      for (const [error, [file, words]] of Object.entries(fromTheDevice)) {
        expect(inRows.has(error), `${error} is in a row: no need to name it`).toBe(false)
        const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
        expect(text, `${file} for ${error}`).toContain(words)
        expect(text, `${file} for ${error}`).toContain(error)
      }
    })
  })
}

function outcomeName(outcome: ErrorClass | OneWarning): string {
  return outcome instanceof OneWarning ? `one warning, “${outcome.words}”` : outcome.name
}

async function outcomeOf(act: () => unknown): Promise<unknown> {
  try {
    await act()
    return undefined
  } catch (error) {
    return error ?? new Error('nothing was thrown, in fact')
  }
}

/** The message is made of sentences and says what every field holds. */
function expectClear(error: MkError, unsaid: readonly string[]): void {
  const { message, code } = error
  expect(message).toMatch(/^['`"A-Za-z0-9@].*[.)]$/s)
  expect(message).not.toMatch(/undefined|\[object (?!\w+\])|\.\.|  /)
  for (const [field, value] of Object.entries(error)) {
    const shown = typeof value === 'number' || typeof value === 'string'
    if (shown && field !== 'code' && !unsaid.includes(`${code}.${field}`))
      expect(message, `${code}.${field}`).toContain(String(value))
  }
}
