import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anchorsIn, brokenLinks, linksIn } from '../links.mjs'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-links-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function broken(files: Record<string, string>): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return brokenLinks(
    folder,
    Object.keys(files).filter((name) => name.endsWith('.md')),
  )
}

describe('brokenLinks', () => {
  it('accepts files, folders, headings and other sites', async () => {
    const text = '[a](b/c.md) [b](b/) [c](#a-heading) [d](b/c.md#deep-one) [e](https://nowhere.invalid/x)'
    expect(
      await broken({ 'a.md': `# A heading\n${text}`, 'b/c.md': '## Deep *one*\n[up](../a.md)' }),
    ).toEqual([])
  })

  it('reports a missing file with the line of the link', async () => {
    expect(await broken({ 'docs/a.md': '# A\n\nsee [b](b.md)' })).toEqual(['docs/a.md:3 b.md (no such file)'])
  })

  it('reports a missing heading, here and in another file', async () => {
    expect(await broken({ 'a.md': '# A\n[x](#b)\n[y](b.md#c)', 'b.md': '# B' })).toEqual([
      'a.md:2 #b (no such heading)',
      'a.md:3 b.md#c (no such heading)',
    ])
  })

  it('reports an absolute path, which means another place on every site', async () => {
    expect(await broken({ 'a.md': '[x](/docs/b.md)' })).toEqual(['a.md:1 /docs/b.md (must be relative)'])
  })

  it('looks at references, pictures, linked pictures and HTML', async () => {
    const text = '[x]: a1\n![p](a2 "title")\n[![p](a3)](a4)\n<img alt="" src="a5"> <a href="a6">x</a>'
    const targets = (await broken({ 'a.md': text })).map((line) => line.split(' ')[1])
    expect(targets.sort()).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6'])
  })
})

describe('linksIn', () => {
  it('finds none in code', () => {
    expect(linksIn('`[a](b)` and ``[a](`b)``\n```ts\nx[0](y)\n```\n~~~\n[a](b)\n~~~\n[c](d)')).toEqual([
      { line: 8, target: 'd' },
    ])
  })
})

describe('anchorsIn', () => {
  it('numbers headings that repeat, drops punctuation, keeps letters of every script', () => {
    expect([...anchorsIn('# One\n## One\n## `code`, and [more](x)!\n## Größe\n```\n# no\n```')]).toEqual([
      'one',
      'one-1',
      'code-and-more',
      'größe',
    ])
  })
})
