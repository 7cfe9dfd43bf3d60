import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brokenTargets } from '../../site/links.mjs'
import { groupOrder, pages } from '../../site/pages.mjs'
import { root } from '../install.mjs'

describe('the pages of the site', () => {
  const all = pages(root)

  it('are every page of docs, each once, in a group', () => {
    expect(new Set(all.map(({ file }) => file)).size).toBe(all.length)
    expect(groupOrder).toEqual(expect.arrayContaining(all.map(({ group }) => group)))
    expect(all.length).toBeGreaterThan(25)
  })

  it('have titles that differ: they are the names of files', () => {
    expect(new Set(all.map(({ title }) => title)).size).toBe(all.length)
  })
})

describe('links of the built site', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'memkit-site-'))
    writeFileSync(join(folder, 'there.html'), '<h1 id="title">There</h1><a href="#title">up</a>')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function problemsOf(html: string): string[] {
    writeFileSync(join(folder, 'page.html'), html)
    return brokenTargets(folder)
  }

  it('lead to files and ids that exist, or to other places', () => {
    expect(problemsOf('<a href="there.html#title"></a><a href="https://example.org/x">')).toEqual([])
  })

  it('are reported when a file or an id is missing', () => {
    expect(problemsOf('<img src="gone.svg"><a href="there.html#gone">')).toEqual([
      'page.html: gone.svg (no such file)',
      'page.html: there.html#gone (no such id)',
    ])
  })
})
