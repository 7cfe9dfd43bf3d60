import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { mapSegments, type MapBlock } from '../src/block-map.ts'

const block = (label: string, offset: number, size: number): MapBlock => ({ label, offset, size })

describe('mapSegments', () => {
  it('shows blocks at their places, and the free segments between and behind them', () => {
    const blocks = [block('b', 300, 100), block('a', 0, 200)]
    expect(mapSegments(blocks, 500, 1)).toEqual([
      { offset: 0, size: 200, blocks: 1, biggest: blocks[1] },
      { offset: 200, size: 100, blocks: 0, biggest: undefined },
      { offset: 300, size: 100, blocks: 1, biggest: blocks[0] },
      { offset: 400, size: 100, blocks: 0, biggest: undefined },
    ])
  })

  it('joins small neighbours under the name of the biggest', () => {
    const blocks = [block('a', 0, 4), block('b', 4, 6), block('c', 12, 3), block('big', 20, 80)]
    expect(mapSegments(blocks, 100, 10)).toEqual([
      { offset: 0, size: 15, blocks: 3, biggest: blocks[1] },
      { offset: 15, size: 5, blocks: 0, biggest: undefined },
      { offset: 20, size: 80, blocks: 1, biggest: blocks[3] },
    ])
  })

  it('returns one free segment without blocks, and none without memory', () => {
    expect(mapSegments([], 64, 1)).toEqual([{ offset: 0, size: 64, blocks: 0, biggest: undefined }])
    expect(mapSegments([], 0, 1)).toEqual([])
  })

  it('covers everything once and in order, with every block in one segment', () => {
    const layouts = fc
      .array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 50 })), { maxLength: 40 })
      .map((pairs) => {
        let at = 0
        return pairs.map(([gap, size], i) => {
          const made = block(`block ${i}`, at + gap, size)
          at = made.offset + size
          return made
        })
      })
    fc.assert(
      fc.property(layouts, fc.nat(20), fc.nat(60), (blocks, least, tail) => {
        const last = blocks.at(-1)
        const end = (last ? last.offset + last.size : 0) + tail
        const segments = mapSegments(blocks, end, least)
        let at = 0
        for (const { offset, size } of segments) {
          expect(offset).toBe(at)
          expect(size).toBeGreaterThan(0)
          at += size
        }
        expect(at).toBe(end)
        expect(segments.reduce((sum, each) => sum + each.blocks, 0)).toBe(blocks.length)
      }),
    )
  })
})
