/**
 * What the diff + pack kernels read: a table of groups in linear memory. A group is some scalars
 * that stand side by side in the row. Each group takes 16 words (`assembly/group.ts` names the same
 * places for AssemblyScript):
 *
 *     word    0        1       2     3       4 … 7          8 … 11          12 … 15
 *             kind     count   dst   step    base[4]        limit[4]        table[4]
 *
 *     kind    Scalars: `count` columns of 1 to 4, one scalar from each, found at base[i] + 4 × index
 *             Run:     `count` scalars of one column, found at base[0] + step × index
 *             Half:    one f32 of one column, at base[0] + step × index, packed as f16
 *     dst     bytes from the start of the row
 *     base    byte address of index 0, modulo 2³²
 *     limit   how many indices the column has; values past its end read as zero
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
  /** Rows that a kernel handles at a time: their columns fit the first-level cache. */
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

/** How the scalars of a column lie in the row. */
export interface ColumnLayout {
  /** What the row holds. Other numbers are converted as `TypedArray.set` converts them. */
  readonly type: 'f32' | 'i32' | 'u32' | 'f16'
  /** Scalars per entity in the source column, side by side. */
  readonly arity: number
  /** Byte offset in the row of each of these scalars. */
  readonly offsets: readonly number[]
}

/** What one lane of a group reads: scalar `scalar` of column `column`. */
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
 * Sorts the scalars of all columns into groups: up to four columns of one scalar each, then runs
 * (scalars of one column that stay together in the row), then each f16 by itself; each kind in the
 * order of the row.
 */
export function planGroups(columns: readonly ColumnLayout[]): GroupPlan[] {
  const groups: GroupPlan[] = []
  const singles: { column: number; dst: number }[] = []
  columns.forEach(({ type, arity, offsets }, column) => {
    const step = arity * 4
    if (type === 'f16') {
      offsets.forEach((dst, scalar) => {
        groups.push({ kind: Group.Half, count: 1, dst, step, lanes: [{ column, scalar }] })
      })
    } else if (arity === 1) {
      singles.push({ column, dst: offsets[0] })
    } else {
      for (let scalar = 0; scalar < arity;) {
        const dst = offsets[scalar]
        let count = 1
        while (scalar + count < arity && offsets[scalar + count] === dst + count * 4) count++
        groups.push({ kind: Group.Run, count, dst, step, lanes: [{ column, scalar }] })
        scalar += count
      }
    }
  })
  singles.sort((a, b) => a.dst - b.dst)
  for (let i = 0; i < singles.length;) {
    const { dst } = singles[i]
    const lanes: GroupLane[] = []
    while (lanes.length < 4 && i < singles.length && singles[i].dst === dst + lanes.length * 4)
      lanes.push({ column: singles[i++].column, scalar: 0 })
    groups.push({ kind: Group.Scalars, count: lanes.length, dst, step: 4, lanes })
  }
  return groups.sort((a, b) => a.kind - b.kind || a.dst - b.dst)
}
