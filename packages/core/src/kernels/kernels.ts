/**
 * The inner loops, over one linear memory. Two kinds give the same bits: WebAssembly SIMD, and
 * JavaScript where WebAssembly or SIMD is refused. All addresses are bytes from the start of the
 * memory. Kernels don't allocate and don't check addresses: what calls them does.
 *
 * A bitset of rows is two addresses: one bit a row in its words, and in its summary one bit a word,
 * set where the word may be non-zero. `DirtyRows` lays them out so (`offset`, `summaryOffset`).
 */
export interface Kernels {
  readonly kind: 'wasm-simd' | 'js'

  /**
   * Compares columns with rows, and packs the rows that differ. For each row of
   * `first … first + count − 1` in the mask: compares the scalars of its groups with the row in the
   * target, bit by bit; where one differs, writes them and sets the row's dirty bit.
   * @param groups address of a group table (see `group-table.ts`), its work area behind it
   * @param groupCount groups in the table
   * @param target address of row 0
   * @param stride bytes from row to row
   * @param words address of the dirty words of row 0; `summary` of theirs
   * @param mask address of the mask's words, or −1 for all rows; `maskSummary` of theirs
   * @param force 1: every row in the mask counts as different
   * @returns how many rows differed
   */
  diffPack(
    groups: number,
    groupCount: number,
    first: number,
    count: number,
    target: number,
    stride: number,
    words: number,
    summary: number,
    mask: number,
    maskSummary: number,
    force: 0 | 1,
  ): number

  /**
   * Copies the dirty rows among `first … first + count − 1` side by side, and writes their numbers
   * as u32.
   * @param words address of the dirty words of row 0; `summary` of theirs
   * @param source address of row 0, a multiple of 4
   * @param stride bytes of a row, a multiple of 4
   * @param payload address of the copies, a multiple of 4: `stride` bytes for each dirty row
   * @param indices address of the row numbers, a multiple of 4: 4 bytes for each dirty row
   * @returns how many rows were copied
   */
  gather(
    words: number,
    summary: number,
    first: number,
    count: number,
    source: number,
    stride: number,
    payload: number,
    indices: number,
  ): number

  /**
   * Compares words with their copy: copies those that differ, and sets the bit of each in a bitset.
   * @param source address of the first word, a multiple of 4; `copy` of its copy
   * @param count how many words
   * @param words address of the bitset's words; `summary` of their summary
   * @param first bit of the first word
   * @returns how many words differed
   */
  diffWords(
    source: number,
    copy: number,
    count: number,
    words: number,
    summary: number,
    first: number,
  ): number

  /**
   * Counts the rows of a set, and the runs that they form when gaps of at most `maxGap` rows are
   * merged, in one walk over the words that are set.
   * @param words address of the set's words; `summary` of theirs
   * @param blocks words of the summary
   * @param maxGap rows, up to 2³⁰ − 1
   * @returns how many rows; `found` has the rest until the next call
   */
  survey(words: number, summary: number, blocks: number, maxGap: number): number

  /**
   * What `survey` found besides: how many runs, how many rows they have with the gaps merged, and
   * the row behind the last.
   */
  readonly found: Uint32Array

  /**
   * Adds the rows below `end` of another set to a set that has as much room.
   * @param words address of the set's words; `summary` of theirs
   * @param other address of the other's words; `otherSummary` of theirs
   */
  unite(words: number, summary: number, other: number, otherSummary: number, end: number): void

  /**
   * Finds a word that isn't 0, for walks over a set with few rows.
   * @param at address of a word; `end` behind the last one
   * @returns the address of the first word from `at` on that isn't 0; `end` without one
   */
  skipZeros(at: number, end: number): number
}
