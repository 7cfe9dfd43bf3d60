import { describe, expect, it } from 'vitest'
import { chartTop } from '../src/chart-scale.ts'
import { addressText, bytesText, countText, msText } from '../src/quantities.ts'

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [100.4 * 1024, '100 KiB'],
    [256 * 2 ** 20, '256 MiB'],
    [3 * 2 ** 50, '3072 TiB'],
  ])('writes %d bytes as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text))

  it('separates thousands of counts by narrow gaps', () => {
    expect(countText(1_234_567)).toBe('1\u202f234\u202f567')
    expect(countText(12)).toBe('12')
  })

  it('writes milliseconds below ten with two digits', () => {
    expect([0.004, 9.99, 9.996, 12.34].map(msText)).toEqual(['0.00 ms', '9.99 ms', '10.0 ms', '12.3 ms'])
  })

  it('writes addresses with eight digits', () => expect(addressText(0x1f400)).toBe('0x0001f400'))
})

describe('chartTop', () => {
  const steady = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : 2))

  it('leaves some room above the highest value', () => {
    expect(chartTop([steady])).toEqual({ top: 2 * 1.12, peak: 2 })
  })

  it('cuts off a rare peak, and reports it', () => {
    // Twice what is usual, and the room above.
    expect(chartTop([steady, [...steady.slice(1), 500]])).toEqual({ top: 4 * 1.12, peak: 500 })
  })

  it('keeps a moderate peak, and peaks without anything else', () => {
    expect(chartTop([[...steady.slice(1), 9]]).top).toBe(9 * 1.12)
    expect(chartTop([[0, 0, 0, 0, 50]]).top).toBe(50 * 1.12)
  })

  it('is one without values, or for zeros', () => {
    expect(chartTop([])).toEqual({ top: 1, peak: 0 })
    expect(chartTop([[], [0, 0]])).toEqual({ top: 1, peak: 0 })
  })
})
