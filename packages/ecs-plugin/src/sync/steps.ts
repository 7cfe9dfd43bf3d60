import { NoOpenFrame } from '@memkit/core'
import type { FrameReport, MkCoordinator } from '@memkit/coordinator'
import type { EcsWorld } from '../ecs/ecs.ts'
import type { AnySynced, SyncedComponents } from './synced-components.ts'

/** Frames with changes and without a step before a warning. */
const STEPLESS_FRAMES = 600

/**
 * The fixed steps of a frame, for components with `history: 'step'`: what the last step wrote goes up with the
 * frame, what those before it wrote is handed over once, before the last begins.
 */
export class Steps {
  /** What went wrong first when a step of the open frame was handed over. */
  error: unknown
  /** A step of the open frame has not been handed over. */
  #isBehind = false
  /** Frames since the last step; −1 once that was warned of. */
  #stepless = 0
  readonly #ecs: EcsWorld
  readonly #coordinator: MkCoordinator
  readonly #components: SyncedComponents

  constructor(ecs: EcsWorld, coordinator: MkCoordinator, components: SyncedComponents) {
    this.#ecs = ecs
    this.#coordinator = coordinator
    this.#components = components
  }

  beginFrame(): void {
    this.#isBehind = false
    this.error = undefined
  }

  /** @param left steps still to run in this frame, with this one. @throws NoOpenFrame */
  begin(left: number): void {
    const coordinator = this.#coordinator
    if (!coordinator.isFrameOpen) throw new NoOpenFrame({ call: 'beginStep()' })
    if (!this.#components.hasSteps) return
    if (this.#stepless > 0) this.#stepless = 0
    if (left === 1) {
      if (this.#isBehind) this.#handOver()
      coordinator.noteStep()
    }
    this.#isBehind = true
  }

  /** Warns once of `history: 'step'` without steps. */
  endFrame({ rowsChanged }: FrameReport): void {
    if (this.#stepless < 0 || rowsChanged === 0) return
    const behind = this.#components.all.find(({ options }) => options.history === 'step')
    if (behind === undefined || ++this.#stepless < STEPLESS_FRAMES) return
    this.#stepless = -1
    const { label } = behind
    const message = `${label} has history: 'step', but ${STEPLESS_FRAMES} frames changed rows and none had a step. Call mk.beginStep() where a fixed step begins, or flag it with history: 'frame'.`
    this.#coordinator.warn('NoStep', message)
  }

  /** Stages and uploads what keeps the rows of steps. What goes wrong is thrown when the frame ends. */
  #handOver(): void {
    const start = performance.now()
    if (!this.#components.isComplete) this.error ??= this.#components.look()
    this.#ecs.settle?.()
    let some = false
    for (const synced of this.#components.all) {
      const { history, rowsOf } = synced.options
      // Rows that are shared are handed out by their owner.
      const isNeeded = history === 'step' || (rowsOf === undefined && this.#ownsStepRows(synced))
      if (!isNeeded) continue
      some = true
      try {
        synced.stage()
      } catch (error) {
        this.error ??= error
      }
    }
    this.#coordinator.noteStageMs(performance.now() - start)
    if (some) this.#coordinator.handOverStep()
  }

  #ownsStepRows({ component }: AnySynced): boolean {
    return this.#components.all.some(
      ({ options }) => options.rowsOf === component && options.history === 'step',
    )
  }
}
