import type { BackendName } from './place.ts'

/** One thing that `npm run bench` does: a program on a backend. */
export interface Part {
  readonly name: string
  readonly backend: BackendName
  /** About how long it takes on 2 cores, seconds: for the estimate of the time left. */
  readonly seconds: number
  readonly quickSeconds: number
  /** Left out of a quick run. */
  readonly slow?: boolean
}

/** What there is, in the order in which it runs. */
export const parts: readonly Part[] = [
  { name: 'grid', backend: 'dummy', seconds: 75, quickSeconds: 4, slow: true },
  { name: 'grid', backend: 'null', seconds: 75, quickSeconds: 5, slow: true },
  { name: 'grid', backend: 'dawn', seconds: 80, quickSeconds: 6 },
  { name: 'grid', backend: 'chromium', seconds: 120, quickSeconds: 12 },
  { name: 'entities', backend: 'dawn', seconds: 25, quickSeconds: 4, slow: true },
  { name: 'entities', backend: 'chromium', seconds: 30, quickSeconds: 6, slow: true },
  { name: 'stores', backend: 'dawn', seconds: 20, quickSeconds: 4, slow: true },
  { name: 'detection', backend: 'dummy', seconds: 25, quickSeconds: 5 },
  { name: 'memory', backend: 'chromium', seconds: 40, quickSeconds: 25, slow: true },
  { name: 'scatter', backend: 'dawn', seconds: 8, quickSeconds: 3 },
  { name: 'scatter', backend: 'chromium', seconds: 8, quickSeconds: 3, slow: true },
  { name: 'startup', backend: 'dummy', seconds: 6, quickSeconds: 3, slow: true },
  { name: 'startup', backend: 'dawn', seconds: 6, quickSeconds: 3 },
  { name: 'startup', backend: 'chromium', seconds: 6, quickSeconds: 3, slow: true },
  { name: 'planner', backend: 'dummy', seconds: 15, quickSeconds: 4, slow: true },
  { name: 'planner', backend: 'null', seconds: 20, quickSeconds: 5, slow: true },
  { name: 'planner', backend: 'dawn', seconds: 25, quickSeconds: 7 },
  { name: 'kernels', backend: 'dummy', seconds: 150, quickSeconds: 36, slow: true },
  { name: 'queries', backend: 'dawn', seconds: 45, quickSeconds: 10, slow: true },
  { name: 'size', backend: 'dummy', seconds: 3, quickSeconds: 3 },
]
