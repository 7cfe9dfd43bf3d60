import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { fileNameOf, root, snippetsIn, type Snippet } from './documented-code.ts'

// Every TypeScript block of the documentation compiles, each as a module of its own. What a reader has anyway (a device, a world)
// is declared in prelude.d.ts. A block that starts with ```ts no-check is left alone. Those with WGSL also run: snippets.dawn.test.ts.

const folder = join(root, 'tests/.snippets')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('compiles every TypeScript block in the documentation', { timeout: 120_000 }, () => {
  const snippets = snippetsIn('ts')
  expect(snippets.length).toBeGreaterThan(15)
  rmSync(folder, { recursive: true, force: true })
  const names = new Map<string, Snippet>()
  for (const snippet of snippets) {
    const name = fileNameOf(snippet)
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
