import { popcount, trailingZeros } from '../memory/bits.ts'
import { Group } from './group-table.ts'
import { halfFromFloatBits } from './half-float.ts'
import type { Kernels } from './kernels.ts'

/** Makes kernels in JavaScript, which copy and compare integers, so that every bit survives. */
export function createJsKernels(buffer: ArrayBuffer): Kernels {
  // Divided, not shifted: 4 GiB are one more than 32 bits hold.
  const m = new Int32Array(buffer, 0, Math.floor(buffer.byteLength / 4))
  const u16 = new Uint16Array(buffer, 0, Math.floor(buffer.byteLength / 2))
  const found = new Uint32Array(3)
  return {
    kind: 'js',
    found,

    diffPack(groups, groupCount, first, count, target, stride, words, summary, mask, maskSummary, force) {
      const end = first + count
      let total = 0
      for (let row = first & ~31; row < end; row += 32) {
        const w = row >>> 5
        let live = -1
        if (mask >= 0) {
          if ((m[(maskSummary >>> 2) + (w >>> 5)] & (1 << (w & 31))) === 0) {
            // A summary word without rows: skip all 1024.
            if ((w & 31) === 0 && m[(maskSummary >>> 2) + (w >>> 5)] === 0) row += 31 * 32
            continue
          }
          live = m[(mask >>> 2) + w]
        }
        if (row < first) live &= -1 << (first & 31)
        if (end - row < 32) live &= ~(-1 << (end - row))
        if (live === 0) continue
        let changed = force === 1 ? live : 0
        const rowAddress = target + row * stride
        for (let g = 0; g < groupCount; g++) {
          changed |= packWord(m, u16, (groups + g * Group.bytes) >>> 2, row, live, rowAddress, stride)
        }
        if (changed === 0) continue
        m[(words >>> 2) + w] |= changed
        m[(summary >>> 2) + (w >>> 5)] |= 1 << (w & 31)
        total += popcount(changed)
      }
      return total
    },

    gather(words, summary, first, count, source, stride, payload, indices) {
      const end = first + count
      const rowWords = stride >>> 2
      let to = payload >>> 2
      let index = indices >>> 2
      for (let w = first >>> 5; w * 32 < end; w++) {
        const over = m[(summary >>> 2) + (w >>> 5)]
        if ((over & (1 << (w & 31))) === 0) {
          if ((w & 31) === 0 && over === 0) w += 31
          continue
        }
        const row0 = w * 32
        let bits = m[(words >>> 2) + w]
        if (row0 < first) bits &= -1 << (first & 31)
        if (end - row0 < 32) bits &= ~(-1 << (end - row0))
        for (; bits !== 0; bits &= bits - 1) {
          const row = row0 + trailingZeros(bits)
          m[index++] = row
          const from = (source + row * stride) >>> 2
          for (let k = 0; k < rowWords; k++) m[to++] = m[from + k]
        }
      }
      return index - (indices >>> 2)
    },

    diffWords(source, copy, count, words, summary, first) {
      let from = source >>> 2
      let to = copy >>> 2
      let total = 0
      for (let bit = first; bit < first + count; bit++, from++, to++) {
        const value = m[from]
        if (m[to] === value) continue
        m[to] = value
        m[(words >>> 2) + (bit >>> 5)] |= 1 << (bit & 31)
        m[(summary >>> 2) + (bit >>> 10)] |= 1 << ((bit >>> 5) & 31)
        total++
      }
      return total
    },

    survey(words, summary, blocks, maxGap) {
      const byWord = maxGap >= 31
      let rows = 0
      let runs = 0
      let gaps = NO_RUN
      let end = NO_RUN
      for (let s = 0; s < blocks; s++) {
        const first = (words >>> 2) + (s << 5)
        for (let live = m[(summary >>> 2) + s]; live !== 0; live &= live - 1) {
          const w = trailingZeros(live)
          let word = m[first + w]
          const base = ((s << 5) + w) << 5
          rows += popcount(word)
          while (word !== 0) {
            const low = trailingZeros(word)
            const from = base + low
            if (from - end > maxGap) {
              gaps += from - end
              runs++
            }
            // With such gaps only the outer bits of a word begin or end a run.
            if (byWord) {
              end = base + 32 - Math.clz32(word)
              break
            }
            const rest = ~(word >>> low)
            const length = Math.min(rest === 0 ? 32 : trailingZeros(rest), 32 - low)
            end = from + length
            word = low + length >= 32 ? 0 : word & (-1 << (low + length))
          }
        }
      }
      found[0] = runs
      found[1] = end - gaps
      found[2] = Math.max(end, 0)
      return rows
    },

    unite(words, summary, other, otherSummary, end) {
      const lastWord = end >>> 5
      const lastBits = ~(-1 << (end & 31))
      for (let s = 0; s << 10 < end; s++) {
        for (let some = m[(otherSummary >>> 2) + s]; some !== 0; some &= some - 1) {
          const w = (s << 5) + trailingZeros(some)
          if (w > lastWord) break
          let added = m[(other >>> 2) + w]
          if (w === lastWord) added &= lastBits
          if (added === 0) continue
          m[(words >>> 2) + w] |= added
          m[(summary >>> 2) + s] |= 1 << (w & 31)
        }
      }
    },

    skipZeros(at, end) {
      let w = at >>> 2
      const last = end >>> 2
      while (w < last && m[w] === 0) w++
      return w * 4
    },
  }
}

