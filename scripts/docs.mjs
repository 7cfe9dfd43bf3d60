// npm run docs: builds the site into site/dist. Fails on any warning, and on any link that leads nowhere.
import { prepare } from './install.mjs'

prepare()
await import('../site/build.mjs')
