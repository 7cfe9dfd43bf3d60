// Finds links of built pages that lead nowhere: to a file that is missing, or to an id that its page doesn't have.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/**
 * One line per broken link of the HTML files in a folder, "page: target (why)".
 * @param {string} folder
 * @param {string} [base] path below which the folder is served, with which links within the site begin
 * @returns {string[]}
 */
export function brokenTargets(folder, base = '/') {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.html'),
  )
  const html = new Map(files.map((file) => [join(folder, file), readFileSync(join(folder, file), 'utf8')]))
  /** @type {Map<string, Set<string>>} */
  const ids = new Map()
  /** @param {string} file */
  const idsOf = (file) => {
    const known =
      ids.get(file) ??
      new Set(
        [...(html.get(file) ?? '').matchAll(/\s(?:id|name)="([^"]+)"/g)].map((match) =>
          plain(match[1] ?? ''),
        ),
      )
    ids.set(file, known)
    return known
  }
  const problems = new Set()
  for (const [file, text] of html)
    for (const [, target = ''] of text.matchAll(/\s(?:href|src|poster)="([^"]*)"/g)) {
      if (/^[a-z][a-z\d+.-]*:/i.test(target)) continue
      const [address = '', anchor = ''] = decodeURI(plain(target)).split('#')
      const path = address.split('?')[0] ?? ''
      const inside = path.startsWith(base) ? join(folder, path.slice(base.length)) : join(dirname(file), path)
      const place = path === '' ? file : withIndex(inside)
      const why =
        path.startsWith('/') && !path.startsWith(base)
          ? `outside of ${base}`
          : !existsSync(place)
            ? 'no such file'
            : anchor !== '' && html.has(place) && !idsOf(place).has(anchor)
              ? 'no such id'
              : ''
      if (why !== '') problems.add(`${relative(folder, file)}: ${target} (${why})`)
    }
  return [...problems].map(String)
}

/** @param {string} path */
function withIndex(path) {
  return existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path
}

/** @param {string} text of an attribute */
function plain(text) {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
}
