import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { base } from '../base.mjs'
import { groupOrder, pages } from '../pages.mjs'
import { pageOf } from '../stage.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const staged = fileURLToPath(new URL('../.pages', import.meta.url))
const listed = pages(root)

/** @param {string} file */
const address = (file) => `/${pageOf(file).replace(/(index)?\.md$/, '')}`

const examples = [
  { text: 'The starter', link: '/live/starter-page' },
  { text: 'Shadows in three.js', link: '/live/three-instances' },
  { text: 'A shader of yours in three.js', link: '/live/three-webgl' },
  { text: 'One device with three.js', link: '/live/three' },
  { text: 'TypeGPU', link: '/live/typegpu' },
  { text: 'Record and replay', link: '/live/replay-page' },
]
const sidebar = [
  ...groupOrder.slice(0, 1).map(group),
  { text: 'Live examples', collapsed: false, items: examples },
  ...groupOrder.slice(1).map(group),
]

/** @param {string} name */
function group(name) {
  const items = listed.filter((page) => page.group === name)
  return {
    text: name,
    collapsed: name === 'Decisions' || name === 'Project',
    items: items.map(({ file, title }) => ({ text: title, link: address(file) })),
  }
}

/** Modules only: with every name in it, the sidebar would weigh more than the pages. */
function modules() {
  const folder = `${staged}/api/@memkit`
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('index.md'))
    .map((file) => file.replace(/\/index\.md$/, ''))
    .sort()
  return names.map((name) => ({ text: `@memkit/${name}`, link: `/api/@memkit/${name}/` }))
}

/** Anchors as GitHub makes them, so that a link works in both places. @param {string} heading */
function slugify(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

export default defineConfig({
  title: 'memkit',
  description: 'CPU to GPU synchronisation for games on the web',
  lang: 'en',
  base,
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: '.cache',
  metaChunk: true,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}favicon.svg` }]],
  // Built by Vite, and checked with all other links once the site is built.
  ignoreDeadLinks: [/\/live\/(?:demo|doctor|examples|starter|replay)\//, /llms\.txt$/],
  markdown: {
    anchor: { slugify },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    languages: ['ts', 'tsx', 'js', 'html', 'css', 'json', 'sh', 'wgsl', 'glsl', 'rust', 'yaml', 'md'],
  },
  themeConfig: {
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          searchOptions: {
            fuzzy: 0.1,
            prefix: true,
            boost: { title: 6, text: 1, titles: 2 },
            /** @param {string} page @returns {number} the guide before recipes, and those before the rest */
            boostDocument: (page) => {
              if (/\/(guide|concepts)\.html/.test(page)) return 3
              if (page.includes('/recipes/')) return 2.5
              return /\/(decisions|benchmarks)\//.test(page) ? 0.3 : 1
            },
          },
        },
        _render(source, env, md) {
          const html = md.render(source, env)
          if (env.frontmatter?.['search'] === false) return ''
          // Of a name of the API: what it is for. All of its members would hide the guide.
          return env.relativePath.startsWith('api/@') ? html.slice(0, html.indexOf('<h2')) : html
        },
      },
    },
    nav: [
      { text: 'Guide', link: '/guide', activeMatch: '^/(guide|concepts|app|bitecs)' },
      { text: 'Recipes', link: '/recipes/', activeMatch: '/recipes/' },
      { text: 'Examples', link: '/live/', activeMatch: '^/live/' },
      { text: 'API', link: '/api/', activeMatch: '/api/' },
      { text: 'Play', link: '/live/demo/index.html', target: '_self' },
      { text: 'Doctor', link: '/doctor' },
    ],
    sidebar: { '/api/': [{ text: 'API', link: '/api/', items: modules() }], '/': sidebar },
    outline: [2, 3],
    footer: { message: 'Licence: MPL-2.0' },
  },
})
