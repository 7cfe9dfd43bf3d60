import { Group, planGroups, type ColumnLayout } from '../kernels/group-table.ts'
import type { Kernels } from '../kernels/kernels.ts'
import { trailingZeros } from '../memory/bits.ts'
import type { Block, LinearMemory } from '../memory/linear-memory.ts'
import { BoundColumn, type ColumnSource } from './bound-column.ts'
import type { ChunkRows } from './convert-rows.ts'
import { DirtyRows, requireRows } from './dirty-rows.ts'
import { ColumnUnusable, PackerDisposed, WrongMemory } from './errors.ts'
import {
  checkPackLayout,
  chunkRowsOf,
  hasPadding,
  packerBytesOf,
  tableBytesOf,
  workEnd,
} from './pack-layout.ts'
import { ObjectFields } from './object-fields.ts'
import { RowGatherer } from './row-gatherer.ts'

/** Rows that columns are packed into; all of it lies in the packer's memory. */
export interface PackTarget {
  /** Byte of row 0 in the memory's buffer, or where it would lie; a multiple of 4. */
  readonly offset: number
  /** Gets the rows that changed; it has as many rows as there are. */
  readonly dirty: DirtyRows
}

type KernelMemory = LinearMemory & { readonly kernels: Kernels }
type Mask = DirtyRows | undefined

/** Below this share of a chunk's rows, single rows are read instead of the whole chunk. */
const SPARSE = 1 / 8

/**
 * Brings a component's columns into the rows of a mirror. Made once per component; columns are bound every
 * frame, which costs nothing while they are the same arrays.
 *
 * Columns in the memory of the kernels are read where they lie. All others, and those of another
 * kind than the row holds, come in by chunks through scratch memory, without garbage. Comparison is
 * of bits: a NaN equals itself, −0 differs from 0. What lies past the end of a column reads as
 * zero; so do a plain array's holes and non-numbers. What isn't an array of numbers is asked for
 * its numbers through a `ColumnReader`. Bytes of the row that belong to no column are never
 * touched.
 */
export class ColumnPacker {
  /** Wanted elements of plain arrays and readers that are not numbers. Set it to 0 to count again. */
  holes = 0
  /** The column that was read last, −1 before the first: the one to name when reading threw. */
  reading = -1
  readonly #memory: KernelMemory
  readonly #stride: number
  readonly #columns: readonly BoundColumn[]
  readonly #table: PackTable
  readonly #chunkRows: number
  #outside = 0
  /** Columns that are fields of objects, by fours. */
  #fields: readonly ObjectFields[] = []
  /** Address of the table row → index that the group table names, −1 for none. */
  #entities = -1
  readonly #u32: Uint32Array
  readonly #gatherer: RowGatherer
  /** A row has bytes that belong to no column. */
  readonly #isPadded: boolean
  /** Where rows go that are packed side by side. */
  readonly #beside: { offset: number; dirty: DirtyRows }
  #rows: ChunkRows | undefined
  #disposed = false

  /**
   * @param memory where the mirror lies, with the kernels that work on it
   * @param columns how each column lies in the row; at least one
   * @param stride bytes from row to row
   * @throws {@link PackLayoutInvalid}, {@link HeapFull}
   */
  constructor(memory: KernelMemory, columns: readonly ColumnLayout[], stride: number) {
    checkPackLayout(columns, stride)
    this.#memory = memory
    this.#stride = stride
    this.#table = new PackTable(memory, columns)
    this.#chunkRows = chunkRowsOf(columns)
    this.#columns = columns.map((column, i) => new BoundColumn(i, column, memory, this.#chunkRows))
    this.#u32 = new Uint32Array(memory.buffer, 0, Math.floor(memory.buffer.byteLength / 4))
    this.#gatherer = new RowGatherer(this.#columns, stride, memory.buffer)
    this.#isPadded = hasPadding(columns, stride)
    this.#beside = { offset: 0, dirty: this.#table.gathered }
  }

  /** The most bytes that a packer of these columns takes from its memory, blocks rounded up. */
  static bytesFor(columns: readonly ColumnLayout[]): number {
    return packerBytesOf(columns)
  }

