import type { FrameReport } from '@memkit/ecs-plugin'

const strategies = ['none', 'full', 'runs', 'scatter'] as const

/** Adds up the reports of several frames. The next frame reuses the report, so add it at once. */
export class Tally {
  #frames = 0
  #rows = 0
  #changed = 0
  #uploaded = 0
  #calls = 0
  #stageMs = 0
  #flushMs = 0
  readonly #uploads = { none: 0, full: 0, runs: 0, scatter: 0 }

  add(report: FrameReport): void {
    this.#frames++
    this.#rows += report.rowsChanged
    this.#changed += report.bytesChanged
    this.#uploaded += report.bytesUploaded
    this.#calls += report.apiCalls
    this.#stageMs += report.stageMs
    this.#flushMs += report.flushMs
    for (const mirror of report.mirrors) this.#uploads[mirror.strategy]++
  }

  /** Returns a line of the table, from `rows` to `flush`. */
  cells(): string[] {
    return [
      formatCount(this.#rows),
      megabytes(this.#changed),
      megabytes(this.#uploaded),
      formatCount(this.#calls),
      ...strategies.map((strategy) => formatCount(this.#uploads[strategy])),
      (this.#stageMs / this.#frames).toFixed(2),
      (this.#flushMs / this.#frames).toFixed(2),
    ]
  }
}

const widths = [-8, -13, 10, 9, 9, 6, 5, 5, 5, 7, 6, 6]

export const tableHead: string = tableRow([
  'frames',
  'what',
  'rows',
  'changed',
  'uploaded',
  'calls',
  ...strategies,
  'stage',
  'flush',
])

/** A line of at most 100 columns: the first two cells to the left, numbers to the right. */
export function tableRow(cells: readonly string[]): string {
  return cells
    .map((cell, i) => (widths[i] < 0 ? cell.padEnd(-widths[i]) : cell.padStart(widths[i])))
    .join(' ')
    .trimEnd()
}

export function formatCount(value: number): string {
  return value.toLocaleString('en')
}

function megabytes(bytes: number): string {
  return bytes === 0 ? '0' : `${(bytes / 1e6).toFixed(2)} MB`
}
