const LARGEST = 1_600 * 1_000
const SMALLEST = 700 * 900
/**
 * Pixels per world unit that small screens get at least, so that a phone's ship is as large as a
 * finger can steer.
 */
const CLOSEST = 0.64

/** The world's rectangle, around 0, in world units, y upwards. */
export class Arena {
  width = 1_600
  height = 1_000

  /** Takes on the shape of a screen: its width and height in CSS pixels. */
  fit(screenWidth: number, screenHeight: number): void {
    const area = Math.min(LARGEST, Math.max(SMALLEST, (screenWidth * screenHeight) / CLOSEST ** 2))
    this.width = Math.sqrt((area * screenWidth) / screenHeight)
    this.height = area / this.width
  }

  /** Area against the largest arena's, 0 … 1. */
  get share(): number {
    return (this.width * this.height) / LARGEST
  }
}
