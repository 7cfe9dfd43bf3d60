// npm run errors: writes the tables of docs/errors.md from the error classes of the packages, whose comments are the one place for what an error
// means and what to do about it. A test fails while the page is out of date.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript-6'

/** Packages with errors, lowest first. */
const packages = ['core', 'gpu', 'coordinator', 'ecs-plugin', 'three', 'react']

/**
 * @typedef {{ name: string, doc: string }} ErrorField
 * @typedef {{ name: string, meaning: string, remedy: string, fields: ErrorField[] }} ErrorClass
 * @typedef {{ code: string, message: string }} Warning
 */

const root = fileURLToPath(new URL('..', import.meta.url))
const page = join(root, 'docs/errors.md')

/** The page, with the tables below its mark as the sources have them. */
export function errorsPage() {
  const [intro = ''] = readFileSync(page, 'utf8').split(/(?<=<!-- Tables .*-->\n)/)
  return intro + packages.map(tablesOf).join('')
}

/** @param {string} name of a package */
function tablesOf(name) {
  const errors = errorClasses(name).map(
    (each) =>
      `| <a id="${each.name}"></a>\`${each.name}\` | ${cell(each.meaning)} | ${cell(each.remedy)} | ${fieldsCell(each.fields)} |\n`,
  )
  const warnings = warningsOf(name).map((each) => `| \`${each.code}\` | ${cell(each.message)} |\n`)
  const head = `\n## @memkit/${name}\n\n| code | what it means | what to do | fields |\n| --- | --- | --- | --- |\n`
  return (
    head +
    errors.join('') +
    (warnings.length > 0 ? `\n| warning | it says |\n| --- | --- |\n${warnings.join('')}` : '')
  )
}

/**
 * The error classes of a package, in the order in which they are written.
 * @param {string} name of its folder
 * @returns {ErrorClass[]}
 */
export function errorClasses(name) {
  return sources(name).flatMap((source) =>
    source.statements.flatMap((node) => {
      const made = ts.isVariableStatement(node) ? node.declarationList.declarations[0] : undefined
      if (!made?.initializer?.getText().startsWith('defineError(')) return []
      const [meaning = '', remedy = ''] = comment(node).split(/\n\nWhat to do: /)
      const error = {
        name: made.name.getText(),
        meaning: flat(meaning),
        remedy: flat(remedy).replace(/^./, (first) => first.toUpperCase()),
      }
      return [{ ...error, fields: fieldsOf(made) }]
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
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((file) => {
      const path = `${folder}/${file.replaceAll('\\', '/')}`
      const text = readFileSync(join(root, path), 'utf8')
      if (!/\bdefineError\(|\bwarn\(/.test(text)) return []
      return [ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)]
    })
}

/**
 * The fields of an error, those left out that only complete the message.
 * @param {ts.VariableDeclaration} made
 * @returns {ErrorField[]}
 */
function fieldsOf(made) {
  const fields = made.type && ts.isTypeReferenceNode(made.type) && made.type.typeArguments?.[0]
  if (!fields || !ts.isTypeLiteralNode(fields)) return []
  return fields.members
    .filter(ts.isPropertySignature)
    .filter((member) => member.questionToken === undefined && member.name.getText() !== 'code')
    .map((member) => ({ name: member.name.getText(), doc: flat(comment(member)) }))
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

/** @param {ErrorField[]} fields */
function fieldsCell(fields) {
  const said = (/** @type {string} */ doc) =>
    cell(doc.replace(/\.$/, '').replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase()))
  return fields.map(({ name, doc }) => `\`${name}\`${doc && `: ${said(doc)}`}`).join('<br>')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  writeFileSync(page, errorsPage())
  console.log('docs/errors.md is written.')
}
