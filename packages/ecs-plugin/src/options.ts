import { defineError, type ErrorClass } from '@memkit/core'

/**
 * An option has a value that isn't allowed.
 *
 * What to do: use what the message allows, or leave the option out.
 */
export const InvalidOption: ErrorClass<{
  code: 'InvalidOption'
  option: string
  value: unknown
  allowed: string
}> = defineError(
  'InvalidOption',
  ({ option, value, allowed }) => `Option \`${option}\` is ${describe(value)}; it must be ${allowed}.`,
)
export type InvalidOption = InstanceType<typeof InvalidOption>

/** @throws {@link InvalidOption} unless `valid` */
export function checkOption(valid: boolean, option: string, value: unknown, allowed: string): asserts valid {
  if (!valid) throw new InvalidOption({ option, value, allowed })
}

/**
 * @throws {@link InvalidOption} when `options` has a name that isn't in `names`, such as a misspelt
 *   one
 */
export function checkOptionNames(options: object, names: readonly string[]): void {
  for (const option of Object.keys(options))
    if (!names.includes(option))
      throw new InvalidOption({
        option,
        value: (options as Record<string, unknown>)[option],
        allowed: `one of ${names.join(', ')}`,
      })
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = String(value)
  return text === 'undefined' ? 'left out' : text
}
