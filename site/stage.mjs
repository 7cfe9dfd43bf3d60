// Lays all pages of the site into one folder. A link to a file that isn't a page leads to a page with its source.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, posix } from 'node:path'
import { darkDiagram, lightDiagram } from './diagrams.mjs'
import { pages } from './pages.mjs'

const LANGUAGES = /** @type {Record<string, string>} */ ({
  '.ts': 'ts',
  '.tsx': 'tsx',
  '.mjs': 'js',
  '.json': 'json',
  '.html': 'html',
  '.css': 'css',
  '.yml': 'yaml',
  '.md': 'md',
})

/**
 * Path of a file of the repository as a page of the site.
 * @param {string} file
 */
export function pageOf(file) {
  if (file === 'README.md') return 'readme.md'
  if (file.startsWith('site/content/')) return file.slice('site/content/'.length)
  if (/^examples\/.*\/README\.md$/.test(file)) return `${file.split('/')[1]}.md`
  if (/^packages\/.*\/README\.md$/.test(file)) return `packages/${file.split('/')[1]}.md`
  if (!file.startsWith('docs/')) return file.toLowerCase()
  return file.slice('docs/'.length).replace(/README\.md$/, 'index.md')
}

/**
 * @param {string} root
 * @param {string} out
 * @returns {string[]} links that lead nowhere, one line each
 */
export function stagePages(root, out) {
  /** @type {Set<string>} */
  const sources = new Set()
  /** @type {string[]} */
  const problems = []
  const listed = new Map(pages(root).map(({ file }) => [file, pageOf(file)]))
  const content = readdirSync(join(root, 'site/content'), { recursive: true, encoding: 'utf8' })
  for (const file of content) if (file.endsWith('.md')) listed.set(`site/content/${file}`, file)

  /** @param {string} file @param {string | Uint8Array} text */
  const put = (file, text) => {
    mkdirSync(dirname(join(out, file)), { recursive: true })
    writeFileSync(join(out, file), text)
  }
  /** @param {string} file */
  const sourcePage = (file) => `source/${file.replaceAll(/(^|\/)\./g, '$1dot-')}.md`

  /**
   * Where a link of a page leads on the site.
   * @param {string} from
   * @param {string} link
   */
  function target(from, link) {
    if (/^[a-z][a-z\d+.-]*:|^#|^\//i.test(link)) return link
    const [path = '', anchor] = link.split('#')
    const file = posix.normalize(posix.join(posix.dirname(from), decodeURI(path))).replace(/\/$/, '')
    const tail = anchor === undefined ? '' : `#${anchor}`
    const here = posix.dirname(listed.get(from) ?? '')
    const relative = (/** @type {string} */ page) => {
      const way = posix.relative(here, page)
      return way.startsWith('.') ? way : `./${way}`
    }
    const page = listed.get(file) ?? listed.get(`${file}/README.md`)
    if (page !== undefined) return relative(page) + tail
    if (!existsSync(join(root, file))) {
      problems.push(`${from}: ${link} (no such file)`)
      return link
    }
    if (/\.(svg|png|webp)$/.test(file)) {
      const picture = `images/${file.replaceAll('/', '-').replace(/^docs-(images-)?/, '')}`
      if (!existsSync(join(out, picture))) put(picture, readFileSync(join(root, file)))
      return relative(picture)
    }
    sources.add(file)
    return relative(sourcePage(file))
  }

  /**
   * A diagram for light pages and one for dark pages, of which the style sheet shows one.
   * @param {string} from
   * @param {string} alt
   * @param {string} link
   */
  function diagram(from, alt, link) {
    const file = posix.join(posix.dirname(from), link)
    if (!existsSync(join(root, file))) return target(from, link)
    const svg = readFileSync(join(root, file), 'utf8')
    const name = posix.basename(file, '.svg')
    const here = posix.dirname(listed.get(from) ?? '')
    const image = (/** @type {string} */ kind, /** @type {string} */ drawn) => {
      const place = `images/${posix.dirname(file).replaceAll('/', '-')}-${name}.${kind}.svg`
      put(place, drawn)
      const way = posix.relative(here, place)
      return `<img class="${kind}-only" loading="lazy" alt="${alt.replaceAll('"', '&quot;')}" src="${way.startsWith('.') ? way : `./${way}`}">`
    }
    return `<span class="diagram" tabindex="0">${image('light', lightDiagram(svg))}${image('dark', darkDiagram(svg))}</span>`
  }

  /**
   * @param {string} file
   * @param {string} text
   */
  function rewrite(file, text) {
    let fence = ''
    return text
      .split('\n')
      .map((line) => {
        const mark = /^\s*(`{3,})/.exec(line)?.[1]
        if (mark !== undefined && (fence === '' || mark === fence)) fence = fence === '' ? mark : ''
        if (fence !== '' || mark !== undefined) return line
        const source = /^<!-- source: (\S+) -->$/.exec(line)?.[1]
        if (source !== undefined) return sourceBlock(file, source)
        return line
          .split(/(`+[^`]*`+)/)
          .map((part, i) => {
            if (i % 2 === 1) return part
            return part
              .replace(/!\[([^\]]*)\]\(([^)\s]+\.svg)\)/g, (_, alt, link) => diagram(file, alt, link))
              .replace(/(\]\()([^)\s]+)(\))/g, (_, open, link, close) => open + target(file, link) + close)
              .replace(/((?<![\w-])(?:src|href)=")([^"]+)(")/g, (all, open, link, close) =>
                /\.(light|dark)\.svg$/.test(link) ? all : open + target(file, link) + close,
              )
          })
          .join('')
      })
      .join('\n')
  }

  /** @param {string} from @param {string} file */
  function sourceBlock(from, file) {
    if (!existsSync(join(root, file))) {
      problems.push(`${from}: source ${file} (no such file)`)
      return ''
    }
    const code = readFileSync(join(root, file), 'utf8').trimEnd()
    return `\`\`\`\`${LANGUAGES[extname(file)] ?? 'text'} [${posix.basename(file)}]\n${code}\n\`\`\`\``
  }

  for (const [file, page] of listed) put(page, rewrite(file, readFileSync(join(root, file), 'utf8')))
  for (const file of sources) {
    const head = `---\nsearch: false\noutline: false\nsidebar: false\n---\n\n# ${file}\n\n`
    const path = join(root, file)
    if (statSync(path).isDirectory()) {
      const names = readdirSync(path).filter((name) => !['node_modules', 'dist'].includes(name))
      put(sourcePage(file), `${head}${names.map((name) => `- \`${name}\``).join('\n')}\n`)
    } else
      put(
        sourcePage(file),
        `${head}\`\`\`\`\`${LANGUAGES[extname(file)] ?? 'text'}\n${readFileSync(path, 'utf8')}\n\`\`\`\`\`\n`,
      )
  }
  cpSync(join(root, 'site/favicon.svg'), join(out, 'public/favicon.svg'))
  for (const picture of readdirSync(join(root, 'docs/images')))
    if (/^(demo|example-.*)\.png$/.test(picture))
      cpSync(join(root, 'docs/images', picture), join(out, 'public/posters', picture.replace('example-', '')))
  return problems
}
