// Rules of the house that no linter knows: how files are named, that nothing speaks of one person's machine, and habits of language.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './install.mjs'

// Names that say nothing about what a file holds.
const emptyNames = /(^|[-_.])(utils?|helpers?|common|misc|managers?)(?=[-_.]|$)/i
// A path of one machine. A relative path (./work/…) has something before its slash.
const machinePath = /(?<![\w.~)}\]*>-])\/(?:home|Users|root|tmp|work|mnt)\/[\w.-]+/
const text = /\.(?:[cm]?[jt]s|jsonc?|md|html|css|wgsl|ya?ml|sh)$|^run$/

/** Habits of language: what reads strangely, and what to say instead. @type {[habit: RegExp, instead: string][]} */
const habits = [
  [
    /(?<!\b[Tt]here )\b(?:is|are|was|were) no(?! (?:longer|more|different|use|such|\w+er than)\b)(?= |$)(?: \w+| ?['"`$]|$)/,
    'isn’t a …, aren’t …',
  ],
  [
    /\b(?:somebody|nobody|whoever|no one)\b/i,
    'name who it is (you, a caller, a listener), or use the passive',
  ],
  [/\b(?:anew|afresh)\b/i, 'again'],
  [/\bgo(?:es)? on on\b/i, 'continues on'],
  [/\b(?:hears?|heard) of\b/i, 'is told, learns, is notified'],
  [/(?<!\b(?:leav(?:e|es|ing)|left|let)\b.{0,50})\balone\b/i, 'only, by itself'],
  [/\bsees? to it\b/i, 'makes sure, or say what it does'],
]
/** Where habits aren’t checked. */
const exempt = /^(?:docs|\.changeset)\/|CHANGELOG\.md$|LICENSE$|\/generated\/|house-rules/

const code = /\.(?:[cm]?[jt]s|wgsl)$/
/** Parts of code that may hold the start of another: comments, templates, strings, regular expressions. */
const quoted =
  /\/\*[^]*?\*\/|\/\/.*|`(?:\\[^]|[^\\`])*`|(['"])(?:\\.|(?!\1)[^\\\n])*\1|(?<=[=(,:;!&|?{}[\n]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/[\\\n])+\/\w*/g

/**
 * The lines of a file in which habits are looked for. Of code, these hold only comments and strings of several words.
 * @param {string} name
 * @param {string} source
 */
function sentences(name, source) {
  if (!code.test(name)) return source.split('\n')
  const blank = (/** @type {string} */ part) => part.replace(/[^\n]+/g, ' ')
  let prose = ''
  let end = 0
  for (const { 0: part, index } of source.matchAll(quoted)) {
    const said = /^\/[/*]|^[`'"][^]* /.test(part)
    const words = said ? part.replace(/\$\{[^}]*\}/g, (inserted) => '$' + blank(inserted)) : blank(part)
    prose += blank(source.slice(end, index)) + words
    end = index + part.length
  }
  return prose.split('\n')
}

/**
 * One line per broken rule, "file: what is wrong".
 * @param {string} folder that the file names are relative to
 * @param {readonly string[]} files
 */
export function brokenRules(folder, files) {
  return files.flatMap((file) => {
    const name = basename(file)
    const broken = []
    if (emptyNames.test(name)) broken.push(`${file}: name it after the one thing it holds`)
    if (!text.test(name) || name === 'package-lock.json') return broken
    const source = readFileSync(join(folder, file), 'utf8')
    const prose = exempt.test(file) ? [] : sentences(name, source)
    for (const [i, line] of source.split('\n').entries()) {
      const path = machinePath.exec(line)?.[0]
      if (path) broken.push(`${file}:${i + 1}: ${path} exists on one machine only`)
      for (const [habit, instead] of habits) {
        const found = habit.exec(prose[i] ?? '')?.[0]
        if (found) broken.push(`${file}:${i + 1}: "${found}": ${instead}`)
      }
    }
    return broken
  })
}

/** Files under version control, and those that would be if added now. */
function filesOf(/** @type {string} */ folder) {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listing = execFileSync('git', args, { cwd: folder, encoding: 'utf8' })
  return listing.split('\0').filter((file) => file !== '' && existsSync(join(folder, file)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const line of brokenRules(root, filesOf(root))) {
    console.error(line)
    process.exitCode = 1
  }
}
