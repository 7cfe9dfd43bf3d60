import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../install.mjs'
import { misplaced, plantedBugs } from '../planted-bugs.mjs'

describe('the bugs that are planted', () => {
  it('have names of their own', () => {
    const names = plantedBugs.map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  it.each(['core', 'gpu', 'coordinator', 'ecs-plugin'])('are of %s too, at least ten', (name) => {
    expect(
      plantedBugs.filter(({ file }) => file.startsWith(`packages/${name}/src/`)).length,
    ).toBeGreaterThanOrEqual(10)
  })

  // A change of the sources that moves one of these texts must move the bug along, in scripts/mutants.
  it('find their texts in the sources, each exactly once, and their tests', () => {
    const lost = plantedBugs.flatMap((bug) => {
      const why = misplaced(root, bug)
      return why === undefined ? [] : [`${bug.name}: ${why}`]
    })
    expect(lost).toEqual([])
  })
})

describe('a bug cannot be planted', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'memkit-bugs-'))
    await mkdir(join(folder, 'src'))
    await writeFile(join(folder, 'src/a.ts'), 'one\ntwo\ntwo\n')
    await writeFile(join(folder, 'a.test.ts'), '')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const bug = { name: 'bug', file: 'src/a.ts', find: 'one', replace: '', breaks: '', tests: ['a.test.ts'] }

  it.each([
    ['whose text is gone', { find: 'three' }, 'its text stands 0 times in src/a.ts'],
    ['whose text is there twice', { find: 'two' }, 'its text stands 2 times in src/a.ts'],
    ['whose file is gone', { file: 'src/b.ts' }, 'there is no src/b.ts'],
    ['whose tests are gone', { tests: ['a.test.ts', 'b.test.ts'] }, 'there is no b.test.ts'],
    ['that names no tests', { tests: [] }, 'it names no tests'],
    ['that changes nothing', { replace: 'one' }, 'it changes nothing'],
  ])('%s', (_, part, why) => {
    expect(misplaced(folder, bug)).toBeUndefined()
    expect(misplaced(folder, { ...bug, ...part })).toBe(why)
  })
})
