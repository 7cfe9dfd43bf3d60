import { DirtyRows, hasCode, type MkError } from '@memkit/core'
import { MkBufferUsage, type MkDeviceBuffer } from '@memkit/gpu'
import { AwaitedBuffer } from '../device/awaited-buffer.ts'
import { ownBuffer } from '../device/own-buffers.ts'
import { Shortage } from '../device/shortage.ts'
import type { BufferSource, MirrorBuffer } from '../mirror/mirror-buffer.ts'
import { fitted } from '../mirror/rows.ts'

/** Most pieces in which changed rows are copied: beyond, everything from the first to the last is. */
const MAX_PIECES = 8
/** Rows between two pieces that are copied along rather than paid for with another call. Bytes. */
const GAP_BYTES = 64 << 10

/** The mirror whose rows are remembered. */
export interface RememberedRows {
  readonly label: string
  readonly stride: number
  readonly usage: number
  readonly capacity: number
  readonly dirty: DirtyRows
  /** Rows ever in use. */
  readonly everUsed: number
  /** The device writes rows by itself: any may have changed. */
  readonly deviceOwned: boolean
  readonly device: MirrorBuffer
}

/**
 * The rows of a mirror as they were before, on the device only.
 *
 * Between two hand-overs, a row that is not in `changed` is the same in both buffers. So before the
 * writes of a step the device copies what the step before wrote, and nothing else:
 *
 *     outgrown ▶ previous,  current ▶ previous (changed, moved)  │  writes  │  current ▶ previous (snapped)
 */
export class MirrorHistory {
  /** Whether previous rows are those of the last frame, or of the last step. */
  readonly of: 'frame' | 'step'
  /** The next hand-over takes what the device holds for the previous rows. */
  isDue = false
  /** Rows in which the buffers may differ. */
  changed: DirtyRows
  /** Rows that are to be the same in both after the next hand-over. */
  snapped: DirtyRows
  /** Packed rows that hold another row's entity: row → the row that it had at the last hand-over. */
  readonly #origins = new Map<number, number>()
  readonly #owner: BufferSource
  readonly #mirror: RememberedRows
  readonly #replaced: () => void
  readonly #awaited = new AwaitedBuffer()
  readonly #shortage: Shortage
  #buffer: MkDeviceBuffer | undefined
  /** Holds the previous rows until the next hand-over copies them to `#buffer`. */
  #outgrown: MkDeviceBuffer | undefined

  /** @param replaced called when `buffer` is another one without the mirror's doing */
  constructor(owner: BufferSource, mirror: RememberedRows, of: 'frame' | 'step', replaced: () => void) {
    this.#owner = owner
    this.#mirror = mirror
    this.#replaced = replaced
    this.#shortage = new Shortage((error) => owner.warn(error))
    this.of = of
    this.changed = new DirtyRows(mirror.capacity)
    this.snapped = new DirtyRows(mirror.capacity)
    this.resize()
  }

  /** The previous rows; without memory for them, undefined: those of now stand in. */
  get buffer(): MkDeviceBuffer | undefined {
    return this.#buffer
  }

  /** The row is another entity's from now on, or it jumped: it was always where it is. */
  snap(row: number): void {
    this.snapped.set(row)
    this.#origins.delete(row)
  }

  /** The same of rows `first` … `end − 1` of a set. */
  snapRows(rows: DirtyRows, end: number, first: number): void {
    this.snapped.or(rows, end, first)
  }

  /** The entity of row `from` has row `to` from now on. */
  rowMoved(from: number, to: number): void {
    const origins = this.#origins
    if (this.snapped.has(from)) this.snap(to)
    else {
      this.snapped.unset(to)
      origins.set(to, origins.get(from) ?? from)
    }
    origins.delete(from)
  }

