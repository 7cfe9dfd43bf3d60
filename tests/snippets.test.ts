import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

// Every TypeScript block of the documentation compiles, each as a module of its own. What a reader has anyway (a device, a world)
// is declared in prelude.d.ts. A block that starts with ```ts no-check is left alone.

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'tests/.snippets')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Snippet {
  /** Path from the root, and line of the first line of code. */
  readonly document: string
  readonly line: number
  readonly code: string
}

function markdownFiles(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : markdownFiles(inner)
    return entry.name.endsWith('.md') ? [inner] : []
  })
}

function snippetsOf(file: string): Snippet[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const snippets: Snippet[] = []
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].trim() !== '```ts') continue
    const end = lines.findIndex((line, at) => at > i && line.trim() === '```')
    snippets.push({ document: relative(root, file), line: i + 2, code: lines.slice(i + 1, end).join('\n') })
    i = end
  }
  return snippets
}

it('every TypeScript block in the documentation compiles', { timeout: 120_000 }, () => {
  const files = [
    join(root, 'README.md'),
    ...['docs', 'packages'].flatMap((at) => markdownFiles(join(root, at))),
  ]
  const snippets = files.flatMap(snippetsOf)
  expect(snippets.length).toBeGreaterThan(15)
  rmSync(folder, { recursive: true, force: true })
  const names = new Map<string, Snippet>()
  for (const snippet of snippets) {
    const name = `${snippet.document.replaceAll(/[^\w]+/g, '-')}-${snippet.line}.ts`
    names.set(name, snippet)
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), `${snippet.code}\nexport {}\n`)
  }
  const config = {
    extends: '../../tsconfig.dev.json',
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['./*.ts', '../prelude*.d.ts'],
    exclude: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  let output = ''
  let failed = false
  try {
    execFileSync(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'],
      {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
  } catch (error) {
    output = (error as { stdout: string }).stdout
    failed = true
  }
  // From lines of the generated file to lines of the document.
  const problems = output.split('\n').filter((line) => line.includes('error TS'))
  const told = problems.map((problem) => {
    const [, name, line, rest] = /([\w-]+\.ts)\((\d+),\d+\): (.*)/.exec(problem) ?? []
    const snippet = names.get(name)
    return snippet === undefined ? problem : `${snippet.document}:${snippet.line + Number(line) - 1} ${rest}`
  })
  expect(told).toEqual([])
  expect(failed, `the compiler failed without naming a line:\n${output}`).toBe(false)
})
