import type { WriteJob } from './column-writer.ts'

/** Writes columns in a worker of the page. */
export function writeInThread(job: WriteJob): Promise<number> {
  const worker = new Worker(new URL('./column-writer.browser.ts', import.meta.url), { type: 'module' })
  worker.postMessage(job)
  return new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<number>) => {
      resolve(data)
      worker.terminate()
    })
    worker.addEventListener('error', ({ message }) => reject(new Error(`the worker failed: ${message}`)))
  })
}
