// Rules of the house that no linter knows: how files are named, and that nothing speaks of one person's machine.
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

// Names that say nothing about what a file holds.
const emptyNames = /(^|[-_.])(utils?|helpers?|common|misc|managers?)(?=[-_.]|$)/i
// Absolute paths that exist on one machine alone. A relative path (./work/…) has something before its slash.
const machinePath = /(?<![\w.~)}\]*>-])\/(?:home|Users|root|tmp|work|mnt)\/[\w.-]+/
const text = /\.(?:[cm]?[jt]s|jsonc?|md|html|css|wgsl|ya?ml|sh)$|^run$/

/**
 * One line per broken rule, "file: what is wrong".
 * @param {string} root folder that the file names are relative to
 * @param {readonly string[]} files
 */
export function brokenRules(root, files) {
  return files.flatMap((file) => {
    const name = basename(file)
    const broken = []
    if (emptyNames.test(name)) broken.push(`${file}: name it after the one thing it holds`)
    if (!text.test(name) || name === 'package-lock.json') return broken
    const lines = readFileSync(join(root, file), 'utf8').split('\n')
    for (const [i, line] of lines.entries()) {
      const path = machinePath.exec(line)?.[0]
      if (path) broken.push(`${file}:${i + 1}: ${path} exists on one machine alone`)
    }
    return broken
  })
}
