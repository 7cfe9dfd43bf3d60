import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bugsOfMeaning, planted } from '../bugs-of-meaning.mjs'
import { root } from '../install.mjs'

describe('the bugs of meaning', () => {
  it.each(bugsOfMeaning())('$name: the lines it changes and the tests it names exist', (bug) => {
    expect(planted(bug)).not.toEqual([])
    expect(bug.breaks).toMatch(/^[a-z]/)
    for (const test of bug.tests)
      expect(
        readdirSync(join(root, dirname(test))).some((file) => file.startsWith(basename(test))),
        test,
      ).toBe(true)
  })
})
