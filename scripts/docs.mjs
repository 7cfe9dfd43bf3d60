// npm run docs: builds the site into site/dist. Fails on any link or anchor that leads nowhere.
// npm run docs -- --serve: serves it afterwards, until Ctrl-C.
import { prepare, root } from './install.mjs'

prepare()
await import('../site/build.mjs')
if (process.argv.includes('--serve') && process.exitCode === undefined) {
  const { preview } = await import('vite')
  const { base } = await import('../site/base.mjs')
  const server = await preview({ root: `${root}site`, base, configFile: false, build: { outDir: 'dist' } })
  server.printUrls()
}
