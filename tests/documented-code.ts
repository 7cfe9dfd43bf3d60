import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

/** A block of code in a document. */
export interface Snippet {
  /** Path from the root, and line of the first line of code. */
  readonly document: string
  readonly line: number
  readonly code: string
}

/** The blocks of one language in the README, the docs and the READMEs of the packages. A block with more behind its language is left alone. */
export function snippetsIn(language: 'ts' | 'wgsl'): Snippet[] {
  const files = [
    join(root, 'README.md'),
    ...['docs', 'packages'].flatMap((at) => markdownFiles(join(root, at))),
  ]
  return files.flatMap((file) => snippetsOf(file, language))
}

function markdownFiles(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const inner = join(path, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : markdownFiles(inner)
    return entry.name.endsWith('.md') ? [inner] : []
  })
}

function snippetsOf(file: string, language: string): Snippet[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  const snippets: Snippet[] = []
  for (let i = 0; i < lines.length; i++) {
    if (lines[i].trim() !== `\`\`\`${language}`) continue
    const end = lines.findIndex((line, at) => at > i && line.trim() === '```')
    snippets.push({ document: relative(root, file), line: i + 2, code: lines.slice(i + 1, end).join('\n') })
    i = end
  }
  return snippets
}

/** A file name for a block: `docs-guide-md-17.ts`. */
export function fileNameOf({ document, line }: Snippet): string {
  return `${document.replaceAll(/[^\w]+/g, '-')}-${line}.ts`
}
