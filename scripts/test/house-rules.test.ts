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
  it.each([
    'utils.ts',
    'gpu-utils.ts',
    'util.test.ts',
    'buffer-manager.ts',
    'helpers.mjs',
    'common.ts',
    'misc.md',
  ])('reject the name %s', async (file) => {
    expect(await broken(file)).toEqual([`${file}: name it after the one thing it holds`])
  })

  it.each(['dirty-rows.ts', 'commonplace.ts', 'utility-knife.ts', 'heap.test.ts'])(
    'accept the name %s',
    async (file) => {
      expect(await broken(file)).toEqual([])
    },
  )

  it('reject a path of one machine, with its line', async () => {
    const path = ['', 'home', 'ada', 'memkit'].join('/') // in pieces, for this file is checked as well
    expect(await broken('a.ts', `const x = 1\nconst place = '${path}'\n`)).toEqual([
      `a.ts:2: ${['', 'home', 'ada'].join('/')} exists on one machine alone`,
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
})
