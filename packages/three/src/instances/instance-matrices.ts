import type { ArrayPlace, GatheredValues } from './gathered-values.ts'

/** Numbers of a matrix, column by column. The last column is the position. */
export const MATRIX = 16

/** Where the position begins in a matrix. */
const POSITION = 12

/** Makes matrices of identity. */
export function newMatrices(capacity: number): Float32Array<ArrayBuffer> {
  const matrices = new Float32Array(capacity * MATRIX)
  for (let i = 0; i < matrices.length; i += MATRIX)
    matrices[i] = matrices[i + 5] = matrices[i + 10] = matrices[i + 15] = 1
  return matrices
}

/** Positions of floats are gathered into the matrices themselves, with no array in between. */
export const IN_MATRICES: ArrayPlace = { pitch: MATRIX, first: POSITION, make: newMatrices }

/** The values that matrices are made of. */
export interface MatrixParts {
  /** Two or three numbers. */
  readonly position: GatheredValues
  /** One number: radians around z. Four: a quaternion x, y, z, w. */
  readonly rotation: GatheredValues | undefined
  /** One number for all axes, or one for each of two or three. */
  readonly scale: GatheredValues | undefined
}

/** Matrices of instances, of which only what a change touches is written: the position, or the axes. */
export class InstanceMatrices {
  readonly #parts: MatrixParts
  #matrices: Float32Array

  /** @param matrices that of identity for each instance */
  constructor(parts: MatrixParts, matrices: Float32Array) {
    this.#parts = parts
    this.#matrices = matrices
  }

  /** Writes to other memory from now on, which holds matrices of identity. */
  writeTo(matrices: Float32Array): void {
    this.#matrices = matrices
  }

  /** Places instances `first` … `end − 1`, where positions aren't gathered into the matrices. */
  place(first: number, end: number): void {
    const { array, layout } = this.#parts.position
    const { numbers } = layout
    const matrices = this.#matrices
    if (array === matrices) return
    let from = first * numbers
    for (let to = first * MATRIX + POSITION; to < end * MATRIX; to += MATRIX, from += numbers) {
      matrices[to] = array[from]
      matrices[to + 1] = array[from + 1]
      if (numbers === 3) matrices[to + 2] = array[from + 2]
    }
  }

  /** Turns and scales instances `first` … `end − 1`. */
  turn(first: number, end: number): void {
    const { rotation, scale } = this.#parts
    if (rotation === undefined) this.#scale(first, end)
    else if (rotation.layout.numbers === 1) this.#turnFlat(rotation, scale, first, end)
    else this.#turnFreely(rotation, scale, first, end)
  }

  #scale(first: number, end: number): void {
    const { scale } = this.#parts
    for (let p = first; p < end; p++) {
      const to = p * MATRIX
      this.#matrices[to] = scaleOf(scale, p, 0)
      this.#matrices[to + 5] = scaleOf(scale, p, 1)
      this.#matrices[to + 10] = scaleOf(scale, p, 2)
    }
  }

  /** Around z. */
  #turnFlat(rotation: GatheredValues, scale: GatheredValues | undefined, first: number, end: number): void {
    const matrices = this.#matrices
    const { array } = rotation
    for (let p = first; p < end; p++) {
      const to = p * MATRIX
      const [cos, sin] = [Math.cos(array[p]), Math.sin(array[p])]
      const x = scaleOf(scale, p, 0)
      const y = scaleOf(scale, p, 1)
      matrices[to] = cos * x
      matrices[to + 1] = sin * x
      matrices[to + 4] = -sin * y
      matrices[to + 5] = cos * y
      matrices[to + 10] = scaleOf(scale, p, 2)
    }
  }

  /** By a quaternion. */
  #turnFreely(rotation: GatheredValues, scale: GatheredValues | undefined, first: number, end: number): void {
    const m = this.#matrices
    const { array } = rotation
    for (let p = first; p < end; p++) {
      const q = p * 4
      const x = array[q]
      const y = array[q + 1]
      const z = array[q + 2]
      const w = array[q + 3]
      const sx = scaleOf(scale, p, 0)
      const sy = scaleOf(scale, p, 1)
      const sz = scaleOf(scale, p, 2)
      const to = p * MATRIX
      m[to] = (1 - 2 * (y * y + z * z)) * sx
      m[to + 1] = 2 * (x * y + w * z) * sx
      m[to + 2] = 2 * (x * z - w * y) * sx
      m[to + 4] = 2 * (x * y - w * z) * sy
      m[to + 5] = (1 - 2 * (x * x + z * z)) * sy
      m[to + 6] = 2 * (y * z + w * x) * sy
      m[to + 8] = 2 * (x * z + w * y) * sz
      m[to + 9] = 2 * (y * z - w * x) * sz
      m[to + 10] = (1 - 2 * (x * x + y * y)) * sz
    }
  }
}

/** The scale of instance `p` along an axis. */
function scaleOf(scale: GatheredValues | undefined, p: number, axis: number): number {
  if (scale === undefined) return 1
  const { numbers } = scale.layout
  if (numbers === 1) return scale.array[p]
  return axis < numbers ? scale.array[p * numbers + axis] : 1
}
