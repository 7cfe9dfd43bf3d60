import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as coordinator from '@memkit/coordinator'
import * as recording from '@memkit/coordinator/recording'
import * as core from '@memkit/core'
import { MkError } from '@memkit/core'
import * as allocator from '@memkit/core/allocator'
import * as plugin from '@memkit/ecs-plugin'
import * as gpu from '@memkit/gpu'
import * as conformance from '@memkit/gpu/conformance'
import * as dummy from '@memkit/gpu/dummy'
import * as node from '@memkit/gpu/node'
import { describe, expect, it } from 'vitest'
import { errorClasses, errorsPage } from '../errors-page.mjs'

const page = readFileSync(fileURLToPath(new URL('../../docs/errors.md', import.meta.url)), 'utf8')

/** Names of the error classes that modules export, the abstract base left out. */
function exported(modules: readonly object[]): string[] {
  const names = modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) =>
      typeof value === 'function' && value !== MkError && value.prototype instanceof MkError ? [name] : [],
    ),
  )
  return byName(new Set(names))
}

function byName(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => (a < b ? -1 : 1))
}

describe('docs/errors.md', () => {
  it('is what `npm run errors` writes', () => {
    expect(page).toBe(errorsPage())
  })

  it('has every error that a package exports, under its package', () => {
    const sections = page.split(/^## @memkit\//m).slice(1)
    const inSection = (name: string): string[] =>
      byName(
        [...(sections.find((each) => each.startsWith(`${name}\n`)) ?? '').matchAll(/<a id="(\w+)"/g)].map(
          (match) => match[1],
        ),
      )
    // Errors of the packages below that a package exports again are told where they come from.
    const below = new Set<string>()
    for (const [name, modules] of [
      ['core', [core, allocator]],
      ['gpu', [gpu, conformance, dummy, node]],
      ['coordinator', [coordinator, recording]],
      ['ecs-plugin', [plugin]],
    ] as const) {
      const own = exported(modules).filter((each) => !below.has(each))
      expect(own.length).toBeGreaterThan(5)
      expect(inSection(name)).toEqual(own)
      for (const each of own) below.add(each)
    }
  })

  it('says of each what it means and what to do, in sentences', () => {
    for (const name of ['core', 'gpu', 'coordinator', 'ecs-plugin'])
      for (const { name: error, meaning, remedy } of errorClasses(name)) {
        expect(meaning, error).toMatch(/^[`A-Z].*[.)]$/)
        expect(remedy, error).toMatch(/^.{10,}\.$/)
      }
  })

  it('has warnings by their code, with what varies left open', () => {
    expect(page).toContain('| `FrameAbandoned` | beginFrame() was called in an open frame')
    expect(page).toMatch(/\| `ColumnHoles` \| …: … of the values of its living entities/)
  })
})
