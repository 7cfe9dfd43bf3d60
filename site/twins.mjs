// What programs read in place of pages: a twin in Markdown beside each page, and llms.txt, which lists them.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { groupOrder, pages } from './pages.mjs'
import { pageOf } from './stage.mjs'

const root = join(import.meta.dirname, '..')

/**
 * @param {string} staged
 * @param {string} out
 */
export function writeTwins(staged, out) {
  for (const file of readdirSync(staged, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.md') || !existsSync(join(out, file.replace(/\.md$/, '.html')))) continue
    mkdirSync(dirname(join(out, file)), { recursive: true })
    writeFileSync(join(out, file), twin(readFileSync(join(staged, file), 'utf8')))
  }
  writeFileSync(join(out, 'llms.txt'), llms(staged))
}

/** A page without what only a browser shows: its front matter, its components, the dark half of its diagrams. @param {string} text */
function twin(text) {
  return text
    .replace(/^---\n[^]*?\n---\n+/, '')
    .replaceAll(/<img class="dark-only"[^>]*>/g, '')
    .replaceAll(/<span class="diagram"[^>]*><img[^>]*alt="([^"]*)" src="([^"]*)"><\/span>/g, '![$1]($2)')
    .replaceAll(/^<\/?(?:LivePage|div)\b[^>]*>\n?/gm, '')
}

/** @param {string} staged */
function llms(staged) {
  const lines = [
    '# memkit',
    '',
    '> CPU to GPU synchronisation for games on the web: flag a bitECS component with `GpuSynced`, write plain typed arrays, and at the end of every frame the GPU has the same data.',
    '',
    'Games install `@memkit/ecs-plugin`. Every page has a twin in Markdown: the same address with `.md` in place of `.html`.',
  ]
  const listed = pages(root)
  for (const group of groupOrder) {
    const own = listed.filter((page) => page.group === group)
    if (own.length === 0) continue
    lines.push('', `## ${group}`, '')
    for (const { file, title } of own) {
      const about = firstSentence(readFileSync(join(staged, pageOf(file)), 'utf8'))
      lines.push(`- [${title}](${pageOf(file)})${about && `: ${about}`}`)
    }
  }
  lines.push(
    '',
    '## API',
    '',
    '- [API](api/index.md): every name of every package, with a sentence for each',
    '',
  )
  return lines.join('\n')
}

/** @param {string} text */
function firstSentence(text) {
  const paragraph = text
    .split(/\n{2,}/)
    .map((part) => part.replaceAll(/\s+/g, ' ').trim())
    .find((part) => /^[A-Z`*][^|]*\w/.test(part))
  const plain = paragraph?.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('**', '') ?? ''
  return /^.*?[.:](?=\s|$)/.exec(plain)?.[0].replace(/[.:]$/, '') ?? plain
}
