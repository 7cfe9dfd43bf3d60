import { InPlaceModel } from './in-place.ts'

/**
 * What the device must hold of columns. Their bytes are read when the frame ends, so the row of a live entity is what was staged, unless
 * something was written there since that was not staged: then it may be uploaded already. The rows of the dead may hold anything.
 */
export class ColumnsModel extends InPlaceModel {
  override stage(failed: boolean): void {
    const { stagedRows } = this
    super.stage(failed)
    // No entity need get a row while there is no memory, or it is unknown how many entities the columns have room for.
    if (failed || this.store.torn) this.stagedRows = stagedRows
  }
}
