/** Entity indices, in memory that is kept. */
export class IndexList {
  values: Uint32Array = new Uint32Array(64)
  count = 0

  add(index: number): void {
    if (this.count === this.values.length) {
      const longer = new Uint32Array(this.count * 2)
      longer.set(this.values)
      this.values = longer
    }
    this.values[this.count++] = index
  }
}
