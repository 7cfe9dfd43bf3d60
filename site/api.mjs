// Writes the reference of all packages as Markdown: a page for each name, and an index that says what each is for.
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Application, Converter, ReflectionKind } from 'typedoc'

/** Entry points, and the names by which programs import them. @type {Record<string, string>} */
const ENTRIES = {
  'packages/ecs-plugin/src/index.ts': '@memkit/ecs-plugin',
  'packages/ecs-plugin/src/koota.ts': '@memkit/ecs-plugin/koota',
  'packages/three/src/index.ts': '@memkit/three',
  'packages/three/src/webgpu/index.ts': '@memkit/three/webgpu',
  'packages/react/src/index.ts': '@memkit/react',
  'packages/react/src/fiber/index.ts': '@memkit/react/fiber',
  'packages/inspector/src/index.ts': '@memkit/inspector',
  'packages/coordinator/src/index.ts': '@memkit/coordinator',
  'packages/gpu/src/index.ts': '@memkit/gpu',
  'packages/gpu/src/node/index.ts': '@memkit/gpu/node',
  'packages/gpu/src/backends/dummy/dummy.ts': '@memkit/gpu/dummy',
  'packages/gpu/src/pool/sub-allocator.ts': '@memkit/gpu/sub-allocator',
  'packages/gpu/src/conformance/index.ts': '@memkit/gpu/conformance',
  'packages/core/src/index.ts': '@memkit/core',
  'packages/core/src/allocator/index.ts': '@memkit/core/allocator',
}

/** What games use first, in the order in which they meet it. All are names of `@memkit/ecs-plugin`. */
const FIRST = [
  'GpuSynced',
  'attachMk',
  'createApp',
  'MkPlugin',
  'webGpu',
  'MkSync',
  'SyncedBuffer',
  'GpuQuery',
  'perGeneration',
  'struct',
  'createHeap',
]

/**
 * @param {string} root
 * @param {string} out
 * @returns {Promise<string[]>} warnings, which count as problems
 */
export async function writeApi(root, out) {
  const app = await Application.bootstrapWithPlugins(
    /** @type {any} */ ({
      name: 'API',
      readme: 'none',
      plugin: ['typedoc-plugin-markdown'],
      entryPoints: Object.keys(ENTRIES).map((file) => join(root, file)),
      tsconfig: join(root, 'site/tsconfig.json'),
      basePath: root,
      out,
      router: 'member',
      entryFileName: 'index',
      // `npm run check` checks types, package by package; all at once, the DOM's declarations differ.
      skipErrorChecking: true,
      // There is no public address of the repository that a line of source could be linked to.
      disableSources: true,
      excludeInternal: true,
      excludePrivate: true,
      // Otherwise each error has a page of what Node and the DOM say about errors.
      excludeExternals: true,
      hidePageHeader: true,
      hideBreadcrumbs: true,
      useCodeBlocks: true,
      expandObjects: true,
      indexFormat: 'table',
      parametersFormat: 'table',
      interfacePropertiesFormat: 'table',
      classPropertiesFormat: 'table',
      typeDeclarationFormat: 'table',
      propertyMembersFormat: 'table',
      tableColumnSettings: {
        hideSources: true,
        hideInherited: true,
        hideOverrides: true,
        hideModifiers: true,
      },
      sortEntryPoints: false,
      useHTMLEncodedBrackets: true,
      sanitizeComments: true,
      validation: { notExported: false, invalidLink: false, notDocumented: false },
    }),
  )
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const entry = Object.keys(ENTRIES).find((file) => file.replace(/(\/index)?\.ts$/, '') === module.name)
      if (entry === undefined) throw new Error(`${module.name} isn’t an entry point of site/api.mjs`)
      module.name = ENTRIES[entry] ?? ''
    }
  })
  const project = await app.convert()
  if (project === undefined) return ['TypeDoc could not read the packages']
  app.validate(project)
  await app.generateOutputs(project)
  writeFileSync(join(out, 'index.md'), indexOf(app, project))
  return app.logger.hasErrors() || app.logger.hasWarnings() ? ['TypeDoc had warnings (above)'] : []
}

/**
 * @param {import('typedoc').Application} app
 * @param {import('typedoc').ProjectReflection} project
 */
function indexOf(app, project) {
  const modules = project.children ?? []
  /** @param {import('typedoc').Reflection} reflection */
  const link = (reflection) => {
    const url = app.renderer.router?.hasUrl(reflection)
      ? app.renderer.router.getFullUrl(reflection)
      : undefined
    return url === undefined ? `\`${reflection.name}\`` : `[\`${reflection.name}\`](./${relative('.', url)})`
  }
  /** @param {import('typedoc').DeclarationReflection[]} members */
  const table = (members) =>
    [
      '| name | what it is for |',
      '| --- | --- |',
      ...members.map((each) => `| ${link(each)} | ${summary(each)} |`),
    ].join('\n')
  const plugin = modules.find(({ name }) => name === '@memkit/ecs-plugin')?.children ?? []
  const first = FIRST.map((name) => {
    const found = plugin.find((each) => each.name === name)
    if (found === undefined)
      throw new Error(`@memkit/ecs-plugin exports no ${name}, which site/api.mjs lists`)
    return found
  })
  const rest = modules.map((module) => {
    const members = module.children ?? []
    const errors = members.filter(isError)
    const others = members.filter((each) => !isError(each))
    const parts = [`## ${module.name}`, table(others.filter(({ kind }) => !isType(kind)))]
    const types = others.filter(({ kind }) => isType(kind))
    if (types.length > 0) parts.push('**Types**', table(types))
    if (errors.length > 0) parts.push(`**Errors**: ${errors.map(link).join(', ')}`)
    return parts.join('\n\n')
  })
  return [
    '---\nsearch: true\n---\n\n# API',
    'Games import `@memkit/ecs-plugin`, which exports what they need of the packages below it. [All errors](../errors.md), with what to do about each, have a page of their own.',
    '## What games use first',
    table(first),
    ...rest,
    '',
  ].join('\n\n')
}

/** @param {import('typedoc').ReflectionKind} kind */
function isType(kind) {
  return kind === ReflectionKind.Interface || kind === ReflectionKind.TypeAlias
}

/** @param {import('typedoc').DeclarationReflection} reflection */
function isError(reflection) {
  return (
    reflection.kind === ReflectionKind.Class &&
    (reflection.extendedTypes ?? []).some((type) => /Error\b/.test(String(type))) &&
    reflection.getChildByName('code') !== undefined
  )
}

/**
 * The first sentence of what is said about it.
 * @param {import('typedoc').DeclarationReflection} reflection
 */
function summary(reflection) {
  const target = reflection.isReference?.() ? reflection.getTargetReflectionDeep() : reflection
  const declared = /** @type {import('typedoc').DeclarationReflection} */ (target)
  const comment =
    declared.comment ??
    declared.signatures?.[0]?.comment ??
    (declared.type?.type === 'reflection' ? declared.type.declaration.signatures?.[0]?.comment : undefined)
  const text = (comment?.summary ?? []).map((part) => part.text).join('')
  const sentence = /^[^]*?[.:](?=\s|$)/.exec(text.replaceAll(/\s+/g, ' ').trim())?.[0] ?? text
  return sentence
    .replace(/:$/, '.')
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replaceAll('<', '&lt;')))
    .join('')
    .replaceAll('|', '\\|')
}
