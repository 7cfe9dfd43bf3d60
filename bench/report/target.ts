import type { BackendName } from '../place.ts'

/** One line of the table of targets. */
export interface Target {
  readonly number: string
  readonly what: string
  readonly wanted: string
  readonly met: 'met' | 'not met' | 'partly' | 'not measured'
  readonly figure: string
  readonly by: string
}

export const DEVICES = ['dawn', 'chromium'] as const
export const SHORT_NAMES: Readonly<Record<BackendName, string>> = {
  dummy: 'Dummy',
  null: 'null',
  dawn: 'Dawn',
  chromium: 'Chromium',
}

export function verdict(met: readonly boolean[]): Target['met'] {
  if (met.length === 0) return 'not measured'
  return met.every(Boolean) ? 'met' : met.some(Boolean) ? 'partly' : 'not met'
}

/** A figure, and the most that it may be. */
export interface Judged {
  readonly said: string
  readonly value: number
  readonly most: number
}

export function judge(line: Omit<Target, 'met' | 'figure'>, found: readonly Judged[]): Target {
  return {
    ...line,
    met: verdict(found.map(({ value, most }) => value <= most)),
    figure: found
      .map(
        ({ said, value, most }) => `${said} ${value <= most ? value.toFixed(2) : `**${value.toFixed(2)}**`}`,
      )
      .join(', '),
  }
}
