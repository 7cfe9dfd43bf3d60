/** What a fence needs to know: `MkGpu` is one. */
export interface SerialSource {
  readonly completedSerial: number
  whenCompleted(serial: number): Promise<void>
}

/** A point on the queue: complete when everything handed over before it has finished on the device. */
export class MkFence {
  /** The serial it stands for. */
  readonly serial: number
  readonly #source: SerialSource
  #done: Promise<void> | undefined

  /** Made by `gpu.fence()`. */
  constructor(source: SerialSource, serial: number) {
    this.#source = source
    this.serial = serial
  }

  /**
   * True once the device has really finished. On most backends it never changes within a task: let the event loop turn,
   * or await `done`. Stays false if the device was lost before.
   */
  get isComplete(): boolean {
    return this.#source.completedSerial >= this.serial
  }

  /** Resolves when complete; rejects with DeviceLost when the device is lost before. The same promise each time. */
  get done(): Promise<void> {
    this.#done ??= this.#source.whenCompleted(this.serial)
    return this.#done
  }
}
