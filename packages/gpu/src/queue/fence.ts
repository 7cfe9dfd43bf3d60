import type { Timeline } from './timeline.ts'

/** A point on the queue: complete when everything handed over before it has finished on the device. */
export class MkFence {
  readonly serial: number
  readonly #timeline: Timeline
  #done: Promise<void> | undefined

  /** Made by `gpu.fence()`. */
  constructor(timeline: Timeline, serial: number) {
    this.#timeline = timeline
    this.serial = serial
    timeline.ask()
  }

  /**
   * True once the device has finished. On most backends it never changes within a task: let the event
   * loop turn, or await `done`. Stays false if the device was lost first.
   */
  get isComplete(): boolean {
    return this.#timeline.completed >= this.serial
  }

  /** Resolves when complete; rejects with DeviceLost when the device is lost first. */
  get done(): Promise<void> {
    return (this.#done ??= this.#timeline.when(this.serial))
  }
}
