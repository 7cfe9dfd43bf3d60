import { halfValue } from '@memkit/core'

/** Bytes of a component as numbers of one kind: words as their bits. */
export type Numbers = Uint32Array | Uint16Array | Int16Array | Uint8Array | Int8Array

/** Where a gather reads numbers, and where it puts them. All in numbers, not in bytes. */
export interface GatherPlan {
  readonly from: Numbers
  /** From one row to the next. */
  readonly stride: number
  /** First number of row 0. */
  readonly offset: number
  /** Rows that `from` has; those beyond give zeros. */
  readonly rows: number
  /** Where number k of the run goes: `position * pitch + target + k`. */
  readonly to: Uint32Array
  readonly pitch: number
  readonly target: number
  readonly count: number
}

/** Gathers the numbers of positions `first` … `end − 1`, whose rows `rowOf` holds. */
export function gatherRange(plan: GatherPlan, rowOf: Uint32Array, first: number, end: number): void {
  const { from, stride, offset, rows, to, pitch, target, count } = plan
  if (count === 1) {
    for (let p = first; p < end; p++)
      to[p * pitch + target] = rowOf[p] < rows ? from[rowOf[p] * stride + offset] : 0
    return
  }
  if (count === 3) {
    let t = first * pitch + target
    for (let p = first; p < end; p++, t += pitch) {
      const row = rowOf[p]
      const has = row < rows
      const s = has ? row * stride + offset : 0
      to[t] = has ? from[s] : 0
      to[t + 1] = has ? from[s + 1] : 0
      to[t + 2] = has ? from[s + 2] : 0
    }
    return
  }
  for (let p = first; p < end; p++) {
    const row = rowOf[p]
    let t = p * pitch + target
    if (row >= rows) {
      for (let k = 0; k < count; k++) to[t++] = 0
      continue
    }
    let s = row * stride + offset
    to[t++] = from[s++]
    to[t++] = from[s++]
    if (count === 2) continue
    to[t++] = from[s++]
    to[t] = from[s]
  }
}

/** As `gatherRange`, for the positions in a list. */
export function gatherAt(plan: GatherPlan, rowOf: Uint32Array, positions: Uint32Array, count: number): void {
  for (let i = 0; i < count; i++) gatherRange(plan, rowOf, positions[i], positions[i] + 1)
}

/** As `gatherRange`, from halves to floats. */
export function gatherHalves(plan: GatherPlan, rowOf: Uint32Array, first: number, end: number): void {
  const { from, stride, offset, rows, to, pitch, target, count } = plan
  const floats = new Float32Array(to.buffer, to.byteOffset, to.length)
  for (let p = first; p < end; p++)
    for (let k = 0; k < count; k++)
      floats[p * pitch + target + k] = rowOf[p] < rows ? halfValue(from[rowOf[p] * stride + offset + k]) : 0
}
