import { parentPort, workerData } from 'node:worker_threads'
import { SharedMarker } from '@memkit/ecs-plugin'
import type { Assignment } from '../workers.ts'

// Moves a tenth of a worker's entities per step, and marks them. It needs no world and no device.
const {
  x,
  y,
  first,
  end,
  marker: posted,
  control,
} = (workerData as { readonly assignment: Assignment }).assignment
const marker = SharedMarker.from(posted)

let moved = 0
for (let step = 0; Atomics.load(control, 0) === 0; step++) {
  for (let entity = first + (step % 10); entity < end; entity += 10) {
    x[entity] += 0.5
    y[entity] = Math.sin(x[entity])
    // Mark after writing: a stage that sees the mark also sees what was written before it.
    marker.mark(entity)
    moved++
  }
  Atomics.add(control, 1, 1)
}
parentPort!.postMessage(moved)
