import { DirtyRows } from '@memkit/core'
import { varintBytes, type ByteWriter } from './byte-writer.ts'
import { Tag } from './format.ts'

/** What one device buffer holds, and which of its units changed since they were last written to the file. */
export class DeviceImage {
  readonly unitBytes: number
  readonly units: number
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Units that the CPU changed. */
  readonly changed: DirtyRows
  /** Units that came back from the device, made when the first does. */
  arrived: DirtyRows | undefined
  readonly #words: Uint32Array

  constructor(unitBytes: number, units: number) {
    this.unitBytes = unitBytes
    this.units = units
    this.bytes = new Uint8Array(unitBytes * units)
    this.#words = new Uint32Array(this.bytes.buffer)
    this.changed = new DirtyRows(units)
  }

  /** Takes the first `bytes` bytes of another one, whatever units have changed there. */
  takeFrom(other: DeviceImage): void {
    this.bytes.set(other.bytes.subarray(0, Math.min(this.bytes.length, other.bytes.length)))
  }

  /** Takes words for byte `offset` on: units in which one differs are changed. */
  take(offset: number, source: Uint32Array, from: number, count: number): void {
    const words = this.#words
    const perUnit = this.unitBytes >>> 2
    let at = offset >>> 2
    const end = at + count
    const toSource = from - at
    let unit = Math.floor(at / perUnit)
    let unitEnd = (unit + 1) * perUnit
    for (; at < end; unit++, unitEnd += perUnit) {
      const last = unitEnd < end ? unitEnd : end
      while (at < last && words[at] === source[at + toSource]) at++
      if (at === last) continue
      for (; at < last; at++) words[at] = source[at + toSource]
      this.changed.set(unit)
    }
  }

  /** Takes units side by side, and their numbers. */
  takeUnits(source: Uint32Array, from: number, numbers: number, count: number): void {
    const words = this.#words
    const { units, changed } = this
    const perUnit = this.unitBytes >>> 2
    // As `take` does: a call for each unit costs as much as all the rest.
    for (let i = 0, first = from; i < count; i++, first += perUnit) {
      const unit = source[numbers + i]
      if (unit >= units) continue
      const toSource = first - unit * perUnit
      const last = (unit + 1) * perUnit
      let at = unit * perUnit
      while (at < last && words[at] === source[at + toSource]) at++
      if (at === last) continue
      for (; at < last; at++) words[at] = source[at + toSource]
      changed.set(unit)
    }
  }

  /** Takes what came back of units `first … end − 1`. */
  receive(source: Uint8Array, first: number, end: number): void {
    const arrived = (this.arrived ??= new DirtyRows(this.units))
    this.bytes.set(source, first * this.unitBytes)
    arrived.setRange(first, end - first)
  }

  /** Units up to the last that holds a byte other than 0. */
  get used(): number {
    const words = this.#words
    let end = words.length
    while (end > 0 && words[end - 1] === 0) end--
    return Math.ceil((end * 4) / this.unitBytes)
  }

  /** The file has none of its bytes. */
  restart(): void {
    this.changed.clear()
    this.arrived?.clear()
    const { used } = this
    if (used > 0) this.changed.setRange(0, used)
  }

  /** Writes what changed since. */
  write(out: ByteWriter, id: number): void {
    const { changed, arrived } = this
    if (arrived !== undefined && !arrived.isEmpty) {
      this.#writeUnits(out, id, arrived, Tag.arrived)
      arrived.clear()
    }
    if (changed.isEmpty) return
    this.#writeUnits(out, id, changed, Tag.rows)
    changed.clear()
  }

  /** As runs, or from the first unit to the last that changed where that is shorter. */
  #writeUnits(out: ByteWriter, id: number, units: DirtyRows, tag: number): void {
    const { unitBytes, bytes } = this
    let size = 0
    let runs = 0
    let end = 0
    for (; units.nextRun(end, 0); end = units.runFirst + units.runCount) {
      const { runFirst, runCount } = units
      runs++
      size += varintBytes(runFirst - end) + varintBytes(runCount) + runCount * unitBytes
    }
    if (tag === Tag.rows && end * unitBytes + varintBytes(end) <= size + varintBytes(runs)) {
      out.u8(Tag.full)
      out.varint(id)
      out.varint(end)
      out.bytes(bytes, 0, end * unitBytes)
      return
    }
    out.u8(tag)
    out.varint(id)
    out.varint(runs)
    for (let at = 0; units.nextRun(at, 0); at = units.runFirst + units.runCount) {
      const { runFirst, runCount } = units
      out.run(runFirst - at, runCount, bytes, runFirst * unitBytes, (runFirst + runCount) * unitBytes)
    }
  }
}
