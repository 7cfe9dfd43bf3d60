import { MkBufferUsage, type Heap, type MkSync } from '@memkit/ecs-plugin'
import { mapSegments, type MapBlock } from '../block-map.ts'
import { element, setAttribute, setText } from '../element.ts'
import { addressText, bytesText, countText } from '../quantities.ts'
import { parts, RowsTable, type TableColumn } from '../rows-table.ts'
import type { View } from '../tab-list.ts'

/** Most segments of the map: about as many as there are pixels to tell apart. */
const MOST_SEGMENTS = 400
/** Most lines of a list, which shows the biggest. */
const MOST_LINES = 100
/** Number of colours for blocks. */
const COLORS = 6

interface HeapBlock extends MapBlock {
  readonly color: number
  /** Size of the biggest block. */
  readonly most: number
}

type DeviceBuffer = ReturnType<MkSync<object>['gpu']['leaks']>[number]
type DeviceLine = DeviceBuffer & { readonly id: string; readonly most: number }

const bufferColumns: readonly TableColumn<DeviceLine>[] = [
  { title: 'Buffer', text: ({ label }) => label },
  sizeColumn(),
  { title: 'Usage', wrap: true, leftOutAt: 2, text: ({ usage }) => usageText(usage) },
  { title: 'Memory', leftOutAt: 1, text: ({ memory }) => memory },
]

const blockColumns: readonly TableColumn<HeapBlock>[] = [
  {
    title: 'Block',
    fill: (cell, { label, color }) => {
      const [swatch, name] = parts(cell, 'i.swatch', 'span')
      setAttribute(swatch, 'data-block', String(color))
      setText(name, label)
    },
  },
  sizeColumn(),
  { title: 'Offset', numeric: true, leftOutAt: 2, text: ({ offset }) => addressText(offset) },
]

/** Shows memory: the blocks of the heaps at their places, and the buffers of the device. */
export class MemoryView implements View {
  readonly title = 'Memory'
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #heaps = new Map<Heap, HeapMap>()
  readonly #maps = element('section', { class: 'heaps', 'aria-label': 'Memory of the CPU' })
  readonly #buffers: RowsTable<DeviceLine>
  readonly #sum = element('p', { class: 'note' })

