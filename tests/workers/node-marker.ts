import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { SharedMarker } from '@memkit/ecs-plugin'
import type { MarkOne } from './marker.node.ts'

let worker: Worker | undefined

/** Marks an entity in another thread of Node, one for all, which ends with the process. */
export async function markInThread(marker: SharedMarker, entity: number): Promise<void> {
  worker ??= new Worker(new URL('./typescript-worker.mjs', import.meta.url), {
    workerData: { entry: new URL('./marker.node.ts', import.meta.url).href },
    execArgv: ['--conditions=@memkit/source'],
  })
  worker.ref()
  worker.postMessage({ marker, entity } satisfies MarkOne)
  await once(worker, 'message')
  worker.unref()
}
