/**
 * What the diff + pack kernels read: a table in linear memory, one group of scalars after the other. A group is some
 * scalars that stand side by side in the row. One group takes 16 words:
 *
 *     word    0        1       2     3       4 … 7          8 … 11          12 … 15
 *             kind     count   dst   step    base[4]        limit[4]        table[4]
 *
 *     kind    Scalars: `count` columns of 1 to 4, one scalar from each, found at base[i] + 4 × index
 *             Run:     `count` scalars of one column, found at base[0] + step × index
 *             Half:    one f32 of one column, at base[0] + step × index, packed as f16
 *     dst     bytes from the start of the row
 *     base    byte address of index 0, modulo 2³²
 *     limit   how many indices the column has; what lies past them reads as zero
 *     table   byte address of a u32 table row → index; −1: the index is the row
 *
 * Behind the table lies the work area of the kernel.
 */
export const Group = {
  /** Bytes of a group. */
  bytes: 64,
  /** Bytes of the work area: two bits for each row of a block, and as much again for each group. */
  workBytes: 256,
  workBytesPerGroup: 256,
  /** Rows that a kernel handles at a time, so that the columns of all groups stay in the first-level cache. */
  blockRows: 1024,
  Scalars: 0,
  Run: 1,
  Half: 2,
  kind: 0,
  count: 1,
  dst: 2,
  step: 3,
  base: 4,
  limit: 8,
  table: 12,
} as const

/** How a column's scalars lie in the row. */
export interface ColumnLayout {
  /** What the row holds; numbers of another kind are converted as `TypedArray.set` does it. */
  readonly type: 'f32' | 'i32' | 'u32' | 'f16'
  /** Scalars per entity in the source column, which stand side by side there. */
  readonly arity: number
  /** Byte offset in the row of each of these scalars. */
  readonly offsets: readonly number[]
}

/** One scalar of a column in a group: lane `lane` of group `group` reads scalar `scalar` of column `column`. */
interface GroupLane {
  readonly column: number
  readonly scalar: number
}

/** A group before it lies in memory. */
export interface GroupPlan {
  readonly kind: 0 | 1 | 2
  readonly count: number
  readonly dst: number
  readonly step: number
  readonly lanes: readonly GroupLane[]
}

/**
 * Sorts the scalars of all columns into groups: first the scalars of single columns by up to four, then the scalars of
 * one column that stay together in the row as runs, then f16 one by one, each in the order of the row.
 */
export function planGroups(columns: readonly ColumnLayout[]): GroupPlan[] {
  const groups: GroupPlan[] = []
  const singles: { column: number; dst: number }[] = []
  columns.forEach(({ type, arity, offsets }, column) => {
    if (type === 'f16') {
      offsets.forEach((dst, scalar) => {
        groups.push({ kind: Group.Half, count: 1, dst, step: arity * 4, lanes: [{ column, scalar }] })
      })
    } else if (arity === 1) {
      singles.push({ column, dst: offsets[0] })
    } else {
      for (let scalar = 0; scalar < arity;) {
        let count = 1
        while (scalar + count < arity && offsets[scalar + count] === offsets[scalar] + count * 4) count++
        groups.push({
          kind: Group.Run,
          count,
          dst: offsets[scalar],
          step: arity * 4,
          lanes: [{ column, scalar }],
        })
        scalar += count
      }
    }
  })
  singles.sort((a, b) => a.dst - b.dst)
  for (let i = 0; i < singles.length;) {
    const { dst } = singles[i]
    const lanes: GroupLane[] = []
    while (lanes.length < 4 && i < singles.length && singles[i].dst === dst + lanes.length * 4) {
      lanes.push({ column: singles[i].column, scalar: 0 })
      i++
    }
    groups.push({ kind: Group.Scalars, count: lanes.length, dst, step: 4, lanes })
  }
  return groups.sort((a, b) => a.kind - b.kind || a.dst - b.dst)
}
