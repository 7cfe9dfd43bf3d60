// npm run errors: writes docs/errors.md from the error classes of the packages, whose comments are the one place for what an error
// means and what to do about it. A test fails while the page is out of date.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript-6'

/** Packages with errors, lowest first. */
const packages = ['core', 'gpu', 'coordinator', 'ecs-plugin']

/**
 * @typedef {{ name: string, doc: string }} ErrorField
 * @typedef {{ name: string, file: string, meaning: string, remedy: string, fields: ErrorField[] }} ErrorClass
 * @typedef {{ code: string, message: string }} Warning
 */

const root = fileURLToPath(new URL('..', import.meta.url))

/** The whole page. */
export function errorsPage() {
  const sections = packages.map((name) => {
    const classes = errorClasses(name)
    const warnings = warningsOf(name)
    return [
      `## @memkit/${name}`,
      '',
      '| code | what it means | what to do | fields |',
      '| --- | --- | --- | --- |',
      ...classes.map(
        (each) =>
          `| <a id="${each.name}"></a>\`${each.name}\` | ${cell(each.meaning)} | ${cell(capital(each.remedy))} | ${fieldsCell(each.fields)} |`,
      ),
      ...(warnings.length === 0
        ? []
        : [
            '',
            '| warning | it says |',
            '| --- | --- |',
            ...warnings.map((each) => `| \`${each.code}\` | ${cell(each.message)} |`),
          ]),
    ].join('\n')
  })
  return `# Errors

<!-- Written by \`npm run errors\` from the comments of the error classes: change those. -->

Every error that memkit throws, or rejects a promise with, is an \`MkError\`: a class of its own with a stable \`code\`, the name of
the class. Its fields say what was asked and what is allowed, its message says so in words, and what to do. Bad input
changes nothing, unless the second column says otherwise: [the tests](reliability.md#bad-input) compare everything before and after.

\`\`\`ts
import { MkError } from '@memkit/ecs-plugin'

function isOutOfMemory(error: unknown): boolean {
  return error instanceof MkError && ['HeapFull', 'AllocationFailed', 'MirrorOutOfMemory'].includes(error.code)
}
\`\`\`

Compare codes, or use \`hasCode(error, 'HeapFull')\`: where two copies of a package are on one page, \`instanceof MkError\` holds for the errors of both, \`instanceof HeapFull\` for those of one. A warning breaks nothing: whoever listens
(\`co.on('warning', …)\`, \`mk.on('warning', …)\`) hears each one, else each goes to the console once.

${sections.join('\n\n')}
`
}

/**
 * The error classes of a package, in the order in which they are written.
 * @param {string} name of its folder
 * @returns {ErrorClass[]}
 */
export function errorClasses(name) {
  return sources(name).flatMap((source) =>
    source.statements.flatMap((node) => {
      if (!ts.isClassDeclaration(node) || !node.name || !extendsMkError(node)) return []
      const [meaning = '', remedy = ''] = comment(node).split(/\n\nWhat to do: /)
      const file = source.fileName
      return [
        { name: node.name.text, file, meaning: flat(meaning), remedy: flat(remedy), fields: fieldsOf(node) },
      ]
    }),
  )
}

/**
 * The warnings of a package: calls of \`warn\` with a code.
 * @param {string} name
 * @returns {Warning[]}
 */
function warningsOf(name) {
  /** @type {Warning[]} */
  const found = []
  for (const source of sources(name)) {
    /** @param {ts.Node} node */
    const visit = (node) => {
      const call = ts.isCallExpression(node) && /(^|\.)#?warn$/.test(node.expression.getText(source)) && node
      const [code, message] = call ? call.arguments : []
      if (code && ts.isStringLiteral(code) && /^[A-Z]\w+$/.test(code.text) && message)
        found.push({ code: code.text, message: flat(template(message)) })
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}

/**
 * @param {string} name
 * @returns {ts.SourceFile[]}
 */
function sources(name) {
  const folder = `packages/${name}/src`
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.as.ts'))
    .sort()
    .flatMap((file) => {
      const path = `${folder}/${file.replaceAll('\\', '/')}`
      const text = readFileSync(join(root, path), 'utf8')
      if (!/extends MkError|\bwarn\(/.test(text)) return []
      return [ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)]
    })
}

/** @param {ts.ClassDeclaration} node */
function extendsMkError(node) {
  return node.heritageClauses?.some(({ types }) =>
    types.some(({ expression }) => expression.getText() === 'MkError'),
  )
}

/**
 * @param {ts.ClassDeclaration} node
 * @returns {ErrorField[]}
 */
function fieldsOf(node) {
  return node.members
    .filter(ts.isPropertyDeclaration)
    .map((member) => ({ name: member.name.getText(), doc: flat(comment(member)) }))
    .filter(({ name }) => name !== 'code')
}

/**
 * The text of a node's doc comment.
 * @param {ts.Node} node
 */
function comment(node) {
  const doc = ts.getJSDocCommentsAndTags(node).find(ts.isJSDoc)
  return ts.getTextOfJSDocComment(doc?.comment) ?? ''
}

/**
 * The text of a string, of a template (what is put in as …), of a sum of these.
 * @param {ts.Node} node
 * @returns {string}
 */
function template(node) {
  if (ts.isStringLiteralLike(node)) return node.text
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')
  if (ts.isBinaryExpression(node)) return template(node.left) + template(node.right)
  return '…'
}

/** @param {string} text */
function flat(text) {
  return text.replace(/\s+/g, ' ').trim()
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|')
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** @param {ErrorField[]} fields */
function fieldsCell(fields) {
  return fields
    .map(({ name, doc }) => `\`${name}\`${doc === '' ? '' : `: ${cell(lower(doc.replace(/\.$/, '')))}`}`)
    .join('<br>')
}

/** @param {string} text */
function lower(text) {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(join(root, 'docs/errors.md'), errorsPage())
  console.log('docs/errors.md is written.')
}
