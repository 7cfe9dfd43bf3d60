import { trailingZeros } from './bits.ts'
import { DirtyRows } from './dirty-rows.ts'
import { ColumnUnusable, PackerDisposed, PackLayoutInvalid, RowsOutOfRange, WrongMemory } from './errors.ts'
import { Group, planGroups } from './kernels/group-table.ts'
import type { ColumnLayout } from './kernels/group-table.ts'
import type { Kernels } from './kernels/kernels.ts'
import { SourceColumn } from './kernels/source-column.ts'
import type { ColumnSource } from './kernels/source-column.ts'
import type { Block, LinearMemory } from './linear-memory.ts'
import { MAX_RESERVE_BYTES } from './reserve.ts'

export type { ColumnLayout } from './kernels/group-table.ts'
export type { ColumnReader, ColumnSource, NumberArray } from './kernels/source-column.ts'

/** Rows that columns are packed into; all of it lies in the packer's memory. */
export interface PackTarget {
  /** Byte of row 0 in the memory's buffer, a multiple of 4. */
  readonly offset: number
  /** Gets the rows that changed; it has as many rows as there are. */
  readonly dirty: DirtyRows
}

/**
 * Most rows of a chunk of columns that lie outside the kernels' memory: 4 096 to 8 192 measured best, less costs calls,
 * more falls out of the first caches.
 */
const CHUNK_ROWS = 8192
/** Most scalars of a chunk, so that the scratch of rows with many columns stays in the second-level cache. */
const CHUNK_SCALARS = 65_536
/** Most scalars of a chunk of rows so large that a block of them does not fit the caches anyway: its scratch is memory that is missed elsewhere. */
const LARGE_CHUNK_SCALARS = 1 << 20
/** Below this share of a chunk's rows, single rows are read instead of the whole chunk. */
const SPARSE = 1 / 8

/**
 * The way a component's columns get into the rows of a mirror. Made once per component; columns are bound every
 * frame, which costs nothing while they are the same arrays.
 *
 * Columns in the memory of the kernels are read where they lie. All others, and those of another kind than the row
 * holds, come in by chunks through scratch memory, without garbage. Comparison is of bits: a NaN equals itself, −0
 * differs from 0. What lies past the end of a column reads as zero; so do a plain array's holes and non-numbers. What
 * is no array of numbers is asked for its numbers through a `ColumnReader`.
 * Bytes of the row that belong to no column are never touched.
 */
export class ColumnPacker {
  readonly #memory: LinearMemory & { readonly kernels: Kernels }
  readonly #stride: number
  readonly #sources: SourceColumn[]
  readonly #arities: number[]
  readonly #groupCount: number
  readonly #table: Block
  readonly #words: Int32Array
  /** Per column: where the base of each of its lanes lies in `#words`, then the scalar that the lane reads. */
  readonly #lanes: Int32Array[]
  readonly #chunkRows: number
  readonly #scratch: (Block | undefined)[]
  #rows: { positions: Int32Array; indices: Uint32Array; count: number } | undefined
  #maskBlock: Block | undefined
  #mask: DirtyRows | undefined
  #outside = 0
  /** The column that was read last, −1 before the first: the one to name when reading threw. */
  reading = -1
  #disposed = false
  #entities = -1
  readonly #u32: Uint32Array

  /**
   * @param memory where the mirror lies, with the kernels that work on it
   * @param columns how each column lies in the row; at least one
   * @param stride bytes from row to row
   * @throws PackLayoutInvalid, HeapFull
   */
  constructor(
    memory: LinearMemory & { readonly kernels: Kernels },
    columns: readonly ColumnLayout[],
    stride: number,
  ) {
    checkLayout(columns, stride)
    const groups = planGroups(columns)
    this.#memory = memory
    this.#stride = stride
    this.#arities = columns.map((column) => column.arity)
    this.#sources = columns.map((column, i) => new SourceColumn(i, column, memory.buffer))
    this.#groupCount = groups.length
    this.#chunkRows = chunkRows(columns)
    this.#scratch = columns.map(() => undefined)
    this.#table = memory.alloc(tableBytes(groups.length), 64, 'column packer')
    this.#words = new Int32Array(memory.buffer, this.#table.offset, tableBytes(groups.length) / 4)
    this.#u32 = new Uint32Array(memory.buffer, 0, Math.floor(memory.buffer.byteLength / 4))
    const lanes: number[][] = columns.map(() => [])
    groups.forEach((group, g) => {
      const at = (g * Group.bytes) / 4
      this.#words[at + Group.kind] = group.kind
      this.#words[at + Group.count] = group.count
      this.#words[at + Group.dst] = group.dst
      this.#words[at + Group.step] = group.step
      group.lanes.forEach((lane, l) => lanes[lane.column].push(at + Group.base + l, lane.scalar))
    })
    this.#lanes = lanes.map((numbers) => Int32Array.from(numbers))
  }

