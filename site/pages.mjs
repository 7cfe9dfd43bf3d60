// Which pages the site has, under which title, in which group of its navigation.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Groups in the order of the navigation: pages in the order given, and of a folder (a name that ends in /) all that are not listed,
 * by name. What does not exist is left out; pages of docs/ that are nowhere here come last in the guide.
 */
const GROUPS = {
  Guide: [
    'docs/guide.md',
    'examples/starter/README.md',
    'examples/starter-three/README.md',
    'docs/concepts.md',
    'docs/app.md',
    'docs/bitecs.md',
    'docs/inspector.md',
    'docs/demo.md',
    'docs/from-hand-written.md',
    'docs/from-rust.md',
  ],
  Recipes: ['docs/recipes/README.md', 'docs/recipes/'],
  'Below the plugin': [
    'docs/architecture.md',
    'docs/coordinator.md',
    'docs/gpu.md',
    'docs/core.md',
    'docs/core/memory.md',
    'docs/core/layouts.md',
    'docs/core/',
  ],
  Reference: ['docs/errors.md', 'docs/reliability.md', 'docs/performance.md', 'docs/benchmarks/'],
  Packages: ['ecs-plugin', 'coordinator', 'gpu', 'core', 'inspector', 'three', 'react'].map(
    (name) => `packages/${name}/README.md`,
  ),
  Project: ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'docs/decisions/README.md'],
  Decisions: ['docs/decisions/'],
}

/** Titles for the navigation, where a page's heading is a sentence. @type {Record<string, string>} */
const TITLES = {
  'README.md': 'README',
  'docs/guide.md': 'Getting started',
  'docs/app.md': 'App, schedules, plugins',
  'docs/coordinator.md': 'coordinator: frames',
  'docs/gpu.md': 'gpu: buffers',
  'docs/core.md': 'core: memory',
  'docs/decisions/README.md': 'About decisions',
  'docs/recipes/README.md': 'All recipes',
}

export const groupOrder = Object.keys(GROUPS)

/**
 * Every page, in the order of the navigation.
 * @param {string} root
 * @returns {{ file: string, title: string, group: string }[]} files relative to the root
 */
export function pages(root) {
  /** @type {Set<string>} */
  const listed = new Set()
  const inGroups = Object.entries(GROUPS).map(([group, entries]) =>
    entries
      .flatMap((entry) => (entry.endsWith('/') ? pagesIn(root, entry) : [entry]))
      .filter((file) => existsSync(join(root, file)) && !listed.has(file) && listed.add(file))
      .map((file) => ({ file, title: titleOf(root, file), group })),
  )
  const others = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md') && !listed.has(file))
    .map((file) => ({ file, title: titleOf(root, file), group: 'Guide' }))
  const [guide = [], ...rest] = inGroups
  return [...guide, ...others, ...rest.flat()]
}

/**
 * @param {string} root
 * @param {string} folder
 */
function pagesIn(root, folder) {
  if (!existsSync(join(root, folder))) return []
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.md'))
  return files.sort().map((file) => folder + file)
}

/**
 * @param {string} root
 * @param {string} file
 */
function titleOf(root, file) {
  const heading = /^# (.+)$/m.exec(readFileSync(join(root, file), 'utf8'))?.[1] ?? file
  return TITLES[file] ?? heading.replaceAll('`', '')
}
