import { parentPort } from 'node:worker_threads'
import { SharedMarker } from '@memkit/ecs-plugin'

/** Marks what it is told to, and says so. */
export interface MarkOne {
  readonly marker: SharedMarker
  readonly entity: number
}

parentPort!.on('message', ({ marker, entity }: MarkOne) => {
  SharedMarker.from(marker).mark(entity)
  parentPort!.postMessage('marked')
})