  /**
   * The most bytes that a packer of these columns takes from its memory, blocks rounded up: to size a memory that
   * holds one mirror.
   * @param maskRows rows of the masks it will be given that lie in another buffer; 0 when there are none
   */
  static bytesFor(columns: readonly ColumnLayout[], maskRows = 0): number {
    const rows = chunkRows(columns)
    let bytes = tableBytes(planGroups(columns).length) + 64
    for (const { arity } of columns) bytes += rows * arity * 4 + 64
    return bytes + DirtyRows.bytesFor(maskRows) + 64
  }

  /** Elements of plain arrays and readers that were wanted, lie within them and are no numbers. Set it to 0 to begin anew. */
  get holes(): number {
    let holes = 0
    for (let i = 0; i < this.#sources.length; i++) holes += this.#sources[i].holes
    return holes
  }

  set holes(count: 0) {
    for (let i = 0; i < this.#sources.length; i++) this.#sources[i].holes = count
  }

  /**
   * Gives column `i` its source: call it every frame, in case the component's column was re-assigned.
   * @throws ColumnUnusable when there is no column `i`, or it is no array of numbers
   * @throws HeapFull when there is no room for the scratch of a column that lies outside the memory
   */
  bind(i: number, source: ColumnSource): void {
    const column = this.#sources[i]
    if (column === undefined)
      throw new ColumnUnusable(i, `there are ${this.#sources.length} columns, from 0 on.`)
    if (!column.bind(source)) return
    if (column.address < 0 && this.#scratch[i] === undefined) this.#giveScratch(i)
    this.#setLanes(i, column.address < 0 ? this.#scratch[i]!.offset : column.address)
    const { entities } = column
    const lanes = this.#lanes[i]
    for (let l = 0; l < lanes.length; l += 2) {
      this.#words[lanes[l] + 4] = column.address < 0 ? -1 : entities
    }
    this.#countOutside()
    this.#setTable(this.#entities)
  }

  /**
   * Compares the columns with rows `first … first + count − 1`, bit by bit, packs the rows that differ and sets their
   * dirty bits.
   * @param mask only these rows; rows that it does not have are left out
   * @param entities byte offset in the memory of a u32 table row → index into the columns; default: row = index
   * @returns rows that differed
   * @throws RowsOutOfRange, WrongMemory, ColumnUnusable
   */
  diff(target: PackTarget, first: number, count: number, mask?: DirtyRows, entities = -1): number {
    return this.#run(target, first, count, mask, entities, 0)
  }

  /**
   * Packs rows `first … first + count − 1` whether they differ or not, and sets their dirty bits.
   * @param mask only these rows; rows that it does not have are left out
   * @param entities byte offset in the memory of a u32 table row → index into the columns; default: row = index
   * @returns rows packed
   * @throws RowsOutOfRange, WrongMemory, ColumnUnusable
   */
  pack(target: PackTarget, first: number, count: number, mask?: DirtyRows, entities = -1): number {
    return this.#run(target, first, count, mask, entities, 1)
  }

  /** Gives its memory back; `diff` and `pack` then throw PackerDisposed. Idempotent. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#memory.free(this.#table)
    for (const block of this.#scratch) if (block !== undefined) this.#memory.free(block)
    if (this.#maskBlock !== undefined) this.#memory.free(this.#maskBlock)
    this.#scratch.fill(undefined)
    this.#maskBlock = undefined
  }

  #run(
    target: PackTarget,
    first: number,
    count: number,
    mask: DirtyRows | undefined,
    entities: number,
    force: 0 | 1,
  ): number {
    this.#check(target, first, count, entities)
    let rows = count
    let near: DirtyRows | undefined
    if (mask !== undefined) {
      rows = Math.min(count, mask.rows - first)
      if (rows <= 0 || mask.isEmpty) return 0
      near = mask.buffer === this.#memory.buffer ? mask : this.#bringMask(mask)
    }
    if (rows === 0) return 0
    if (entities !== this.#entities) {
      this.#entities = entities
      this.#setTable(entities)
    }
    if (this.#outside === 0) return this.#kernel(target, first, rows, near, force)
    let changed = 0
    const step = this.#chunkRows
    for (let chunk = Math.floor(first / step); chunk * step < first + rows; chunk++) {
      const from = Math.max(first, chunk * step)
      const wanted = Math.min(first + rows, (chunk + 1) * step) - from
      const live = near === undefined ? wanted : near.countRange(from, wanted)
      if (live === 0) continue
      const reach = from + wanted - chunk * step
      if (entities >= 0 || live < reach * SPARSE) this.#loadRows(chunk, from, wanted, near, entities)
      else this.#loadChunk(chunk, reach, near)
      changed += this.#kernel(target, from, wanted, near, force)
    }
    return changed
  }

  #kernel(
    target: PackTarget,
    first: number,
    count: number,
    mask: DirtyRows | undefined,
    force: 0 | 1,
  ): number {
    const { dirty } = target
    return this.#memory.kernels.diffPack(
      this.#table.offset,
      this.#groupCount,
      first,
      count,
      target.offset,
      this.#stride,
      dirty.offset,
      dirty.summaryOffset,
      mask === undefined ? -1 : mask.offset,
      mask === undefined ? 0 : mask.summaryOffset,
      force,
    )
  }

  /** Brings the first `reach` rows of a chunk of every column that lies outside into its scratch. */
  #loadChunk(chunk: number, reach: number, mask: DirtyRows | undefined): void {
    const first = chunk * this.#chunkRows
    for (let i = 0; i < this.#sources.length; i++) {
      const source = this.#sources[i]
      if (source.address >= 0) continue
      this.reading = i
      source.loadChunk(chunk, this.#chunkRows, reach, mask)
      this.#setLanes(i, this.#scratch[i]!.offset - first * this.#arities[i] * 4)
    }
  }

  /** Brings rows `from … from + count − 1` of the mask, row by row. */
  #loadRows(chunk: number, from: number, count: number, mask: DirtyRows | undefined, entities: number): void {
    const first = chunk * this.#chunkRows
    const rows = this.#listRows(first, from, count, mask, entities)
    for (let i = 0; i < this.#sources.length; i++) {
      const source = this.#sources[i]
      if (source.address >= 0) continue
      this.reading = i
      source.loadRows(rows)
      this.#setLanes(i, this.#scratch[i]!.offset - first * this.#arities[i] * 4)
    }
  }

  /** Lists the rows of the mask in a range, with the index of each in the columns. */
  #listRows(
    chunkFirst: number,
    from: number,
    count: number,
    mask: DirtyRows | undefined,
    entities: number,
  ): { positions: Int32Array; indices: Uint32Array; count: number } {
    this.#rows ??= {
      positions: new Int32Array(this.#chunkRows),
      indices: new Uint32Array(this.#chunkRows),
      count: 0,
    }
    const { positions, indices } = this.#rows
    const table = entities >>> 2
    const u32 = this.#u32
    let n = 0
    const end = from + count
    for (let row0 = from & ~31; row0 < end; row0 += 32) {
      let bits = mask === undefined ? -1 : mask.words[row0 >>> 5]
      if (row0 < from) bits &= -1 << (from & 31)
      if (end - row0 < 32) bits &= ~(-1 << (end - row0))
      for (; bits !== 0; bits &= bits - 1) {
        const row = row0 + trailingZeros(bits)
        positions[n] = row - chunkFirst
        indices[n] = entities < 0 ? row : u32[table + row]
        n++
      }
    }
    this.#rows.count = n
    return this.#rows
  }

  /** Tells the kernels where index 0 of a column would lie. */
  #setLanes(i: number, base: number): void {
    const lanes = this.#lanes[i]
    for (let l = 0; l < lanes.length; l += 2) this.#words[lanes[l]] = base + lanes[l + 1] * 4
  }

  /** Tells the kernels which columns are read through the table. Those from outside are put in the order of rows. */
  #setTable(entities: number): void {
    for (let i = 0; i < this.#lanes.length; i++) {
      const lanes = this.#lanes[i]
      const table = this.#sources[i].address < 0 ? -1 : entities
      for (let l = 0; l < lanes.length; l += 2) this.#words[lanes[l] + 8] = table
    }
  }

