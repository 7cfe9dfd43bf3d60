import { Worker } from 'node:worker_threads'
import type { WriteJob } from './column-writer.ts'

/** Writes columns in a thread of Node. */
export function writeInThread(job: WriteJob): Promise<number> {
  const worker = new Worker(new URL('./typescript-worker.mjs', import.meta.url), {
    workerData: { entry: new URL('./column-writer.node.ts', import.meta.url).href },
    execArgv: ['--conditions=@memkit/source'],
  })
  worker.postMessage(job)
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code} before it was told to`)))
  })
}