  /**
   * Gives column `i` its source: call it every frame, in case the component's column was re-assigned.
   * @throws {@link ColumnUnusable} when there is no column `i`, or the source isn't an array of numbers
   * @throws {@link HeapFull} when there is no room for the scratch of a column that lies outside the memory
   */
  bind(i: number, source: ColumnSource): void {
    const column = this.#columns[i]
    if (column === undefined)
      throw new ColumnUnusable({ column: i, reason: `there are ${this.#columns.length} columns, from 0 on.` })
    if (!column.bind(source)) return
    this.#table.setBase(i, column.address)
    this.#setIndices(i)
    this.#outside = 0
    for (const { isOutside } of this.#columns) if (isOutside) this.#outside++
    this.#fields = ObjectFields.of(this.#columns)
  }

  /**
   * Compares the columns with rows `first … first + count − 1`, bit by bit, packs the rows that
   * differ and sets their dirty bits.
   * @param mask only these rows, in the same memory; rows that it does not have are left out
   * @param entities byte offset of a u32 table row → index into the columns; default: row = index
   * @returns rows that differed
   * @throws {@link RowsOutOfRange}, {@link WrongMemory}, {@link ColumnUnusable}, {@link PackerDisposed}
   */
  diff(target: PackTarget, first: number, count: number, mask?: DirtyRows, entities = -1): number {
    return this.#run(target, first, count, mask, entities, 0)
  }

  /** Like `diff`, but packs the rows whether they differ or not. @returns rows packed */
  pack(target: PackTarget, first: number, count: number, mask?: DirtyRows, entities = -1): number {
    return this.#run(target, first, count, mask, entities, 1)
  }

  /**
   * Packs rows `first … first + count − 1` side by side, where others lay before: bytes that belong
   * to no column become 0.
   * @param place byte of the first in the memory's buffer, a multiple of 4
   * @param dirty gets their bits, as from `pack`
   * @throws what `pack` throws
   */
  packBeside(place: number, first: number, count: number, dirty: DirtyRows): void {
    const beside = this.#beside
    beside.offset = place - first * this.#stride
    beside.dirty = dirty
    this.#clearPadding(place, count)
    this.#run(beside, first, count, undefined, -1, 1)
  }

  /**
   * Packs the rows of a set side by side, as `packBeside` does, and writes their numbers as u32.
   * @param rows how many there are in the set
   * @param payload byte of the first in the memory's buffer, a multiple of 4
   * @param numbers byte of its number, a multiple of 4
   * @throws what `pack` throws
   */
  gather(set: DirtyRows, rows: number, payload: number, numbers: number): void {
    this.#checkUsable()
    if (!this.#hasRoom(payload, rows * this.#stride) || !this.#hasRoom(numbers, rows * 4))
      throw wrong('The payload', `${rows} rows from byte ${payload} on, their numbers from ${numbers} on.`)
    this.#gatherer.list(set, numbers)
    this.#clearPadding(payload, rows)
    if (this.#gatherer.canGather) return this.#gatherer.gather(rows, payload, numbers)
    const beside = this.#beside
    beside.dirty = this.#table.gathered
    for (let at = 0; at < rows; at += Group.blockRows) {
      beside.offset = payload + at * this.#stride
      this.#run(beside, 0, Math.min(Group.blockRows, rows - at), undefined, numbers + at * 4, 1)
    }
  }

  /** Gives its memory back; `diff` and `pack` then throw PackerDisposed. Idempotent. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#memory.free(this.#table.block)
    for (const column of this.#columns) column.dispose()
  }

  #run(target: PackTarget, first: number, count: number, mask: Mask, entities: number, force: 0 | 1): number {
    this.#check(target, first, count, mask, entities)
    const rows = mask === undefined ? count : Math.min(count, mask.rows - first)
    if (rows <= 0) return 0
    if (entities !== this.#entities) {
      this.#entities = entities
      for (let i = 0; i < this.#columns.length; i++) this.#setIndices(i)
    }
    if (this.#outside === 0) return this.#kernel(target, first, rows, mask, force)
    let changed = 0
    const step = this.#chunkRows
    for (let chunk = Math.floor(first / step); chunk * step < first + rows; chunk++) {
      const from = Math.max(first, chunk * step)
      const wanted = Math.min(first + rows, (chunk + 1) * step) - from
      const reach = from + wanted - chunk * step
      const few = reach * SPARSE
      const live = mask === undefined ? wanted : mask.countRange(from, wanted, few)
      if (live === 0) continue
      const list = entities >= 0 || live < few ? this.#listRows(chunk * step, from, wanted, mask) : undefined
      this.#load(chunk, reach, mask, list)
      changed += this.#kernel(target, from, wanted, mask, force)
    }
    return changed
  }

  #clearPadding(place: number, rows: number): void {
    if (this.#isPadded) this.#u32.fill(0, place / 4, (place + rows * this.#stride) / 4)
  }

  #kernel({ dirty, offset }: PackTarget, first: number, count: number, mask: Mask, force: 0 | 1): number {
    return this.#memory.kernels.diffPack(
      this.#table.block.offset,
      this.#table.groupCount,
      first,
      count,
      offset,
      this.#stride,
      dirty.offset,
      dirty.summaryOffset,
      mask?.offset ?? -1,
      mask?.summaryOffset ?? 0,
      force,
    )
  }

  /** Fills the scratch of each column outside: with rows in the list, or the first `reach` of a chunk. */
  #load(chunk: number, reach: number, mask: Mask, list: ChunkRows | undefined): void {
    const first = chunk * this.#chunkRows
    for (let f = 0; f < this.#fields.length; f++) this.#loadFields(this.#fields[f], first, reach, mask, list)
    for (let i = 0; i < this.#columns.length; i++) {
      const column = this.#columns[i]
      if (!column.isOutside) continue
      if (column.fields === undefined) {
        this.reading = i
        this.holes += list === undefined ? column.loadChunk(chunk, reach, mask) : column.loadRows(list)
      }
      this.#table.setBase(i, column.address - first * column.entityBytes)
    }
  }

  /** Loads fields of the rows in the list, or of those in the mask among the first `reach` of a chunk. */
  #loadFields(
    fields: ObjectFields,
    first: number,
    reach: number,
    mask: Mask,
    list: ChunkRows | undefined,
  ): void {
    if (list !== undefined) {
      const { positions, indices, count } = list
      for (let i = 0; i < count;) {
        const from = i++
        const shift = indices[from] - positions[from]
        // Neighbours that are neighbours there too go together.
        while (i < count && indices[i] === indices[i - 1] + 1 && indices[i] - positions[i] === shift) i++
        this.#loadEntities(fields, indices[from], indices[i - 1] + 1, shift)
      }
    } else if (mask === undefined) this.#loadEntities(fields, first, first + reach, first)
    else
      for (let from = first; from < first + reach && mask.nextRun(from, 0);) {
        const { runFirst } = mask
        from = Math.min(runFirst + mask.runCount, first + reach)
        this.#loadEntities(fields, runFirst, from, first)
      }
  }

  #loadEntities(fields: ObjectFields, from: number, end: number, first: number): void {
    for (let entity = from; entity < end; entity++) {
      let last = end
      try {
        entity = fields.read(entity, end, first)
        last = Math.min(entity + 1, end)
      } catch {
        // It is thrown again below, by the column that did it.
      }
      for (; entity < last; entity++) this.#loadEntity(fields, entity, entity - first)
      entity--
    }
  }

  #loadEntity({ columns }: ObjectFields, entity: number, position: number): void {
    for (let i = 0; i < columns.length; i++) {
      this.reading = columns[i]
      this.holes += this.#columns[columns[i]].loadEntity(entity, position)
    }
  }

