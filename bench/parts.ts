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
]
