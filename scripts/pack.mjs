// npm run pack [-- --to folder]: builds the packages and packs them as npm would publish them; dist-packs/ unless told otherwise.
// The tarballs install together: npm install dist-packs/*.tgz
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepare, root } from './install.mjs'

/** Packages of others that ours depend on, packed from node_modules, so that a test needs no network. */
const OTHERS = ['bitecs', '@webgpu/types', 'react', 'three', 'uplot'].map((name) => `node_modules/${name}`)

/** Folders of the packages that go to the registry. */
export function published() {
  return readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((path) => existsSync(join(root, path, 'package.json')) && !readPackage(join(root, path)).private)
}

/**
 * Packs packages, which must be built.
 * @param {string} destination a folder, which is made where it is missing
 * @param {string[]} [folders] of the packages, relative to the root
 * @returns {Promise<Record<string, string>>} paths of the tarballs, by package name
 */
export async function pack(destination, folders = published()) {
  mkdirSync(destination, { recursive: true })
  await npm(['pack', ...folders.map((folder) => join(root, folder)), '--pack-destination', destination], root)
  return Object.fromEntries(
    folders.map((folder) => {
      const { name, version } = readPackage(join(root, folder))
      return [name, join(destination, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)]
    }),
  )
}

/**
 * Packs ours and those they depend on.
 * @param {string} destination
 */
export function packAll(destination) {
  return pack(destination, [...published(), ...OTHERS])
}

/**
 * Installs tarballs into a project that exists or is made here. npm asks a registry only for what they depend on besides each other.
 * @param {string} folder
 * @param {Record<string, string>} tarballs by package name
 */
export async function installTarballs(folder, tarballs) {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'package.json')
  const project = existsSync(file) ? readPackage(folder) : { name: 'consumer', private: true, type: 'module' }
  const dependencies = Object.fromEntries(
    Object.entries(tarballs).map(([name, path]) => [name, `file:${path.replaceAll('\\', '/')}`]),
  )
  project.dependencies = { ...project.dependencies, ...dependencies }
  writeFileSync(file, `${JSON.stringify(project, undefined, 2)}\n`)
  await npm(
    ['install', '--omit=dev', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'],
    folder,
  )
}

/**
 * @param {string[]} args
 * @param {string} cwd
 */
async function npm(args, cwd) {
  const { capture } = await import('./run.mjs')
  const { code, output } = await capture('npm', [...args, '--loglevel=error'], { cwd })
  if (code !== 0) throw new Error(`npm ${args[0]} failed:\n${output}`)
}

/** @param {string} folder */
function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { to: { type: 'string', default: join(root, 'dist-packs') } } })
  prepare()
  const { run } = await import('./run.mjs')
  process.exitCode = await run('tsc', ['-b'])
  if (process.exitCode === 0)
    for (const tarball of Object.values(await pack(resolve(values.to)))) console.log(tarball)
}
