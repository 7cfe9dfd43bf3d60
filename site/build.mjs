// Builds the site, the pages of docs/ and the API of every package, into site/dist. `npm run docs` calls it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Comment, CommentTag, Converter, ReflectionKind } from 'typedoc'
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
  'packages/gpu/src/node.ts': '@memkit/gpu/node',
  'packages/gpu/src/backends/dummy.ts': '@memkit/gpu/dummy',
  'packages/gpu/src/conformance.ts': '@memkit/gpu/conformance',
  'packages/core/src/index.ts': '@memkit/core',
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
  if (page === undefined) throw new Error(`${document.name} is no page of site/pages.mjs`)
  document.name = page.title
  document.frontmatter['group'] = page.group
})
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    const entry = Object.keys(entries).find((file) => file.replace(/(\/index)?\.ts$/, '') === module.name)
    if (entry === undefined) throw new Error(`${module.name} is no entry point of site/build.mjs`)
    module.name = entries[entry] ?? ''
    putInGroup(module, 'API')
  }
  for (const type of project.getReflectionsByKind(ReflectionKind.Class))
    if (type.getChildByName('code') !== undefined && type.getChildByName('message') !== undefined)
      putInGroup(type, 'Errors')
})

rmSync(out, { recursive: true, force: true })
const project = await app.convert()
if (project !== undefined) {
  app.validate(project)
  await app.generateOutputs(project)
  showSources(join(out, 'media'))
  for (const problem of brokenTargets(out)) app.logger.error(problem)
}
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1

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
