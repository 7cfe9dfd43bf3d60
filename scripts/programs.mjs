// Finds programs of this system.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Path of the first of these programs: on the PATH, else at one of the places given.
 * @param {readonly string[]} names
 * @param {readonly string[]} [places]
 * @returns {string | undefined}
 */
export function findProgram(names, places = []) {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
  return [...onPath, ...places].find((path) => existsSync(path))
}