  /** Lists the rows of the mask among `from … from + count − 1`, with the index of each in the columns. */
  #listRows(chunkFirst: number, from: number, count: number, mask: Mask): ChunkRows {
    const size = this.#chunkRows
    this.#rows ??= { positions: new Int32Array(size), indices: new Uint32Array(size), count: 0 }
    const { positions, indices } = this.#rows
    const entities = this.#entities
    const table = entities >>> 2
    const u32 = this.#u32
    let n = 0
    const end = from + count
    for (let row0 = from & ~31; row0 < end; row0 += 32) {
      let bits = mask === undefined ? -1 : mask.words[row0 >>> 5]
      if (row0 < from) bits &= -1 << (from & 31)
      if (end - row0 < 32) bits &= ~(-1 << (end - row0))
      if (bits === -1) {
        for (let row = row0; row < row0 + 32; row++, n++) {
          positions[n] = row - chunkFirst
          indices[n] = entities < 0 ? row : u32[table + row]
        }
        continue
      }
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

  /** Tells the kernels how a column is read. One that lies outside is in the order of rows already. */
  #setIndices(i: number): void {
    const { entities, isOutside } = this.#columns[i]
    this.#table.setIndices(i, isOutside ? -1 : entities, isOutside ? -1 : this.#entities)
  }

