// Finds links of built pages that lead nowhere: to a file that is missing, or to an id that its page has not.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/**
 * One line per broken link of the HTML files in a folder, "page: target (why)".
 * @param {string} folder
 * @returns {string[]}
 */
export function brokenTargets(folder) {
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
      new Set([...(html.get(file) ?? '').matchAll(/\s(?:id|name)="([^"]+)"/g)].map((match) => match[1] ?? ''))
    ids.set(file, known)
    return known
  }
  const problems = new Set()
  for (const [file, text] of html)
    for (const [, target = ''] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      if (/^[a-z][a-z\d+.-]*:/i.test(target)) continue
      const [path = '', anchor = ''] = decodeURI(target.replaceAll('&amp;', '&')).split('#')
      const place = path === '' ? file : join(dirname(file), path)
      const why = !existsSync(place)
        ? 'no such file'
        : anchor !== '' && html.has(place) && !idsOf(place).has(anchor)
          ? 'no such id'
          : ''
      if (why !== '') problems.add(`${relative(folder, file)}: ${target} (${why})`)
    }
  return [...problems].map(String)
}
