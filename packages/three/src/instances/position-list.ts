/** Positions of instances, in memory that is kept. */
export class PositionList {
  values: Uint32Array = new Uint32Array(256)
  count = 0

  add(position: number): void {
    if (this.count === this.values.length) {
      const longer = new Uint32Array(this.count * 2)
      longer.set(this.values)
      this.values = longer
    }
    this.values[this.count++] = position
  }

  clear(): void {
    this.count = 0
  }
}
