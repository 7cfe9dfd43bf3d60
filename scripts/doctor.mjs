// npm run doctor: serves the page that tests memkit in a browser. Arguments go to Vite: npm run doctor -- --open
import { prepare } from './install.mjs'

prepare()
const { serve } = await import('./run.mjs')
await serve('site/doctor', process.argv.slice(2))
