import type { BackendName } from './place.ts'
import { cliffVariants } from './programs/cliffs.ts'
import { lifeVariants } from './programs/life.ts'
import { movingVariants } from './programs/moving.ts'

/** One thing that `npm run bench` does: a program on a backend. */
export interface Part {
  readonly name: string
  readonly backend: BackendName
  /** About how long it takes on 2 cores, seconds: for the estimate of the time left. */
  readonly seconds: number
  readonly quickSeconds: number
  /** Left out of a quick run. */
  readonly slow?: boolean
  /** Runs the program once for each, in a process or page of its own, and joins what they return. */
  readonly variants?: (quick: boolean) => string[]
}

/** What there is, in the order in which it runs. */
export const parts: readonly Part[] = [
  { name: 'moving', backend: 'dawn', seconds: 150, quickSeconds: 8, variants: movingVariants },
  {
    name: 'moving',
    backend: 'chromium',
    seconds: 150,
    quickSeconds: 10,
    slow: true,
    variants: movingVariants,
  },
  { name: 'grid', backend: 'dummy', seconds: 45, quickSeconds: 4, slow: true },
  { name: 'grid', backend: 'null', seconds: 80, quickSeconds: 5, slow: true },
  { name: 'grid', backend: 'dawn', seconds: 85, quickSeconds: 6 },
  { name: 'grid', backend: 'chromium', seconds: 130, quickSeconds: 12 },
  { name: 'entities', backend: 'dawn', seconds: 40, quickSeconds: 4, slow: true },
  { name: 'entities', backend: 'chromium', seconds: 35, quickSeconds: 6, slow: true },
  { name: 'stores', backend: 'dawn', seconds: 18, quickSeconds: 4, slow: true },
  { name: 'detection', backend: 'dummy', seconds: 16, quickSeconds: 4 },
  { name: 'memory', backend: 'chromium', seconds: 45, quickSeconds: 20, slow: true },
  { name: 'stagger', backend: 'dummy', seconds: 15, quickSeconds: 4, slow: true },
  { name: 'stagger', backend: 'chromium', seconds: 15, quickSeconds: 4, slow: true },
  { name: 'scatter', backend: 'dawn', seconds: 5, quickSeconds: 2 },
  { name: 'scatter', backend: 'chromium', seconds: 5, quickSeconds: 2, slow: true },
  { name: 'startup', backend: 'dummy', seconds: 8, quickSeconds: 3, slow: true },
  { name: 'startup', backend: 'dawn', seconds: 9, quickSeconds: 3 },
  { name: 'startup', backend: 'chromium', seconds: 6, quickSeconds: 2, slow: true },
  { name: 'life', backend: 'null', seconds: 130, quickSeconds: 60, slow: true, variants: lifeVariants },
  { name: 'cliffs', backend: 'null', seconds: 60, quickSeconds: 30, slow: true, variants: cliffVariants },
  { name: 'planner', backend: 'dummy', seconds: 12, quickSeconds: 4, slow: true },
  { name: 'planner', backend: 'null', seconds: 12, quickSeconds: 5, slow: true },
  { name: 'planner', backend: 'dawn', seconds: 35, quickSeconds: 6 },
  { name: 'kernels', backend: 'dummy', seconds: 40, quickSeconds: 36, slow: true },
  { name: 'marks', backend: 'dummy', seconds: 12, quickSeconds: 2 },
  { name: 'queries', backend: 'dawn', seconds: 45, quickSeconds: 10, slow: true },
  { name: 'size', backend: 'dummy', seconds: 3, quickSeconds: 3 },
]
