import type { MkGpu } from '@memkit/gpu'
import { allKnown, startCosts, type CostModel } from './model.ts'
import { CostWatch, type FrameCosts } from './watch.ts'

/**
 * The planner's costs on the device in use: the table's, over them those measured, over all those
 * given by hand. Corrects them when frames contradict them; repeats a doubtful measurement.
 */
export class PlannerCosts {
  model: CostModel
  /** Milliseconds of a flush above which to review a frame; Infinity where nothing is measured. */
  reviewAbove: number = Infinity
  readonly #areMeasured: boolean
  readonly #byHand: Partial<CostModel>
  readonly #watch = new CostWatch()
  /** Undefined after `dispose`. */
  #gpu: MkGpu | undefined

  constructor(gpu: MkGpu, byHand: Partial<CostModel> = {}, measure: boolean = true) {
    this.#gpu = gpu
    this.#byHand = byHand
    this.#areMeasured = measure && !allKnown(gpu.capabilities, byHand)
    this.model = startCosts(gpu.capabilities, byHand)
    if (this.#areMeasured) this.reviewAbove = this.#watch.reviewAbove
  }

  rebuild(gpu: MkGpu): void {
    this.#gpu = gpu
    this.model = startCosts(gpu.capabilities, this.#byHand)
  }

  dispose(): void {
    this.#gpu = undefined
  }

  /** Measures on a new device, if costs are measured. Never rejects: the table's numbers stay. */
  async prepare(): Promise<void> {
    const gpu = this.#gpu
    if (!this.#areMeasured || gpu === undefined || gpu.isLost) return
    await this.measure(gpu).catch(() => {})
  }

  async measure(gpu: MkGpu, again?: 'merge' | 'replace'): Promise<void> {
    if (allKnown(gpu.capabilities)) return
    const { measureCosts } = await import('./calibration.ts')
    if (gpu !== this.#gpu) return
    // Costs by hand come later: what is measured serves every coordinator on such an adapter.
    const { costs, doubtful } = await measureCosts(gpu, startCosts(gpu.capabilities), again)
    if (gpu !== this.#gpu) return
    this.model = { ...costs, ...this.#byHand }
    this.#watch.measured(doubtful)
    if (this.#areMeasured) this.reviewAbove = this.#watch.reviewAbove
  }

  review(frame: FrameCosts, gpu: MkGpu): void {
    const watch = this.#watch
    const costs = watch.review(frame, this.model)
    if (costs !== this.model) this.model = { ...costs, ...this.#byHand }
    // Measuring fails only with the device, and then the costs stay.
    if (watch.isDue(gpu)) this.measure(gpu, watch.again).catch(() => {})
    this.reviewAbove = watch.reviewAbove
  }
}
