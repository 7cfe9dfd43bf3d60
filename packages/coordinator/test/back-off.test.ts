import { describe, expect, it } from 'vitest'
import { BackOff } from '../src/device/back-off.ts'

/** Frames, counted from 1, in which a try is due when each fails. */
function triesIn(frames: number, backOff: BackOff): number[] {
  const tries: number[] = []
  for (let frame = 1; frame <= frames; frame++) {
    backOff.passFrame()
    if (!backOff.due) continue
    tries.push(frame)
    backOff.failed()
  }
  return tries
}

describe('a back-off', () => {
  it('is due at once, then 1, 2, 4 … 256 frames after each failure', () => {
    const tries = triesIn(1100, new BackOff())
    expect(tries).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024])
  })

  it('starts over after a successful try', () => {
    const backOff = new BackOff()
    triesIn(100, backOff)
    backOff.reset()
    expect(triesIn(4, backOff)).toEqual([1, 2, 4])
  })
})
