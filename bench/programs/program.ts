import type { Place } from '../place.ts'

/** How much a program is to do, and whom it tells how far it is. */
export interface Run {
  readonly quick: boolean
  /** Which of a part's variants: see {@link Part.variants}. */
  readonly variant?: string | undefined
  /** @param done from 0 to 1 */
  progress(done: number, what: string): void
}

/** Something to measure, on a backend; what it returns goes into the JSON as it is. */
export type Program<T> = (place: Place, run: Run) => Promise<T>
