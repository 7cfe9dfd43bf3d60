// Runs one program on one backend, in a process of its own, so that the engine has seen no other backend. Forked by main.ts.
import { nodePlace } from './node-place.ts'
import { nodePrograms } from './programs/node.ts'

const [name, backend, quick, variant] = process.argv.slice(2)
const place = await nodePlace(backend as 'dummy' | 'null' | 'dawn')
const data = await nodePrograms[name](place, {
  quick: quick === 'quick',
  variant,
  progress: (done, what) => void process.send?.({ done, what }),
})
process.send?.({ result: { adapter: place.adapter, runtime: place.runtime, data } }, () => process.exit())
