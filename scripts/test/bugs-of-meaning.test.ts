import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bugsOfMeaning, patch } from '../bugs-of-meaning.mjs'
import { root } from '../install.mjs'

describe('the bugs of meaning', () => {
  it.each(bugsOfMeaning())('$name: its patch applies to the sources, and its tests exist', async (bug) => {
    const { code, output } = await patch(bug, '--check')
    expect(code, output).toBe(0)
    expect(bug.breaks).toMatch(/^[a-z]/)
    for (const test of bug.tests)
      expect(
        readdirSync(join(root, dirname(test))).some((file) => file.startsWith(basename(test))),
        test,
      ).toBe(true)
  })
})
