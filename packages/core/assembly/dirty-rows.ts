// The kernels over whole sets of rows, in AssemblyScript; `js-kernels.ts` is their twin (docs/decisions/0022).
// @ts-nocheck

/** Before the first run: so far away that no row joins it. */
const NO_RUN: i32 = -0x40000000
/** Where `survey` leaves what it found besides: in the first bytes of the memory, which no block has. */
const FOUND: u32 = 0

/** Whether 32 words have all their bits set. */
@inline
function isFull(words: u32): bool {
  const a = v128.and(v128.load(words), v128.load(words, 16))
  const b = v128.and(v128.load(words, 32), v128.load(words, 48))
  const c = v128.and(v128.load(words, 64), v128.load(words, 80))
  const d = v128.and(v128.load(words, 96), v128.load(words, 112))
  return !v128.any_true(v128.not(v128.and(v128.and(a, b), v128.and(c, d))))
}

/** The first word from `at` on that isn't 0; `end` without one. */
export function skipZeros(at: u32, end: u32): u32 {
  for (; at + 64 <= end; at += 64) {
    const a = v128.or(v128.load(at), v128.load(at, 16))
    const b = v128.or(v128.load(at, 32), v128.load(at, 48))
    if (v128.any_true(v128.or(a, b))) break
  }
  while (at < end && !load<i32>(at)) at += 4
  return at
}

export function survey(words: u32, summary: u32, blocks: u32, maxGap: i32): u32 {
  const byWord = maxGap >= 31
  let rows: u32 = 0
  let runs: u32 = 0
  let gaps: i32 = NO_RUN
  let end: i32 = NO_RUN
  const last = summary + (blocks << 2)
  let at = summary
  while ((at = skipZeros(at, last)) < last) {
    const s = (at - summary) >>> 2
    let live = load<i32>(at)
    at += 4
    const block = words + (s << 7)
    if (live == -1 && isFull(block)) {
      const from: i32 = s << 10
      if (from - end > maxGap) {
        gaps += from - end
        runs++
      }
      end = from + 1024
      rows += 1024
      continue
    }
    for (; live; live &= live - 1) {
      const w = ctz(live)
      let word = load<i32>(block + (w << 2))
      const base: i32 = ((s << 5) + w) << 5
      rows += popcnt(word)
      while (word) {
        const low = ctz(word)
        const from = base + low
        if (from - end > maxGap) {
          gaps += from - end
          runs++
        }
        if (byWord) {
          end = base + 32 - clz(word)
          break
        }
        // The ones from `low` on; a shift by 32 is none.
        const length = min(ctz(~(<u32>word >>> low)), 32 - low)
        end = from + length
        word = low + length >= 32 ? 0 : word & (-1 << (low + length))
      }
    }
  }
  store<u32>(FOUND, runs)
  store<u32>(FOUND, end - gaps, 4)
  store<u32>(FOUND, max(end, 0), 8)
  return rows
}

export function unite(words: u32, summary: u32, other: u32, otherSummary: u32, end: u32): void {
  const lastWord = end >>> 5
  const lastBits: i32 = ~(-1 << (end & 31))
  const last = otherSummary + ((end + 1023) >>> 10 << 2)
  let from = otherSummary
  while ((from = skipZeros(from, last)) < last) {
    const s = (from - otherSummary) >>> 2
    let some = load<i32>(from)
    from += 4
    const at = s << 7
    if (some == -1 && (s + 1) << 10 <= end) {
      for (let k: u32 = at; k < at + 128; k += 16)
        v128.store(words + k, v128.or(v128.load(words + k), v128.load(other + k)))
      store<i32>(summary + (s << 2), -1)
      continue
    }
    let over: i32 = 0
    for (; some; some &= some - 1) {
      const bit = ctz(some)
      const w = (s << 5) + bit
      if (w > lastWord) break
      let added = load<i32>(other + (w << 2))
      if (w == lastWord) added &= lastBits
      if (!added) continue
      store<i32>(words + (w << 2), load<i32>(words + (w << 2)) | added)
      over |= 1 << bit
    }
    if (over) store<i32>(summary + (s << 2), load<i32>(summary + (s << 2)) | over)
  }
}
