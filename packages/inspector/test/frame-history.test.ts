import { describe, expect, it } from 'vitest'
import { FrameHistory, HISTORY_COLUMNS, type HistoryColumn } from '../src/frame-history.ts'

/** A report in which every figure is told from every other: frame × 100 + number of the column. */
function report(frame: number): Record<HistoryColumn, number> {
  const entries = HISTORY_COLUMNS.map((column, i) => [column, column === 'frame' ? frame : frame * 100 + i])
  return Object.fromEntries(entries) as Record<HistoryColumn, number>
}

describe('FrameHistory', () => {
  it('starts empty', () => {
    const history = new FrameHistory(4)
    expect(history.length).toBe(0)
    expect([...history.view('frame')]).toEqual([])
    expect(history.at('frame', 0)).toBeNaN()
  })

  it.each([1, 2, 3, 4, 5, 8, 9, 15])('keeps the last 4 of %d frames, oldest first', (frames) => {
    const history = new FrameHistory(4)
    for (let frame = 1; frame <= frames; frame++) history.push(report(frame))
    const kept = Array.from({ length: Math.min(4, frames) }, (_, i) => Math.max(0, frames - 4) + i + 1)
    expect(history.length).toBe(kept.length)
    expect(history.pushed).toBe(frames)
    expect([...history.view('frame')]).toEqual(kept)
    HISTORY_COLUMNS.forEach((column, i) => {
      if (column !== 'frame') expect([...history.view(column)]).toEqual(kept.map((frame) => frame * 100 + i))
    })
    expect(history.at('frame', kept.length - 1)).toBe(frames)
  })

  it('reads without copying: a view shows later writes', () => {
    const history = new FrameHistory(4)
    for (let frame = 1; frame <= 6; frame++) history.push(report(frame))
    expect(history.view('frame').buffer).toBe(history.view('frame').buffer)
    expect(history.view('frame').buffer.byteLength).toBe(4 * 2 * 8)
  })
})