/** Before the first run: so far away that no row joins it. */
const NO_RUN = -0x4000_0000

/**
 * Compares and packs the scalars of one group in the `live` ones of the 32 rows from `row` on.
 * @param g index of the group's first word
 * @param rowAddress byte address of row `row`
 * @returns bits of the rows that differed
 */
function packWord(
  m: Int32Array,
  u16: Uint16Array,
  g: number,
  row: number,
  live: number,
  rowAddress: number,
  stride: number,
): number {
  const kind = m[g + Group.kind]
  const count = m[g + Group.count]
  const to = rowAddress + m[g + Group.dst]
  let changed = 0
  if (kind === Group.Scalars) {
    for (let lane = 0; lane < count; lane++) {
      changed |= packLane(m, g + lane, 1, row, live, 4, (to >>> 2) + lane, stride >>> 2)
    }
  } else if (kind === Group.Run) {
    changed = packLane(m, g, count, row, live, m[g + Group.step], to >>> 2, stride >>> 2)
  } else {
    const step = m[g + Group.step]
    for (let bits = live; bits !== 0; bits &= bits - 1) {
      const r = trailingZeros(bits)
      const from = sourceWord(m, g, row + r, step)
      const value = from < 0 ? 0 : halfFromFloatBits(m[from])
      const at = (to + r * stride) >>> 1
      if (u16[at] !== value) {
        u16[at] = value
        changed |= 1 << r
      }
    }
  }
  return changed
}

/** Compares and packs `count` scalars a row that stand side by side in source and target. */
function packLane(
  m: Int32Array,
  g: number,
  count: number,
  row: number,
  live: number,
  step: number,
  to: number,
  strideWords: number,
): number {
  let changed = 0
  if (count === 1 && live === -1 && m[g + Group.table] === -1 && row + 32 <= m[g + Group.limit] >>> 0) {
    // The loop below for 32 rows of one scalar.
    let from = ((m[g + Group.base] >>> 0) + row * step) >>> 2
    const stepWords = step >>> 2
    for (let r = 0; r < 32; r++) {
      const value = m[from]
      if (m[to] !== value) {
        m[to] = value
        changed |= 1 << r
      }
      from += stepWords
      to += strideWords
    }
    return changed
  }
  for (let bits = live; bits !== 0; bits &= bits - 1) {
    const r = trailingZeros(bits)
    const from = sourceWord(m, g, row + r, step)
    const at = to + r * strideWords
    for (let k = 0; k < count; k++) {
      const value = from < 0 ? 0 : m[from + k]
      if (m[at + k] !== value) {
        m[at + k] = value
        changed |= 1 << r
      }
    }
  }
  return changed
}

/** Index of the word that a row's scalar is read from; −1 past the end of the column. */
function sourceWord(m: Int32Array, g: number, row: number, step: number): number {
  const table = m[g + Group.table]
  const index = table === -1 ? row : m[(table >>> 2) + row] >>> 0
  if (index >= m[g + Group.limit] >>> 0) return -1
  return ((m[g + Group.base] >>> 0) + index * step) >>> 2
}
