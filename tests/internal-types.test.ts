import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript-6'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = readdirSync(join(root, 'packages'))
  .flatMap((name) => {
    const folder = join(root, 'packages', name, 'src')
    return readdirSync(folder, { recursive: true }).map((file) => join(folder, String(file)))
  })
  .filter((file) => file.endsWith('.ts'))
  .filter((file) => readFileSync(file, 'utf8').includes('@internal'))

/** The options that a package is built with. */
function optionsOf(file: string): ts.CompilerOptions {
  const config = join(root, relative(root, file).split('/').slice(0, 2).join('/'), 'tsconfig.json')
  const { config: json } = ts.readConfigFile(config, (path) => readFileSync(path, 'utf8'))
  return ts.parseJsonConfigFileContent(json, ts.sys, dirname(config)).options
}

/** Names of members and declarations that a comment calls internal. */
function internalNames(text: string): string[] {
  const after =
    /@internal\s*\*\/\s*(?:export\s+|static\s+|readonly\s+|get\s+|set\s+|function\s+|const\s+)*['"]?([\w@/]+)/g
  return [...text.matchAll(after)].map((match) => match[1])
}

describe('the types that users get', () => {
  it('are found, so that the tests below check something', () => {
    expect(files.length).toBeGreaterThan(4)
    expect(files.flatMap((file) => internalNames(readFileSync(file, 'utf8'))).length).toBeGreaterThan(15)
  })

  it.each(files.map((file) => [relative(root, file), file]))('hide what is internal: %s', (_, file) => {
    const text = readFileSync(file, 'utf8')
    const { outputText } = ts.transpileDeclaration(text, { compilerOptions: optionsOf(file), fileName: file })
    expect(outputText).toContain('export')
    const offered = internalNames(text).filter((name) =>
      new RegExp(`^\\s*(?:static |readonly |get |set )*['"]?${name}['"]?[(:?<]`, 'm').test(outputText),
    )
    expect(offered).toEqual([])
    expect(outputText).not.toContain('@internal')
  })
})