  #countOutside(): void {
    this.#outside = 0
    for (const source of this.#sources) if (source.address < 0) this.#outside++
  }

  #giveScratch(i: number): void {
    const elements = this.#chunkRows * this.#arities[i]
    let block: Block
    try {
      block = this.#memory.alloc(elements * 4, 64, 'column packer: chunk')
    } catch (error) {
      // Bound again, the column must ask again.
      this.#sources[i].unbind()
      throw error
    }
    this.#scratch[i] = block
    const { buffer } = this.#memory
    this.#sources[i].scratch = {
      f32: new Float32Array(buffer, block.offset, elements),
      i32: new Int32Array(buffer, block.offset, elements),
      u32: new Uint32Array(buffer, block.offset, elements),
    }
  }

  /** A mask of another buffer, copied: two `set`s. */
  #bringMask(mask: DirtyRows): DirtyRows {
    if (this.#mask === undefined || this.#mask.rows < mask.rows) {
      if (this.#maskBlock !== undefined) this.#memory.free(this.#maskBlock)
      this.#maskBlock = undefined
      this.#mask = undefined
      const block = this.#memory.alloc(DirtyRows.bytesFor(mask.rows), 64, 'column packer: mask')
      this.#maskBlock = block
      this.#mask = new DirtyRows(mask.rows, { buffer: this.#memory.buffer, offset: block.offset })
    }
    this.#mask.words.set(mask.words)
    this.#mask.summary.set(mask.summary)
    return this.#mask
  }

  #check(target: PackTarget, first: number, count: number, entities: number): void {
    if (this.#disposed) throw new PackerDisposed()
    const { dirty, offset } = target
    const { buffer } = this.#memory
    if (!(Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 0)) {
      throw new RowsOutOfRange(first, count, dirty.rows)
    }
    if (first + count > dirty.rows) throw new RowsOutOfRange(first, count, dirty.rows)
    if (dirty.buffer !== buffer)
      throw new WrongMemory('The dirty rows', 'place them in the memory of the packer.')
    const bytes = buffer.byteLength
    const end = offset + (first + count) * this.#stride
    if (!(Number.isInteger(offset / 4) && offset >= 0 && end <= bytes)) {
      throw new WrongMemory(
        'The target',
        `${first + count} rows from byte ${offset} on, which must be a multiple of 4, in ${bytes} bytes.`,
      )
    }
    if (
      entities !== -1 &&
      !(Number.isInteger(entities / 4) && entities >= 0 && entities + (first + count) * 4 <= bytes)
    ) {
      throw new WrongMemory(
        'The entity table',
        `${first + count} u32 from byte ${entities} on, in ${bytes} bytes.`,
      )
    }
    for (let i = 0; i < this.#sources.length; i++) {
      if (!this.#sources[i].bound) throw new ColumnUnusable(i, 'nothing is bound to it.')
    }
  }
}

