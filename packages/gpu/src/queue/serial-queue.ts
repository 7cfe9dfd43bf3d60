/** Items that wait for a serial, oldest first. Asking whether any is due costs one comparison. */
export class SerialQueue<T> {
  readonly #waiting: { readonly item: T; readonly serial: number }[] = []
  /** The lowest serial that an item waits for; Infinity without items. */
  #next = Infinity

  get count(): number {
    return this.#waiting.length
  }

  /** @param serial of the last work that uses the item */
  push(item: T, serial: number): void {
    this.#waiting.push({ item, serial })
    if (serial < this.#next) this.#next = serial
  }

  /** Takes the item that has waited longest, whether its serial has completed or not. */
  shift(): T | undefined {
    return this.#waiting.shift()?.item
  }

  /**
   * Takes out all items whose serial has completed, and gives them to `release`, oldest first.
   * @param device is looked at only while items wait: a look asks it
   */
  collect(device: { readonly completedSerial: number }, release: (item: T) => void): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    const { completedSerial } = device
    if (completedSerial < this.#next) return
    let kept = 0
    this.#next = Infinity
    for (const entry of waiting) {
      if (entry.serial > completedSerial) {
        if (entry.serial < this.#next) this.#next = entry.serial
        waiting[kept++] = entry
      } else release(entry.item)
    }
    waiting.length = kept
  }

  clear(): void {
    this.#waiting.length = 0
    this.#next = Infinity
  }
}
