// npm start: serves the demo. Arguments go to Vite: npm start -- --port 3000 --host --open
import { prepare } from './install.mjs'

prepare()
const { serve } = await import('./run.mjs')
await serve('demo', process.argv.slice(2))
