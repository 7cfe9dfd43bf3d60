// The packages as npm would publish them, and a project that installs them without asking a registry.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'
import { capture } from './run-tool.mjs'

/** Packages of others that ours depend on. They are packed from node_modules, so that a test needs no network. */
const OTHERS = ['bitecs', '@webgpu/types', 'uplot']

/** Folders of the packages that go to the registry. */
export function published() {
  return readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}`)
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .filter((path) => !readPackage(join(root, path)).private)
}

/**
 * Packs packages, which must be built.
 * @param {string[]} folders
 * @param {string} destination
 */
export function pack(folders, destination) {
  return npm(
    ['pack', ...folders.map((folder) => join(root, folder)), '--pack-destination', destination],
    root,
  )
}

/**
 * Packs ours and those they depend on.
 * @param {string} destination a folder
 * @returns {Promise<Record<string, string>>} paths of the tarballs, by package name
 */
export async function packAll(destination) {
  mkdirSync(destination, { recursive: true })
  const folders = [...published(), ...OTHERS.map((name) => join('node_modules', name))]
  const { code, output } = await pack(folders, destination)
  if (code !== 0) throw new Error(`npm pack failed:\n${output}`)
  return Object.fromEntries(
    folders.map((folder) => {
      const { name, version } = readPackage(join(root, folder))
      return [name, join(destination, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`)]
    }),
  )
}

/**
 * Installs tarballs into a project that exists or is made here. Only what they depend on and is none of them would be asked of a
 * registry.
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
  const { code, output } = await npm(
    ['install', '--omit=dev', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'],
    folder,
  )
  if (code !== 0) throw new Error(`npm install failed:\n${output}`)
}

/**
 * @param {string[]} args
 * @param {string} folder
 */
function npm(args, folder) {
  const entry = process.env['npm_execpath']
  const all = [...args, '--loglevel=error']
  return entry?.endsWith('.js')
    ? capture(process.execPath, [entry, ...all], {}, folder)
    : capture('npm', all, {}, folder)
}

/** @param {string} folder */
function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
