// Finds relative links of Markdown files that lead nowhere: a file that is missing, or a heading that is.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * One line per broken link, "file:line target (why)".
 * @param {string} root folder that the file names are relative to
 * @param {readonly string[]} files Markdown files
 */
export function brokenLinks(root, files) {
  return files.flatMap((file) =>
    linksIn(readFileSync(join(root, file), 'utf8')).flatMap(({ line, target }) => {
      const why = whyBroken(root, file, target)
      return why ? [`${file}:${line} ${target} (${why})`] : []
    }),
  )
}

/**
 * @param {string} root
 * @param {string} file
 * @param {string} target
 */
function whyBroken(root, file, target) {
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) return undefined // another place: looked at by people, not by this check
  const [path = '', anchor] = decodeURI(target).split('#')
  if (path.startsWith('/')) return 'must be relative'
  const place = path === '' ? join(root, file) : join(root, dirname(file), path)
  if (!existsSync(place)) return 'no such file'
  if (anchor === undefined || !place.endsWith('.md') || statSync(place).isDirectory()) return undefined
  return anchorsIn(readFileSync(place, 'utf8')).has(anchor) ? undefined : 'no such heading'
}

/**
 * Targets of the links and images of a Markdown text, with the line each stands on. Code holds none.
 * @param {string} markdown
 */
export function linksIn(markdown) {
  const inline = /\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g
  const reference = /^\s{0,3}\[[^\]]+\]:\s*<?([^\s>]+)/g
  const html = /<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)="([^"]+)"/g
  return prose(markdown).flatMap((text, i) =>
    // A picture that is a link, [![alt](src)](target), is two links: the inner one is taken out first.
    [text, text.replace(/!\[[^\]]*\]\([^)]*\)/g, '')].flatMap((each, pass) =>
      [inline, reference, html].flatMap((pattern) =>
        [...each.matchAll(pattern)]
          .filter((match) => pass === 0 || !text.includes(match[0]))
          .map((match) => ({ line: i + 1, target: match[1] ?? '' })),
      ),
    ),
  )
}

/**
 * Anchors that a Markdown text offers: its headings as GitHub names them, and explicit ids.
 * @param {string} markdown
 */
export function anchorsIn(markdown) {
  /** @type {Map<string, number>} */
  const seen = new Map()
  const anchors = new Set(
    [...markdown.matchAll(/<[^>]+\b(?:id|name)="([^"]+)"/g)].map((match) => match[1] ?? ''),
  )
  for (const text of prose(markdown, false)) {
    const heading = /^ {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*$/.exec(text)?.[1]
    if (heading === undefined) continue
    const slug = heading
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
      .replaceAll(' ', '-')
    const count = seen.get(slug) ?? 0
    seen.set(slug, count + 1)
    anchors.add(count === 0 ? slug : `${slug}-${count}`)
  }
  return anchors
}

/**
 * The lines of a Markdown text with fenced code, and code spans if asked for, emptied.
 * @param {string} markdown
 */
function prose(markdown, withoutSpans = true) {
  let fence = ''
  return markdown.split(/\r?\n/).map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark !== undefined && (fence === '' || mark.startsWith(fence))) {
      fence = fence === '' ? mark : ''
      return ''
    }
    if (fence !== '') return ''
    return withoutSpans ? line.replace(/(`+)(?!`).*?[^`]\1(?!`)/g, '') : line
  })
}
