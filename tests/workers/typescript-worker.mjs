// Runs a TypeScript file in a worker thread: Node 20 cannot by itself.
import { workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
await import(workerData.entry)
