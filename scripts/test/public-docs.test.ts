import { describe, expect, it } from 'vitest'
import { errorClasses } from '../errors-page.mjs'
import { publicDocs } from '../public-docs.mjs'

const packages = ['core', 'gpu', 'coordinator', 'ecs-plugin', 'inspector']
const errors = new Set(
  ['core', 'gpu', 'coordinator', 'ecs-plugin'].flatMap((name) => errorClasses(name).map((each) => each.name)),
)
const docs = publicDocs(packages)

/** Errors named in a comment, by what it is a comment of. */
function named(name: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const { of, text } of docs.get(name)!.comments)
    for (const [word] of text.matchAll(/\b[A-Z]\w+/g)) if (errors.has(word)) found.set(word, of)
  return found
}

describe('errors that the public docs of a package name', () => {
  it.each(packages)('are exported by it, so that a game can import them: %s', (name) => {
    const missing = [...named(name)]
      .filter(([error]) => !docs.get(name)!.exported.has(error))
      .map(([error, of]) => `${error} (${of})`)
    expect(missing).toEqual([])
  })

  it('are found at all', () => {
    expect([...named('core').keys()]).toContain('HeapFull')
    expect([...named('ecs-plugin').keys()]).toContain('MirrorTooLarge')
    expect(docs.get('ecs-plugin')!.comments.some(({ of }) => of === 'MkSync.stage')).toBe(true)
  })
})
