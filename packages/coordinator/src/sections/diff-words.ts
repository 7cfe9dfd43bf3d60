import type { MirrorMemory } from '../mirror/mirror-memory.ts'
import type { ColumnSources } from './column-sources.ts'

/**
 * Compares the first `count` words of a column with its copy: those that differ are copied, and
 * dirty.
 */
export function diffWords(columns: ColumnSources, column: number, count: number, copy: MirrorMemory): void {
  const { heap, dirty } = copy
  const { offset } = columns.sections[column]
  const array = columns.arrayOf(column)
  if (!array || count === 0) return
  const first = offset / 4
  const to = copy.offset + offset
  if (array.buffer === heap.buffer && array.byteOffset % 4 === 0 && count * 4 <= array.byteLength)
    heap.kernels.diffWords(array.byteOffset, to, count, dirty.offset, dirty.summaryOffset, first)
  else compare(columns.wordsIn(column, count), new Uint32Array(heap.buffer, to, count), dirty, first)
}

function compare(
  words: Uint32Array,
  copy: Uint32Array,
  { words: dirty, summary }: MirrorMemory['dirty'],
  first: number,
): void {
  for (let i = 0; i < words.length; i++) {
    const value = words[i]
    if (value === copy[i]) continue
    copy[i] = value
    const at = first + i
    dirty[at >>> 5] |= 1 << (at & 31)
    summary[at >>> 10] |= 1 << ((at >>> 5) & 31)
  }
}
