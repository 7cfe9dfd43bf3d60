// The bugs that npm run mutants plants, and whether each still has its place in the sources.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { coordinatorBugs } from './mutants/coordinator.mjs'
import { coreBugs } from './mutants/core.mjs'
import { ecsPluginBugs } from './mutants/ecs-plugin.mjs'
import { gpuBugs } from './mutants/gpu.mjs'

/**
 * One bug.
 * @typedef {object} PlantedBug
 * @property {string} name for `--only`
 * @property {string} file relative to the root
 * @property {string} find text that stands there exactly once
 * @property {string} replace what the bug makes of it
 * @property {string} breaks what goes wrong then, in a line
 * @property {readonly string[]} tests files of which one at least must notice
 * @property {'unit' | 'dawn'} [project] that they run in; default `'unit'`
 */

/** @type {readonly PlantedBug[]} */
export const plantedBugs = [...coreBugs, ...gpuBugs, ...coordinatorBugs, ...ecsPluginBugs]

/**
 * Why a bug cannot be planted; undefined when it can.
 * @param {string} root
 * @param {PlantedBug} bug
 */
export function misplaced(root, { file, find, replace, tests }) {
  const path = join(root, file)
  if (!existsSync(path)) return `there is no ${file}`
  const times = readFileSync(path, 'utf8').split(find).length - 1
  if (times !== 1) return `its text stands ${times} times in ${file}`
  if (find === replace) return 'it changes nothing'
  const missing = tests.find((test) => !existsSync(join(root, test)))
  if (missing !== undefined) return `there is no ${missing}`
  return tests.length === 0 ? 'it names no tests' : undefined
}
