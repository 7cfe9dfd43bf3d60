import { isWhole } from '@memkit/core'
import { InvalidConfig } from '../config.ts'

/** @throws {@link InvalidConfig} unless the option `maxBytes` says how many bytes something may take */
export function checkMaxBytes(value: number): void {
  if (!isWhole(value, 1, 2 ** 40))
    throw new InvalidConfig({ option: 'maxBytes', value, allowed: 'a whole number of bytes above 0' })
}
