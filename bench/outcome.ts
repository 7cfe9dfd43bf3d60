import type { BackendName } from './place.ts'

/** Tells how far a part is, from 0 to 1. */
export type Progress = (done: number, what: string) => void

/** What a program gave. */
export interface Outcome {
  readonly adapter: string
  readonly runtime: string
  readonly data: unknown
}

/** A program on a backend, with all that is needed to read its figures. */
export interface PartResult extends Outcome {
  readonly name: string
  readonly backend: BackendName
  /** UTC. */
  readonly date: string
  readonly quick: boolean
  readonly seconds: number
  readonly machine: Machine
}

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly chromium?: string | undefined
  /** Of this repository, where it is one. */
  readonly commit?: string | undefined
  /** npm packages that take part. */
  readonly packages: Readonly<Record<string, string>>
}

/** The JSON file. */
export interface Figures {
  readonly format: 1
  readonly parts: readonly PartResult[]
}
