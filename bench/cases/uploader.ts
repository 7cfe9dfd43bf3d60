/** One way of bringing changed rows of a game's data to the device. */
export interface Uploader {
  readonly name: string
  /** Whether a frame takes longer the more rows change, in proportion or worse. */
  readonly perRow?: boolean
  /** Writes new values into these rows of the game's own data, as the game would. Not timed. */
  change(rows: Uint32Array): void
  /** Brings them to the device. This is what is timed. @param rows those that were changed; only who needs a list looks at it */
  upload(rows: Uint32Array): void
  /** Resolves when the device is done. */
  done(): Promise<void>
  /** What the device holds of all rows, in order. */
  read(): Promise<ArrayBuffer>
  /** What it should hold. */
  expected(): Float32Array
  /** Bytes in use of a heap of memkit's; undefined where there is none. */
  heapBytes?(): number
  dispose(): void
}

/** Makes one when it is its turn. Undefined where the device cannot do it. */
export type MakeUploader = () => Uploader | undefined | Promise<Uploader | undefined>

/** Makes all of them. */
export async function madeOf(makers: readonly MakeUploader[]): Promise<Uploader[]> {
  const made: Uploader[] = []
  for (const make of makers) {
    const uploader = await make()
    if (uploader) made.push(uploader)
  }
  return made
}

/** Rows and bytes per row: 16 (a position and a scale) or 64 (a matrix). */
export interface Shape {
  readonly rows: number
  readonly stride: 16 | 64
}

/** A game's data as an array of rows. */
export class RowData {
  readonly values: Float32Array<ArrayBuffer>
  readonly floats: number
  #turn = 0

  constructor({ rows, stride }: Shape, values?: Float32Array<ArrayBuffer>) {
    this.floats = stride / 4
    this.values = values ?? new Float32Array(rows * this.floats)
  }

  /** Each number of each of these rows becomes one that it was not. */
  change(rows: Uint32Array): void {
    const { values, floats } = this
    const turn = ++this.#turn
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]
      for (let k = row * floats; k < (row + 1) * floats; k++) values[k] = turn + (k & 1023)
    }
  }
}

/** Sorts rows and calls with each piece that has no gap. Sorted in place of `room`, which is as long as there are rows at most. */
export function forEachRange(
  rows: Uint32Array,
  room: Uint32Array,
  range: (first: number, count: number) => void,
): void {
  const sorted = room.subarray(0, rows.length)
  sorted.set(rows)
  sorted.sort()
  for (let i = 0; i < sorted.length;) {
    const first = sorted[i]
    let end = first + 1
    while (++i < sorted.length && sorted[i] === end) end++
    range(first, end - first)
  }
}