  /** The mirror has room for more rows now. */
  resize(): void {
    const { capacity } = this.#mirror
    this.changed = fitted(this.changed, capacity)
    this.snapped = fitted(this.snapped, capacity)
    if (this.#owner.gpu.isLost) return
    const before = this.#buffer
    let buffer: MkDeviceBuffer
    try {
      buffer = ownBuffer(this.#owner.gpu.createDeviceBuffer(this.#bytes, this.#usage, { label: this.#label }))
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
      this.#goWithout(error)
      return
    }
    if (this.#outgrown === undefined) this.#outgrown = before
    else if (before !== undefined) this.#owner.retire(before)
    this.#use(buffer)
    if (this.#outgrown === undefined) this.snapAll()
  }

  /**
   * The dirty rows of the mirror were handed over.
   * @param whole rows from the first on that went up whether dirty or not: those of a source may be other ones
   *   than went up before
   */
  uploaded(whole: number): void {
    const { changed } = this
    changed.or(this.#mirror.dirty)
    if (whole > 0) changed.setRange(0, Math.min(whole, changed.rows))
  }

  /** Nothing is known of before. */
  snapAll(): void {
    this.changed.clear()
    this.#origins.clear()
    this.snapped.setRange(0, Math.min(this.#mirror.everUsed, this.snapped.rows))
  }

  /** Gives the buffers back. */
  leaveDevice(): void {
    if (this.#buffer) this.#owner.retire(this.#buffer)
    if (this.#outgrown) this.#owner.retire(this.#outgrown)
    this.#buffer = this.#outgrown = undefined
    this.#awaited.drop()
  }

  /** Makes a buffer on another device. */
  rebuild(): void {
    this.leaveDevice()
    this.#awaited.reset()
    this.snapAll()
    this.resize()
  }

  /** Records what must happen before the first write. @returns whether there is anything */
  before(): boolean {
    const { gpu } = this.#owner
    if (this.#buffer === undefined) this.#askAgain()
    const previous = this.#buffer
    const current = this.#mirror.device.slice?.buffer
    if (previous === undefined || current === undefined) {
      this.changed.clear()
      this.#origins.clear()
      this.isDue = false
      return false
    }
    let recorded = false
    if (this.#outgrown !== undefined) {
      gpu.copy(this.#outgrown, 0, previous, 0, Math.min(this.#outgrown.size, previous.size))
      this.#owner.retire(this.#outgrown)
      this.#outgrown = undefined
      recorded = true
    }
    if (this.isDue) {
      this.isDue = false
      recorded = this.#settle(current, previous) || recorded
    } else if (this.#origins.size > 0) {
      this.#moveWithin(previous)
      recorded = true
    }
    this.#origins.clear()
    return recorded
  }

  /** Records what must happen after the last write. */
  after(): void {
    const previous = this.#buffer
    const current = this.#mirror.device.slice?.buffer
    if (this.snapped.isEmpty || previous === undefined || current === undefined) return
    const { snapped } = this
    const rows = this.#rowsInBoth
    for (let from = 0; snapped.nextRun(from, 0); from = snapped.runFirst + snapped.runCount)
      this.#copyRows(current, snapped.runFirst, previous, snapped.runFirst, snapped.runCount, rows)
  }

  /** What was recorded is on its way. Rows that could not go up yet are snapped when they do. */
  submitted(): void {
    const { dirty } = this.#mirror
    const { snapped } = this
    if (dirty.isEmpty || this.#buffer === undefined) return snapped.clear()
    for (let from = 0; snapped.nextRun(from, 0);) {
      const first = snapped.runFirst
      from = first + snapped.runCount
      for (let row = first; row < from; row++) if (!dirty.has(row)) snapped.unset(row)
    }
  }

  get #bytes(): number {
    return this.#mirror.capacity * this.#mirror.stride
  }

  get #label(): string {
    return `${this.#mirror.label} previous`
  }

  get #usage(): number {
    return this.#mirror.usage | MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST
  }

  get #rowsInBoth(): number {
    return Math.min(this.#mirror.device.rows, Math.floor((this.#buffer?.size ?? 0) / this.#mirror.stride))
  }

  #use(buffer: MkDeviceBuffer): void {
    this.#buffer = buffer
    this.#owner.adopt(buffer, this.#label)
    void buffer.allocationError.then((error) => {
      if (error === undefined) return this.#shortage.over()
      if (this.#buffer !== buffer || this.#owner.gpu.isLost) return
      this.#goWithout(error)
      this.#replaced()
    })
  }

  #goWithout(error: MkError): void {
    this.leaveDevice()
    this.#awaited.backOff.failed()
    this.#shortage.tell(error)
  }

  #askAgain(): void {
    const size = this.#bytes
    const confirmed = this.#awaited.takeInFrame()
    if (confirmed === undefined) return this.#awaited.ask(this.#owner.gpu, size, this.#usage, this.#label)
    if (confirmed.size < size) return confirmed.destroy()
    this.#use(confirmed)
    this.snapAll()
    this.#replaced()
  }

  /** Copies what the step before wrote, then the rows of entities that have moved since. */
  #settle(current: MkDeviceBuffer, previous: MkDeviceBuffer): boolean {
    const { changed } = this
    const { deviceOwned, everUsed, stride } = this.#mirror
    const rows = this.#rowsInBoth
    if (deviceOwned) changed.setRange(0, Math.min(everUsed, changed.rows))
    const gap = Math.floor(GAP_BYTES / stride)
    const pieces = piecesOf(changed, gap)
    let recorded = false
    if (pieces > MAX_PIECES) {
      changed.nextRun(0, changed.rows)
      recorded = this.#copyRows(current, changed.runFirst, previous, changed.runFirst, changed.runCount, rows)
    } else
      for (let from = 0; changed.nextRun(from, gap); from = changed.runFirst + changed.runCount)
        recorded =
          this.#copyRows(current, changed.runFirst, previous, changed.runFirst, changed.runCount, rows) ||
          recorded
    changed.clear()
    for (const [to, from] of this.#origins)
      recorded = (to < rows && this.#copyRows(current, from, previous, to, 1, rows)) || recorded
    return recorded
  }

  /** Moves previous rows through another buffer, for moves may follow on one another. */
  #moveWithin(previous: MkDeviceBuffer): void {
    const { gpu } = this.#owner
    const { stride } = this.#mirror
    const usage =
      MkBufferUsage.TRANSFER_SRC | MkBufferUsage.TRANSFER_DST | (this.#usage & MkBufferUsage.INDEX)
    let between: MkDeviceBuffer
    try {
      const label = `${this.#label}, moves`
      between = ownBuffer(gpu.createDeviceBuffer(this.#origins.size * stride, usage, { label }))
    } catch (error) {
      if (!hasCode(error, 'AllocationFailed')) throw error
      for (const to of this.#origins.keys()) this.snapped.set(to)
      return
    }
    let at = 0
    for (const from of this.#origins.values())
      gpu.copy(previous, from * stride, between, at++ * stride, stride)
    at = 0
    for (const to of this.#origins.keys()) gpu.copy(between, at++ * stride, previous, to * stride, stride)
    this.#owner.retire(between)
  }

  /** @param end rows that both have */
  #copyRows(
    from: MkDeviceBuffer,
    first: number,
    to: MkDeviceBuffer,
    target: number,
    count: number,
    end: number,
  ): boolean {
    const { stride } = this.#mirror
    const rows = Math.min(count, end - first)
    if (rows <= 0) return false
    this.#owner.gpu.copy(from, first * stride, to, target * stride, rows * stride)
    return true
  }
}

/** How many runs there are, or one more than are copied by themselves. */
function piecesOf(rows: DirtyRows, gap: number): number {
  let pieces = 0
  for (let from = 0; pieces <= MAX_PIECES && rows.nextRun(from, gap); from = rows.runFirst + rows.runCount)
    pieces++
  return pieces
}