/** Rows of a chunk: a power of two, at least one block unless rows are very large. */
function chunkRows(columns: readonly ColumnLayout[]): number {
  let scalars = 0
  for (const column of columns) scalars += column.arity
  let rows = CHUNK_ROWS
  while (rows > Group.blockRows && rows * scalars > CHUNK_SCALARS) rows /= 2
  while (rows > 1 && rows * scalars > LARGE_CHUNK_SCALARS) rows /= 2
  return rows
}

function tableBytes(groupCount: number): number {
  return groupCount * (Group.bytes + Group.workBytesPerGroup) + Group.workBytes
}

/** @throws PackLayoutInvalid */
function checkLayout(columns: readonly ColumnLayout[], stride: number): void {
  const halves = columns.every((column) => column.type === 'f16')
  if (!Number.isInteger(stride) || stride <= 0 || stride % (halves ? 2 : 4) !== 0) {
    throw new PackLayoutInvalid(
      -1,
      `a stride of ${stride} bytes is no positive multiple of ${halves ? 2 : 4}.`,
    )
  }
  if (stride > MAX_RESERVE_BYTES) throw new PackLayoutInvalid(-1, `no memory holds a row of ${stride} bytes.`)
  // By halves of a word. An array, because a row may have a million scalars.
  const taken = new Uint8Array(Math.ceil(stride / 2))
  columns.forEach(({ type, arity, offsets }, i) => {
    if (!Number.isInteger(arity) || arity < 1 || offsets.length !== arity) {
      throw new PackLayoutInvalid(
        i,
        `arity ${arity} needs as many offsets, of which it has ${offsets.length}.`,
      )
    }
    const size = type === 'f16' ? 2 : 4
    for (const offset of offsets) {
      if (!Number.isInteger(offset / size) || offset < 0 || offset + size > stride) {
        throw new PackLayoutInvalid(
          i,
          `offset ${offset} is no multiple of ${size} within a row of ${stride} bytes.`,
        )
      }
      for (let half = offset; half < offset + size; half += 2) {
        if (taken[half / 2] === 1)
          throw new PackLayoutInvalid(i, `byte ${half} of the row belongs to another scalar too.`)
        taken[half / 2] = 1
      }
    }
  })
  if (columns.length === 0) throw new PackLayoutInvalid(-1, 'there are no columns.')
}
