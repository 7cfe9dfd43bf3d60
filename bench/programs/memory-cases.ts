import { countCalls, startCounting, type CallCounts } from '@memkit/testing/call-counts'
import { engineCases } from '../cases/engines.ts'
import { memkitCase, worldAlone } from '../cases/memkit.ts'
import type { MakeUploader, Shape, Uploader } from '../cases/uploader.ts'
import type { Opened, Weighable } from '../page/globals.ts'
import type { Place } from '../place.ts'
import { RowSets } from '../rows.ts'
import { allCases } from './grid.ts'

/** In the page: one way at a time is made, small and then big, and runs frames, while the driver outside weighs the page. */
export class MemoryCases implements Weighable {
  readonly #place: Place
  readonly #made: Uploader[] = []
  #sets: RowSets | undefined
  #current: Uploader | undefined

  constructor(place: Place) {
    this.#place = place
  }

  static count(place: Place): number {
    return makers(place, { rows: 1, stride: 16 }).length
  }

  async open(index: number, rows: number): Promise<Opened | undefined> {
    const shape: Shape = { rows, stride: 16 }
    const { device } = this.#place
    if (!device) throw new Error('Memory is weighed on a device')
    const counting = startCounting(device)
    const uploader = await makers(this.#place, shape)[index]()
    if (uploader) {
      this.#made.push(uploader)
      this.#current = uploader
      this.#sets = new RowSets(rows, Math.max(1, rows / 100), 'random')
      await this.frames(30)
    }
    counting.stop()
    if (!uploader) return undefined
    return {
      name: uploader.name,
      dataBytes: uploader.expected().byteLength,
      heapBytes: uploader.heapBytes?.() ?? 0,
      gpuBytes: counting.counts.bytesHeld,
    }
  }

  async frames(count: number): Promise<void> {
    for (let frame = 0; frame < count; frame++) this.#frame()
    await this.#current!.done()
  }

  async calls(count: number): Promise<CallCounts> {
    const counts = countCalls(this.#place, () => {
      for (let frame = 0; frame < count; frame++) this.#frame()
    })
    await this.#current!.done()
    return counts
  }

  #frame(): void {
    const rows = this.#sets!.next()
    this.#current!.change(rows)
    this.#current!.upload(rows)
  }
}

function makers(place: Place, shape: Shape): MakeUploader[] {
  return [
    () => worldAlone(place, shape),
    ...allCases(place, shape),
    () => memkitCase(place, shape, 'detect', 'Float32Array columns'),
    ...engineCases(place, shape),
  ]
}
