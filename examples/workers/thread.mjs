// Starts a TypeScript file in a worker thread: Node 20 cannot by itself. A game is built to JavaScript, and needs no such thing.
import { workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
await import(workerData.file)
