const AREA = 1_600 * 1_000

/** The world's rectangle, around 0, in world units. Its area is constant, so that a phone shows as dense a swarm as a desktop. */
export class Arena {
  width = 1_600
  height = 1_000

  /** Takes on a shape: width against height. */
  fit(aspect: number): void {
    this.width = Math.sqrt(AREA * aspect)
    this.height = AREA / this.width
  }
}
