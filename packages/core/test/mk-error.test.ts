import { describe, expect, it } from 'vitest'
import { defineError, hasCode } from '@memkit/core'

interface Full {
  code: 'Full'
  asked: number
  of: string
  owner: object
}

describe('an error', () => {
  it('says its text, and has its fields', () => {
    const Full = defineError<Full>('Full', ({ asked, of }) => `${asked} bytes do not fit ${of}.`)
    const error = new Full({ asked: 3, of: 'it', owner: [] })
    expect(error).toMatchObject({ code: 'Full', name: 'Full', asked: 3, owner: [] })
    expect(error.message).toBe('3 bytes do not fit it.')
  })

  it('says its code, its plain fields and where to look where it has no text', () => {
    const Full = defineError<Full>('Full')
    const error = new Full({ asked: 3, of: 'it', owner: [] })
    expect(error.message).toBe('Full, asked: 3, of: it, see docs/errors.md#Full')
    expect(hasCode(error, 'Full')).toBe(true)
    expect(error.owner).toEqual([])
  })
})
