import type { MkGpu } from '@memkit/gpu'
import type { Setup } from './program.ts'

/** What was done, summed up over programs. */
export interface Tally {
  programs: number
  steps: number
  /** Frames whose device contents were compared with the model. */
  frames: number
  bytes: number
  losses: number
  /** Errors and warnings for want of memory. */
  shortages: number
}

export function newTally(): Tally {
  return { programs: 0, steps: 0, frames: 0, bytes: 0, losses: 0, shortages: 0 }
}

/** Where programs run. */
export interface Place {
  /** A device for a program, or for what comes after a loss. */
  open(setup: Setup): Promise<MkGpu>
  /** The program is over. */
  close(gpu: MkGpu): Promise<void>
}
