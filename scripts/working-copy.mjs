// A copy of the working tree that may be spoilt: what it shares with the tree is the packages from npm alone.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where npm links the workspaces: into the tree that it ran in. */
const scope = '@memkit'

/**
 * Copies every file that is under version control, or would be if it were added now.
 * @param {string} root
 * @returns {{ folder: string, remove: () => void }}
 */
export function copyWorkingTree(root) {
  const folder = mkdtempSync(join(tmpdir(), 'memkit-copy-'))
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listing = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  const files = listing.stdout.split('\0').filter((file) => file !== '' && existsSync(join(root, file)))
  if (files.length === 0) throw new Error(`git lists no files in ${root}: ${listing.stderr}`)
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true })
    copyFileSync(join(root, file), join(folder, file))
  }
  linkPackages(root, folder)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/**
 * Packages from npm are linked one by one; those of the workspace are those of the copy.
 * @param {string} root
 * @param {string} folder
 */
function linkPackages(root, folder) {
  const from = join(root, 'node_modules')
  const to = join(folder, 'node_modules')
  mkdirSync(join(to, scope), { recursive: true })
  // Caches (.vite and its like) are the copy's own.
  for (const name of readdirSync(from))
    if (name !== scope && !name.startsWith('.')) symlinkSync(join(from, name), join(to, name))
  for (const name of readdirSync(join(from, scope))) {
    const home = ['packages', '.'].map((place) => join(folder, place, name)).find(existsSync)
    if (home !== undefined) symlinkSync(home, join(to, scope, name))
  }
}
