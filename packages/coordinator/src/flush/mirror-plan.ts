import type { MirrorReport } from '../frame/report.ts'
import type { AnyMirror } from '../mirror/any-mirror.ts'
import { Plan } from './planner.ts'

/** A mirror's plan: also its line in the report of the frame. */
export class MirrorPlan extends Plan implements MirrorReport {
  readonly mirror: AnyMirror
  readonly label: string
  /** First byte of its rows in the scatter buffer, where it scatters. */
  payload = 0

  constructor(mirror: AnyMirror) {
    super()
    this.mirror = mirror
    this.label = mirror.label
  }

  clear(): void {
    this.strategy = 'none'
    this.rows = 0
    this.bytes = 0
    this.scatterGain = 0
  }
}
