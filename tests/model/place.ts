import type { SharedMarker } from '@memkit/ecs-plugin'
import type { MkDeviceBuffer, MkGpu } from '@memkit/gpu'
import type { Setup } from './program.ts'
import type { Side } from './side.ts'

/** What was done, summed up over programs. */
export interface Tally {
  programs: number
  steps: number
  /** Frames whose device contents were compared with the model. */
  frames: number
  bytes: number
  losses: number
  /** Buffers of components in columns that grew. */
  columnsGrown: number
  /** Rows that the device wrote. */
  computed: number
  /** Rows that came back from the device with something new. */
  cameBack: number
  /** Errors and warnings for want of memory. */
  shortages: number
}

export function newTally(): Tally {
  return {
    programs: 0,
    steps: 0,
    frames: 0,
    bytes: 0,
    losses: 0,
    columnsGrown: 0,
    computed: 0,
    cameBack: 0,
    shortages: 0,
  }
}

/** Where programs run. */
export interface Place {
  /** Only the sync writes rows here: components of other directions are uploaded, too. */
  readonly uploadsOnly?: boolean
  /** A device for a program, or for what comes after a loss. */
  open(setup: Setup): Promise<MkGpu>
  /** The program is over. */
  close(gpu: MkGpu): Promise<void>
  /** The device writes words into one of its buffers; offset and size are multiples of 4. */
  compute(gpu: MkGpu, buffer: MkDeviceBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void
  /** Loses a real device, which says so some time later. */
  readonly lose?: (gpu: MkGpu) => void
  /**
   * Leaves no memory for the next buffers, where that can be arranged.
   * @param late the device says so some time later, if it can say so at once
   */
  readonly starve?: (gpu: MkGpu, buffers: number, late: boolean) => void
  /** There is memory again. */
  readonly feed?: (gpu: MkGpu) => void
  /** Waits until the device has said of all buffers whether there is memory for them. */
  answered(gpu: MkGpu): Promise<void>
  /** Marks an entity from another thread, where there is one. */
  readonly mark?: ((marker: SharedMarker, entity: number) => Promise<void>) | undefined
  /** Lets go of a device that all programs shared. */
  readonly end?: () => void
}

/** Looks on while a program runs. */
export interface Witness {
  attached(side: Side): void
  /** The device was compared with the model at the end of a frame. */
  compared(gpu: MkGpu, side: Side): Promise<void>
  /** The sync is about to be disposed of. */
  detaching(side: Side): Promise<void>
}

/** Programs of one kind on one place. */
export interface ModelCase {
  /** Of the place, as titles have it. */
  readonly name: string
  readonly place: Place
  /** Lose the device, restore it, let it hang, leave no memory. */
  readonly faults: boolean
  /** The place can leave no memory. */
  readonly starves: boolean
  readonly programs: number
  readonly steps: number
  readonly seed: number
}
