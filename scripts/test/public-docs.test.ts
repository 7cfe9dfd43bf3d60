import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript-6'
import { describe, expect, it } from 'vitest'
import { errorClasses } from '../errors-page.mjs'
import { root } from '../install.mjs'

const packages = ['core', 'gpu', 'coordinator', 'ecs-plugin', 'inspector']
const errors = new Set(packages.flatMap((name) => errorClasses(name).map((each) => each.name)))
const entries = new Map(packages.map((name) => [name, entriesOf(name)]))
const program = ts.createProgram([...entries.values()].flat(), {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ['@memkit/source'],
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
  types: [],
})
const checker = program.getTypeChecker()

/** Sources of all entry points of a package. */
function entriesOf(name: string): string[] {
  const folder = join(root, 'packages', name)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return (Object.values(exports) as { '@memkit/source'?: string }[])
    .map((entry) => entry['@memkit/source'] ?? '')
    .filter((source) => source.endsWith('.ts'))
    .map((source) => join(folder, source))
}

/** What a package exports, by name. */
function exportsOf(name: string): Map<string, ts.Symbol> {
  const modules = entries.get(name)!.map((file) => checker.getSymbolAtLocation(program.getSourceFile(file)!)!)
  return new Map(
    modules
      .flatMap((module) => checker.getExportsOfModule(module))
      .map((symbol) => [
        symbol.name,
        symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
      ]),
  )
}

/** The comments of an exported symbol and of its public members, by what they belong to. */
function commentsOf(name: string, symbol: ts.Symbol): [of: string, text: string][] {
  return (symbol.declarations ?? []).flatMap((declaration) => {
    const hasMembers = ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)
    const members = (hasMembers ? [...declaration.members] : []).filter(
      (member) => !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private),
    )
    const owner = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
    return [owner, ...members].map((node): [string, string] => [
      node === owner ? name : `${name}.${(node as ts.ClassElement).name?.getText() ?? 'constructor'}`,
      ts
        .getJSDocCommentsAndTags(node)
        .filter((each) => ts.isJSDoc(each) && !each.getText().includes('@internal'))
        .map((each) => each.getText())
        .join('\n'),
    ])
  })
}

/** Errors named in the comments of a package, by what they belong to. */
function namedErrors(name: string): [error: string, of: string][] {
  return [...exportsOf(name)]
    .flatMap(([exported, symbol]) => commentsOf(exported, symbol))
    .flatMap(([of, text]) => [...text.matchAll(/\b[A-Z]\w+/g)].map(([word]): [string, string] => [word, of]))
    .filter(([word]) => errors.has(word))
}

describe('errors that the public docs of a package name', () => {
  it.each(packages)('are exported by it, so that a game can import them: %s', (name) => {
    const exported = exportsOf(name)
    expect(namedErrors(name).filter(([error]) => !exported.has(error))).toEqual([])
  })

  it('are found at all', () => {
    expect(namedErrors('core').map(([error]) => error)).toContain('HeapFull')
    expect(namedErrors('ecs-plugin').map(([, of]) => of)).toContain('MkSync.stage')
  })
})
