import type { CallCounts } from '@memkit/testing/call-counts'

/** What the page has for the driver. Apart from the page: who names these need not know its engines. */
declare global {
  /** Runs a program; what it returns must be JSON. */
  var bench: (name: string, quick: boolean, variant?: string) => Promise<unknown>
  /** For the program that weighs: its cases in a fresh page. */
  var memory: Weighable
  var openMemory: () => Promise<{ cases: number; adapter: string; runtime: string }>
  /** Of the driver. */
  var benchProgress: (done: number, what: string) => void
}

/** What is weighed, one way at a time. */
export interface Weighable {
  /** Makes a way and lets it run. @returns its name, the bytes of the game's own rows, and what else the driver cannot see */
  open(index: number, rows: number): Promise<Opened | undefined>
  /** Runs frames in which 1 % of the rows change. */
  frames(count: number): Promise<void>
  /** What so many frames ask of the device. */
  calls(count: number): Promise<CallCounts>
}

export interface Opened {
  readonly name: string
  readonly dataBytes: number
  readonly heapBytes: number
  readonly gpuBytes: number
}
