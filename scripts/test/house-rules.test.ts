import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { brokenRules } from '../house-rules.mjs'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memkit-rules-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function broken(file: string, text = ''): Promise<string[]> {
  await writeFile(join(folder, file), text)
  return brokenRules(folder, [file])
}

describe('house rules', () => {
  it.each(['utils.ts', 'gpu-util.test.ts', 'buffer-manager.ts', 'misc.md'])(
    'reject the name %s',
    async (file) => {
      expect(await broken(file)).toEqual([`${file}: name it after the one thing it holds`])
    },
  )

  it.each(['dirty-rows.ts', 'commonplace.ts', 'utility-knife.ts'])('accept the name %s', async (file) => {
    expect(await broken(file)).toEqual([])
  })

  it('reject a path of one machine, with its line', async () => {
    const path = ['', 'home', 'ada'].join('/') // in pieces, because this file is checked as well
    expect(await broken('a.ts', `const x = 1\nconst place = '${path}/memkit'\n`)).toEqual([
      `a.ts:2: ${path} exists on one machine only`,
    ])
  })

  it('accept relative paths, addresses and paths of a system', async () => {
    const lines = [
      './work/a.ts',
      'https://example.org/home/x',
      '/usr/lib/chromium',
      'src/tmp/x',
      '/^\\/tmp$/',
    ]
    expect(await broken('a.md', lines.join('\n'))).toEqual([])
  })

  it.each([
    ['a row that is no number', 'is no number'],
    ["'such values are no ' + kind", "are no '"],
    ['Whoever calls this', 'Whoever'],
    ['it is built anew', 'anew'],
    ['goes on on another device', 'goes on on'],
    ['once it hears of a loss', 'hears of'],
    ['the type alone says so', 'alone'],
  ])('reject the habit in: %s', async (line, found) => {
    expect(await broken('a.ts', `// ${line}`)).toEqual([expect.stringContaining(`a.ts:1: "${found}": `)])
  })

  it('look for habits in comments, strings and titles of code, and not among its names', async () => {
    const lines = [
      'const alone = /the row alone/.test(x)', // 1
      "use(alone, ['alone'], `${alone.rows} rows`)",
      "const say = 'the row alone'", // 3
      'const told = `a row',
      '  alone` // and "quotes"', // 5
      '/* not',
      '   alone */', // 7
      "it('draws the row alone', () => {})",
    ]
    const places = (await broken('a.ts', lines.join('\n'))).map((line) => line.split(': ')[0])
    expect(places).toEqual(['a.ts:3', 'a.ts:5', 'a.ts:7', 'a.ts:8'])
    expect(await broken('a.md', 'the row `alone`')).toHaveLength(1)
  })

  it.each([
    'there is no row, there are no columns',
    'it is no longer alive, is no more than one, is no later than this',
    'leave the other rows alone',
    'isn’t a number',
  ])('accept: %s', async (line) => {
    expect(await broken('a.ts', `// ${line}`)).toEqual([])
  })
})
