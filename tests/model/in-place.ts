import { ComponentModel } from './model.ts'

const same = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i])

/**
 * What the device must hold of rows that are their own mirror, or are packed when they go up. The row of a live entity is what was staged, unless something was written
 * there since that was not staged: then it may be uploaded already. Free rows may hold anything.
 */
export class InPlaceModel extends ComponentModel {
  /** Whose row may hold something that was never staged. */
  readonly #early = new Set<number>()

  override stage(failed: boolean): void {
    for (const entity of this.alive) this.#certain(entity)
    // Columns that disagree cannot be read: what was staged before, in the same frame, has not gone up.
    if (this.store.torn) for (const entity of this.alive) this.#early.add(entity)
    super.stage(failed)
    // The buffer has the room of the store.
    this.stagedRows = Math.min(this.stagedRows, this.store.slots)
  }

  protected override went(entity: number): void {
    this.#early.delete(entity)
  }

  /** What must be on the device, where it has `found`. */
  expected(found: Uint8Array, stride: number): Uint8Array {
    const expected = found.slice()
    for (const [entity, row] of this.rows) if (this.#certain(entity)) expected.set(row, entity * stride)
    return expected
  }

  #certain(entity: number): boolean {
    const row = this.rows.get(entity)
    if (row === undefined || !this.alive.has(entity) || this.pending.has(entity) || this.unsure.has(entity))
      return false
    if (!same(row, this.store.pack(entity))) this.#early.add(entity)
    return !this.#early.has(entity)
  }
}
