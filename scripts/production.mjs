// Copies each built package to its `dist/production`, without texts: the export condition `production` leads there. Vite
// and webpack set it when they build. An error keeps its class, code and fields; its message is made of these
// (`packages/core/src/mk-error.ts`). A warning says its code.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAst } from 'vite'
import { root } from './install.mjs'

/**
 * A node of a syntax tree; of its other properties, those with a `type` are nodes, and so are those in lists.
 * @typedef {{ type: string, start: number, end: number, [property: string]: any }} Node
 */

/** @typedef {{ start: number, end: number, by: string }} Cut */

/**
 * Leaves the texts out of a built module. Lines stay where they are.
 * @param {string} code
 */
export function withoutTexts(code) {
  const cuts = [...textsIn(parseAst(code))]
  let left = code
  for (const { start, end, by } of cuts.sort((a, b) => b.start - a.start))
    left = left.slice(0, start) + by + left.slice(start, end).replace(/[^\n]/g, '') + left.slice(end)
  // It would lead beside the source.
  return left.replace(/^\/\/# sourceMappingURL=.*$/m, '')
}

/**
 * The texts in the calls `defineError(code, text)` and `warn(code, text, …)`.
 * @param {Node} node
 * @returns {Generator<Cut>}
 */
function* textsIn(node) {
  const [code, text] = node.type === 'CallExpression' ? node.arguments : []
  const called = text && nameOf(node.callee)
  if (called === 'defineError') yield { start: code.end, end: text.end, by: '' }
  else if (called === 'warn' && isText(text)) yield { start: text.start, end: text.end, by: "''" }
  else
    for (const value of Object.values(node).flat()) if (typeof value?.type === 'string') yield* textsIn(value)
}

/**
 * @param {Node} callee
 * @returns {string | undefined}
 */
function nameOf(callee) {
  return callee.type === 'MemberExpression' ? callee.property.name : callee.name
}

/**
 * @param {Node} node
 * @returns {boolean}
 */
function isText(node) {
  if (node.type === 'BinaryExpression') return isText(node.left) || isText(node.right)
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string')
}

function writeProduction() {
  for (const name of readdirSync(join(root, 'packages'))) {
    const dist = join(root, 'packages', name, 'dist')
    const production = join(dist, 'production')
    rmSync(production, { recursive: true, force: true })
    if (!existsSync(dist)) continue
    for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.js')) continue
      const target = join(production, file)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, withoutTexts(readFileSync(join(dist, file), 'utf8')))
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeProduction()
