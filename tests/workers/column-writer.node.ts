import { parentPort } from 'node:worker_threads'
import { writeColumns, type WriteJob } from './column-writer.ts'

parentPort!.once('message', (job: WriteJob) => parentPort!.postMessage(writeColumns(job)))
