// Builds the site, the pages of docs/ and the API of every package, into site/dist. `npm run docs` calls it.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Comment, CommentTag, Converter, ReflectionKind, RendererEvent } from 'typedoc'
import { brokenTargets } from './links.mjs'
import { groupOrder, pages } from './pages.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = join(root, 'site/dist')

/** Entry points, and the names by which programs import them. @type {Record<string, string>} */
const entries = {
  'packages/ecs-plugin/src/index.ts': '@memkit/ecs-plugin',
  'packages/ecs-plugin/src/koota.ts': '@memkit/ecs-plugin/koota',
  'packages/coordinator/src/index.ts': '@memkit/coordinator',
  'packages/gpu/src/index.ts': '@memkit/gpu',
  'packages/gpu/src/node/index.ts': '@memkit/gpu/node',
  'packages/gpu/src/backends/dummy/dummy.ts': '@memkit/gpu/dummy',
  'packages/gpu/src/pool/sub-allocator.ts': '@memkit/gpu/sub-allocator',
  'packages/gpu/src/conformance/index.ts': '@memkit/gpu/conformance',
  'packages/core/src/index.ts': '@memkit/core',
  'packages/core/src/allocator/index.ts': '@memkit/core/allocator',
  'packages/inspector/src/index.ts': '@memkit/inspector',
}
const listed = pages(root)

const app = await Application.bootstrap({
  name: 'memkit',
  readme: join(root, 'README.md'),
  entryPoints: Object.keys(entries).map((file) => join(root, file)),
  projectDocuments: listed.map(({ file }) => join(root, file)),
  tsconfig: join(root, 'site/tsconfig.json'),
  basePath: root,
  out,
  // There is no public address of the repository that a line of source could be linked to.
  disableSources: true,
  excludeInternal: true,
  excludePrivate: true,
  headings: { readme: false, document: false },
  navigation: { includeGroups: true },
  groupOrder: [
    ...groupOrder,
    'API',
    'Functions',
    'Classes',
    'Interfaces',
    'Type Aliases',
    'Variables',
    'References',
    'Errors',
  ],
  sort: ['alphabetical-ignoring-documents'],
  sortEntryPoints: false,
  highlightLanguages: ['ts', 'js', 'html', 'css', 'json', 'sh', 'wgsl', 'rust'],
  favicon: join(root, 'site/favicon.svg'),
  customCss: join(root, 'site/site.css'),
  hideGenerator: true,
  markdownItLoader: keepCodeInAnchors,
  treatWarningsAsErrors: true,
})
app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
  const page = listed.find(({ file }) => file === `${document.name}.md`)
  if (page === undefined) throw new Error(`${document.name} isn’t a page of site/pages.mjs`)
  document.name = page.title
  document.frontmatter['group'] = page.group
})
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    const entry = Object.keys(entries).find((file) => file.replace(/(\/index)?\.ts$/, '') === module.name)
    if (entry === undefined) throw new Error(`${module.name} isn’t an entry point of site/build.mjs`)
    module.name = entries[entry] ?? ''
    putInGroup(module, 'API')
  }
  linkFoldersToTheirReadme(project.readme ?? [], root, project)
  for (const document of project.getReflectionsByKind(ReflectionKind.Document))
    if (document.isDocument()) {
      const page = listed.find(({ title }) => title === document.name)
      linkFoldersToTheirReadme(document.content, dirname(join(root, page?.file ?? '')), project)
    }
  for (const type of project.getReflectionsByKind(ReflectionKind.Class))
    if (type.getChildByName('code') !== undefined && type.getChildByName('message') !== undefined)
      putInGroup(type, 'Errors')
})

/** There while pages are written, and gone afterwards. @type {import('typedoc').Router | undefined} */
let router
app.renderer.on(RendererEvent.BEGIN, () => (router = app.renderer.router))

rmSync(out, { recursive: true, force: true })
const project = await app.convert()
if (project !== undefined) {
  app.validate(project)
  await app.generateOutputs(project)
  linkPictures(project)
  showSources(join(out, 'media'))
  for (const problem of brokenTargets(out)) app.logger.error(problem)
}
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1

