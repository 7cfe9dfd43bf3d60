// Starts a TypeScript file in a worker thread, which Node 20 can't. A game is built to JavaScript and doesn't need this.
import { workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
await import(workerData.file)