  constructor(mk: MkSync<object>) {
    this.#mk = mk
    const options = { key: ({ id }: DeviceLine) => id, empty: 'There are no buffers.' }
    this.#buffers = new RowsTable('Buffers on the device', bufferColumns, options)
    const scroll = element('div', { class: 'scroll' }, this.#buffers.element)
    const attributes = { class: 'buffers', 'aria-label': 'Memory of the device' }
    const device = element('section', attributes, element('h3', {}, 'Device'), this.#sum, scroll)
    this.element = element('div', { class: 'memory-view' }, this.#maps, device)
  }

  update(): void {
    this.#updateHeaps()
    const seen = new Map<string, number>()
    const sorted = this.#mk.gpu.leaks().sort((a, b) => b.size - a.size)
    const most = sorted[0]?.size ?? 1
    const lines = sorted.slice(0, MOST_LINES).map((buffer) => {
      const nth = (seen.get(buffer.label) ?? 0) + 1
      seen.set(buffer.label, nth)
      return { ...buffer, id: `${buffer.label} ${nth}`, most }
    })
    this.#buffers.update(lines)
    const { bytes, buffers, peakBytes, peakBuffers } = this.#mk.gpu.stats.buffers
    const { deferredFrees, deferredBytes } = this.#mk.coordinator.stats
    const now = `${bytesText(bytes)} in ${countText(buffers)} buffers`
    const peak = `peak ${bytesText(peakBytes)} in ${countText(peakBuffers)}`
    const waiting = `; ${deferredFrees} replaced buffers (${bytesText(deferredBytes)}) wait to be freed`
    setText(this.#sum, `${now}, ${peak}${deferredFrees === 0 ? '' : waiting}.`)
  }

  #updateHeaps(): void {
    const heaps = new Set([this.#mk.coordinator.heap])
    for (const { mirror } of [...this.#mk.synced(), ...this.#mk.queries()])
      if ('heap' in mirror) heaps.add(mirror.heap)
    for (const [heap, map] of this.#heaps) {
      if (heaps.has(heap)) continue
      map.element.remove()
      this.#heaps.delete(heap)
    }
    for (const heap of heaps) {
      let map = this.#heaps.get(heap)
      if (map === undefined) {
        this.#heaps.set(heap, (map = new HeapMap(heap)))
        this.#maps.append(map.element)
      }
      map.update()
    }
  }
}

/** One heap: a map of the part in use, drawn to scale, and a list of its blocks. */
class HeapMap {
  readonly element: HTMLElement
  readonly #heap: Heap
  readonly #sum = element('p', { class: 'note' })
  readonly #bar = element('div', { class: 'map', role: 'img' })
  readonly #caption = element('div', { class: 'scale' })
  readonly #blocks: RowsTable<HeapBlock>
  #drawn = ''

  constructor(heap: Heap) {
    this.#heap = heap
    const options = { key: ({ offset }: HeapBlock) => offset, empty: 'Nothing is allocated.' }
    this.#blocks = new RowsTable(`Blocks of ${heap.label}`, blockColumns, options)
    const title = element('h3', {}, heap.label)
    const scroll = element('div', { class: 'scroll' }, this.#blocks.element)
    this.element = element('div', { class: 'heap' }, title, this.#sum, this.#bar, this.#caption, scroll)
  }

  update(): void {
    const { bytes, used, blocks, largestFree, touched, allocs } = this.#heap.stats
    const state = `${allocs} ${blocks} ${used} ${touched}`
    if (state === this.#drawn) return
    this.#drawn = state
    const free = `the largest free block is ${bytesText(largestFree)}.`
    setText(this.#sum, `${bytesText(used)} of ${bytesText(bytes)} in ${countText(blocks)} blocks; ${free}`)
    const sorted = this.#heap.leaks().sort((a, b) => b.size - a.size)
    const most = sorted[0]?.size ?? 1
    const list = sorted.map((block, i) => ({ ...block, most, color: i % COLORS }))
    this.#drawMap(list, touched)
    this.#blocks.update(list.slice(0, MOST_LINES))
  }

  /** Draws the part of the reserve that was ever allocated. The rest would squeeze the blocks. */
  #drawMap(list: readonly HeapBlock[], touched: number): void {
    const segments = mapSegments(list, touched, touched / MOST_SEGMENTS)
    const spans = segments.map(({ offset, size, blocks, biggest }) => {
      const label = `${biggest?.label ?? 'free'}${blocks > 1 ? ` and ${blocks - 1} more` : ''}`
      const title = `${label}: ${bytesText(size)} at ${addressText(offset)}`
      const span = element('span', { 'data-block': biggest?.color, title })
      span.style.flexGrow = String(size / touched)
      return span
    })
    this.#bar.replaceChildren(...spans)
    const taken = bytesText(list.reduce((sum, { size }) => sum + size, 0))
    const label = `Map of the first ${bytesText(touched)}: ${list.length} blocks of ${taken}`
    setAttribute(this.#bar, 'aria-label', label)
    const [first, last] = parts(this.#caption, 'span', 'span')
    setText(first, addressText(0))
    setText(last, `${addressText(touched)}, unused beyond`)
  }
}

/** Makes a column of sizes, with a bar that compares each with the biggest. */
function sizeColumn<T extends { readonly size: number; readonly most: number }>(): TableColumn<T> {
  return {
    title: 'Size',
    numeric: true,
    fill: (cell, { size, most }) => {
      const [bar, text] = parts(cell, 'i.bar', 'span')
      const width = `${Math.max(1, Math.round((size / most) * 100))}%`
      cell.classList.add('with-bar')
      if (bar.style.width !== width) bar.style.width = width
      setText(text, bytesText(size))
    },
  }
}

const usages = Object.entries(MkBufferUsage).filter(([name]) => !name.startsWith('TRANSFER'))

/** Names what a buffer is used for, other than copies. */
function usageText(usage: number): string {
  const names = usages.filter(([, flag]) => (usage & flag) !== 0).map(([name]) => name.toLowerCase())
  return names.length === 0 ? 'transfer' : names.join(', ')
}