/**
 * TypeDoc leaves a link alone that has a picture for its text, as the README's first one.
 * @param {import('typedoc').ProjectReflection} project
 */
function linkPictures(project) {
  const documents = project.getReflectionsByKind(ReflectionKind.Document)
  const front = join(out, 'index.html')
  const html = readFileSync(front, 'utf8').replace(/href="([^":#]+\.md)"/g, (link, file) => {
    const title = listed.find((page) => page.file === file)?.title
    const document = documents.find(({ name }) => name === title)
    const url = document && router?.getFullUrl(document)
    return url === undefined ? link : `href="${url}"`
  })
  writeFileSync(front, html)
}

/**
 * A link to a folder shows its files on GitHub. Here it leads to the folder's README, or stays on the page.
 * @param {import('typedoc').CommentDisplayPart[]} parts
 * @param {string} from folder of the page
 * @param {import('typedoc').ProjectReflection} project
 */
function linkFoldersToTheirReadme(parts, from, project) {
  for (const part of parts) {
    if (part.kind !== 'relative-link' || typeof part.target !== 'number') continue
    const folder = join(from, part.text)
    if (!existsSync(folder) || !statSync(folder).isDirectory()) continue
    const readme = join(folder, 'README.md')
    // The registry would copy the folder, and warn that it cannot.
    ;/** @type {any} */ (project.files).mediaToPath.delete(part.target)
    part.text = '#'
    part.target = existsSync(readme)
      ? project.files.registerAbsolute(/** @type {import('typedoc').NormalizedPath} */ (readme)).target
      : undefined
  }
}

/**
 * TypeDoc leaves code out of a heading's anchor, where GitHub keeps it, so that a link would work in one of the two. Taken apart
 * into tags and text, code counts as text.
 * @param {{ core: { ruler: { push(name: string, rule: (state: any) => void): void } } }} parser of markdown-it
 */
function keepCodeInAnchors(parser) {
  parser.core.ruler.push('heading_code', ({ tokens, Token }) => {
    for (const [i, { type }] of tokens.entries()) {
      if (type !== 'heading_open') continue
      const inline = tokens[i + 1]
      inline.children = inline.children.flatMap((/** @type {any} */ token) =>
        token.type === 'code_inline'
          ? [
              Object.assign(new Token('html_inline', '', 0), { content: '<code>' }),
              Object.assign(new Token('text', '', 0), { content: token.content }),
              Object.assign(new Token('html_inline', '', 0), { content: '</code>' }),
            ]
          : [token],
      )
    }
  })
}

/**
 * @param {import('typedoc').Reflection} reflection
 * @param {string} group
 */
function putInGroup(reflection, group) {
  reflection.comment ??= new Comment()
  reflection.comment.blockTags.push(new CommentTag('@group', [{ kind: 'text', text: group }]))
}

/**
 * Sources that a page links to were copied as they are, which a browser would save rather than show: each gets a page.
 * @param {string} folder
 */
function showSources(folder) {
  const sources = readdirSync(folder).filter((name) =>
    ['.ts', '.mjs', '.json', '.yml', ''].includes(extname(name)),
  )
  for (const name of sources) {
    const text = readFileSync(join(folder, name), 'utf8').replace(/[&<]/g, (sign) =>
      sign === '&' ? '&amp;' : '&lt;',
    )
    writeFileSync(
      join(folder, `${name}.html`),
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
        `<meta name="color-scheme" content="light dark"><title>${name}</title><pre>${text}</pre></html>\n`,
    )
    rmSync(join(folder, name))
  }
  for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.html')) continue
    const html = readFileSync(join(out, file), 'utf8')
    const linked = sources.reduce(
      (text, name) => text.replaceAll(`media/${name}"`, `media/${name}.html"`),
      html,
    )
    if (linked !== html) writeFileSync(join(out, file), linked)
  }
}
