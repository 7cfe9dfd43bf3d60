import type { MirrorMemory } from '../mirror/mirror-memory.ts'
import type { ColumnSources } from './column-sources.ts'

/**
 * Compares the first `count` words of a column with its copy: those that differ are copied, and
 * dirty. @returns how many
 */
export function diffWords(columns: ColumnSources, column: number, count: number, copy: MirrorMemory): number {
  const { heap, dirty } = copy
  const { offset } = columns.sections[column]
  const array = columns.arrayOf(column)
  if (!array || count === 0) return 0
  const first = offset / 4
  const to = copy.offset + offset
  if (array.buffer === heap.buffer && array.byteOffset % 4 === 0 && count * 4 <= array.byteLength)
    return heap.kernels.diffWords(array.byteOffset, to, count, dirty.offset, dirty.summaryOffset, first)
  return compare(columns.wordsIn(column, count), new Uint32Array(heap.buffer, to, count), dirty, first)
}

function compare(
  words: Uint32Array,
  copy: Uint32Array,
  { words: dirty, summary }: MirrorMemory['dirty'],
  first: number,
): number {
  let differing = 0
  for (let i = 0; i < words.length; i++) {
    const value = words[i]
    if (value === copy[i]) continue
    copy[i] = value
    const at = first + i
    dirty[at >>> 5] |= 1 << (at & 31)
    summary[at >>> 10] |= 1 << ((at >>> 5) & 31)
    differing++
  }
  return differing
}
