import { parentPort, workerData } from 'node:worker_threads'
import { SharedMarker } from '@memkit/ecs-plugin'

// Marks each of its ids once in each pass, when it is told to begin that pass.
const { marker: posted, first, step, passes, control } = (workerData as { readonly job: MarkJob }).job

export interface MarkJob {
  readonly marker: SharedMarker
  readonly first: number
  readonly step: number
  readonly passes: number
  /** Word 0: passes that may begin; word 1: passes that workers have finished, all together; word 2: workers that are there. */
  readonly control: Int32Array
}

const marker = SharedMarker.from(posted)
Atomics.add(control, 2, 1)
for (let pass = 1; pass <= passes; pass++) {
  while (Atomics.load(control, 0) < pass);
  for (let id = first; id < marker.capacity; id += step) marker.mark(id)
  Atomics.add(control, 1, 1)
}
parentPort!.close()
