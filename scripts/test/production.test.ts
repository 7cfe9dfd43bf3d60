import { describe, expect, it } from 'vitest'
import { withoutTexts } from '../production.mjs'

describe('a build for production', () => {
  it('has errors without their texts, on the same lines', () => {
    const code = [
      "export const HeapFull = defineError('HeapFull', ({ asked }) => `${asked} bytes ` +",
      "    'do not fit.');",
      'export const after = 1;',
    ].join('\n')
    expect(withoutTexts(code)).toBe(
      ["export const HeapFull = defineError('HeapFull'", ');', 'export const after = 1;'].join('\n'),
    )
  })

  it('has warnings without theirs, wherever they are called from', () => {
    const code = [
      "listeners.warn('Late', `It is ${late()} ms late.`);",
      "this.#warn('Odd', 'It is ' + odd, error);",
      "function inner() { this.co.warn('Inner', 'inside') }",
    ].join('\n')
    expect(withoutTexts(code)).toBe(
      [
        "listeners.warn('Late', '');",
        "this.#warn('Odd', '', error);",
        "function inner() { this.co.warn('Inner', '') }",
      ].join('\n'),
    )
  })

  it('keeps everything else', () => {
    const code = [
      "console.warn('memkit: no SIMD here.');",
      'listeners.warn(error.code, error.message, error);',
      "throw new HeapFull({ asked, reason: 'it is full' });",
    ].join('\n')
    expect(withoutTexts(code)).toBe(code)
  })
})
