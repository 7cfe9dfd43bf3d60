// What the comments of a package's public symbols name: for tests that hold them to it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript-6'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * The names that a package exports from all of its entry points, and the comments of what they stand for: functions, and classes and
 * interfaces with their public members. Those of `@internal` members are left out.
 * @param {readonly string[]} packages folders in `packages`
 * @returns {Map<string, { exported: Set<string>, comments: { of: string, text: string }[] }>} by folder
 */
export function publicDocs(packages) {
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
  return new Map(
    [...entries].map(([name, files]) => {
      const exported = new Set()
      const comments = []
      for (const file of files) {
        const source = program.getSourceFile(file)
        const module = source && checker.getSymbolAtLocation(source)
        if (module === undefined) throw new Error(`${file} is no module.`)
        for (const symbol of checker.getExportsOfModule(module)) {
          exported.add(symbol.name)
          const meant = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
          for (const declaration of meant.declarations ?? [])
            comments.push(...commentsOf(declaration, symbol.name))
        }
      }
      return [name, { exported, comments }]
    }),
  )
}

/** @param {string} name */
function entriesOf(name) {
  const folder = join(root, 'packages', name)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.values(exports)
    .map((entry) => entry['@memkit/source'])
    .filter((source) => source?.endsWith('.ts'))
    .map((source) => join(folder, source))
}

/**
 * @param {ts.Node} declaration
 * @param {string} name
 */
function commentsOf(declaration, name) {
  const comments = [{ of: name, text: textOf(declaration) }]
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration))
    for (const member of declaration.members) {
      const hidden =
        (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
        ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private
      const text = textOf(member)
      if (hidden || text.includes('@internal')) continue
      comments.push({ of: `${name}.${member.name?.getText() ?? 'constructor'}`, text })
    }
  return comments.filter(({ text }) => text !== '')
}

/** @param {ts.Node} node */
function textOf(node) {
  const owner = ts.isVariableDeclaration(node) ? node.parent.parent : node
  return ts
    .getJSDocCommentsAndTags(owner)
    .filter((each) => ts.isJSDoc(each))
    .map((each) => each.getText())
    .join('\n')
}
