/** An array that an attribute can have. */
export type AttributeArray = Float32Array | Uint32Array | Int32Array

/** The numbers of an attribute, those of instance `p` at `p * numbers`. */
export interface InstanceValues {
  readonly layout: { readonly name: string; readonly numbers: number }
  readonly array: AttributeArray
  /** First and last instance that changed in the last update; `last < first` when none did. */
  readonly firstChanged: number
  readonly lastChanged: number
}

/** What a mesh draws: how many instances, and their values. */
export interface Instances {
  readonly values: readonly InstanceValues[]
  /** Instances to draw. */
  readonly count: number
  /** The entity of an instance, without its version; −1 for an instance that isn't drawn. */
  entityOf(instance: number): number
  /** Takes over what the last flush changed. @returns true when arrays were replaced */
  update(): boolean
  /** Says in a sentence what the instances are. */
  explain(): string
  dispose(): void
}