  #check({ dirty, offset }: PackTarget, first: number, count: number, mask: Mask, entities: number): void {
    this.#checkUsable()
    const { buffer } = this.#memory
    requireRows(first, count, dirty.rows)
    if (dirty.buffer !== buffer) throw wrong('The dirty rows', 'place them in the memory of the packer.')
    if (mask !== undefined && mask.buffer !== buffer)
      throw wrong('The mask', 'place it in the memory of the packer.')
    const bytes = buffer.byteLength
    const end = first + count
    const [begins, ends] = [offset + first * this.#stride, offset + end * this.#stride]
    if (offset % 4 !== 0 || !(begins >= 0 && ends <= bytes)) {
      const rows = `${end} rows from byte ${offset} on`
      throw wrong('The target', `${rows}, which must be a multiple of 4, in ${bytes} bytes.`)
    }
    if (entities !== -1 && (entities % 4 !== 0 || !(entities >= 0 && entities + end * 4 <= bytes)))
      throw wrong('The entity table', `${end} u32 from byte ${entities} on, in ${bytes} bytes.`)
  }

  #checkUsable(): void {
    if (this.#disposed) throw new PackerDisposed()
    for (let column = 0; column < this.#columns.length; column++)
      if (!this.#columns[column].isBound)
        throw new ColumnUnusable({ column, reason: 'nothing is bound to it.' })
  }

  #hasRoom(at: number, bytes: number): boolean {
    return at % 4 === 0 && at >= 0 && at + bytes <= this.#memory.buffer.byteLength
  }
}

function wrong(what: string, reason: string): WrongMemory {
  return new WrongMemory({ what, reason })
}

/** The table of groups that kernels read, in their memory: `group-table.ts` says how it lies. */
class PackTable {
  readonly block: Block
  readonly groupCount: number
  /** Takes the bits of rows that are gathered: they mean nothing. */
  readonly gathered: DirtyRows
  readonly #words: Int32Array
  /** Per column, for each of its lanes: where its base lies in `#words`, and the scalar that it reads. */
  readonly #lanes: readonly Int32Array[]

  /** @throws {@link HeapFull} */
  constructor(memory: LinearMemory, columns: readonly ColumnLayout[]) {
    const groups = planGroups(columns)
    const bytes = tableBytesOf(groups.length)
    this.groupCount = groups.length
    this.block = memory.alloc(bytes, 64, 'column packer')
    this.#words = new Int32Array(memory.buffer, this.block.offset, bytes / 4)
    const { buffer } = memory
    this.gathered = new DirtyRows(Group.blockRows, {
      buffer,
      offset: this.block.offset + workEnd(groups.length),
    })
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

  /** Sets the address where index 0 of a column lies, or would lie. */
  setBase(column: number, base: number): void {
    const lanes = this.#lanes[column]
    for (let l = 0; l < lanes.length; l += 2) this.#words[lanes[l]] = base + lanes[l + 1] * 4
  }

  /** Sets a column's `limit` and the address of its table row → index; −1 for none of either. */
  setIndices(column: number, limit: number, entities: number): void {
    const lanes = this.#lanes[column]
    for (let l = 0; l < lanes.length; l += 2) {
      this.#words[lanes[l] + Group.limit - Group.base] = limit
      this.#words[lanes[l] + Group.table - Group.base] = entities
    }
  }
}
