import { MkBufferUsage } from '@memkit/ecs-plugin'
import type { Heap, MkSync } from '@memkit/ecs-plugin'
import { mapSegments } from '../block-map.ts'
import type { MapBlock } from '../block-map.ts'
import { element, setAttribute, setText } from '../element.ts'
import { addressText, bytesText, countText } from '../quantities.ts'
import { RowsTable } from '../rows-table.ts'
import type { View } from '../tab-list.ts'

/** Stretches of the map: about as many as there are pixels to tell apart. */
const MOST_SEGMENTS = 400
/** Lines of a list; the biggest ones. */
const MOST_LINES = 100
/** Colours there are for blocks. */
const COLORS = 6

type DeviceBuffer = ReturnType<MkSync<object>['gpu']['leaks']>[number]

/** Where memory is: the heap's blocks at their places, and the device's buffers. */
export class MemoryView implements View {
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #heaps = new Map<Heap, HeapMap>()
  readonly #maps: HTMLElement
  readonly #buffers: RowsTable<DeviceBuffer & { readonly id: string; readonly most: number }>
  readonly #sum: HTMLElement

  constructor(mk: MkSync<object>) {
    this.#mk = mk
    this.#maps = element('section', { class: 'heaps', 'aria-label': 'Memory of the CPU' })
    this.#sum = element('p', { class: 'note' })
    this.#buffers = new RowsTable(
      'Buffers on the device',
      [
        { title: 'Buffer', text: ({ label }) => label },
        {
          title: 'Size',
          numeric: true,
          text: ({ size }) => bytesText(size),
          decorate: (cell, { size, most }) => drawBar(cell, size, most),
        },
        { title: 'Usage', wrap: true, leftOutAt: 2, text: ({ usage }) => usageText(usage) },
        { title: 'Memory', leftOutAt: 1, text: ({ memory }) => memory },
      ],
      { key: ({ id }) => id, empty: 'No buffer is alive.' },
    )
    this.element = element(
      'div',
      { class: 'memory-view' },
      this.#maps,
      element(
        'section',
        { class: 'buffers', 'aria-label': 'Memory of the device' },
        element('h3', {}, 'Device'),
        this.#sum,
        element('div', { class: 'scroll' }, this.#buffers.element),
      ),
    )
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
    const { buffers } = this.#mk.gpu.stats
    const { deferredFrees, deferredBytes } = this.#mk.coordinator.stats
    const waiting =
      deferredFrees === 0
        ? ''
        : `; ${deferredFrees} replaced ones (${bytesText(deferredBytes)}) wait to be freed`
    setText(
      this.#sum,
      `${bytesText(buffers.bytes)} in ${countText(buffers.buffers)} buffers, at most ${bytesText(buffers.peakBytes)} in ${countText(buffers.peakBuffers)}${waiting}.`,
    )
  }

  dispose(): void {}

  #updateHeaps(): void {
    const heaps = new Set([this.#mk.coordinator.heap])
    for (const { mirror } of this.#mk.synced()) heaps.add(mirror.heap)
    for (const { mirror } of this.#mk.queries()) heaps.add(mirror.heap)
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

/** One heap: what of the reserve was touched, the blocks in it drawn to scale, and a list of them. */
class HeapMap {
  readonly element: HTMLElement
  readonly #heap: Heap
  readonly #sum: HTMLElement
  readonly #bar: HTMLElement
  readonly #caption: HTMLElement
  readonly #blocks: RowsTable<MapBlock & { readonly most: number; readonly color: number }>
  #drawn = ''

  constructor(heap: Heap) {
    this.#heap = heap
    this.#sum = element('p', { class: 'note' })
    this.#bar = element('div', { class: 'map', role: 'img' })
    this.#caption = element('div', { class: 'scale' }, element('span'), element('span'))
    this.#blocks = new RowsTable(
      `Blocks of ${heap.label}`,
      [
        {
          title: 'Block',
          text: ({ label }) => label,
          decorate: (cell, { label, color }) => {
            if (cell.childElementCount === 0) cell.append(element('i', { class: 'swatch' }), element('span'))
            setAttribute(cell.children[0], 'data-block', String(color))
            setText(cell.children[1] as HTMLElement, label)
          },
        },
        {
          title: 'Size',
          numeric: true,
          text: ({ size }) => bytesText(size),
          decorate: (cell, { size, most }) => drawBar(cell, size, most),
        },
        { title: 'Offset', numeric: true, leftOutAt: 2, text: ({ offset }) => addressText(offset) },
      ],
      { key: ({ offset }) => offset, empty: 'Nothing is allocated.' },
    )
    this.element = element(
      'div',
      { class: 'heap' },
      element('h3', {}, heap.label),
      this.#sum,
      this.#bar,
      this.#caption,
      element('div', { class: 'scroll' }, this.#blocks.element),
    )
  }

  update(): void {
    const { bytes, used, blocks, largestFree, touched, allocs } = this.#heap.stats
    const state = `${allocs} ${blocks} ${used} ${touched}`
    if (state === this.#drawn) return
    this.#drawn = state
    setText(
      this.#sum,
      `${bytesText(used)} of ${bytesText(bytes)} in ${countText(blocks)} blocks; the biggest block that still fits has ${bytesText(largestFree)}.`,
    )
    const list = this.#heap.leaks().sort((a, b) => b.size - a.size)
    const color = new Map(list.map(({ offset }, i) => [offset, i % COLORS]))
    this.#drawMap(list, color, touched)
    const most = list[0]?.size ?? 1
    this.#blocks.update(
      list.slice(0, MOST_LINES).map((block) => ({ ...block, most, color: color.get(block.offset) ?? 0 })),
    )
  }

  /** Of the reserve only what was ever handed out: the rest is address space, and would leave no room for what is. */
  #drawMap(list: readonly MapBlock[], color: ReadonlyMap<number, number>, touched: number): void {
    const segments = mapSegments(list, touched, touched / MOST_SEGMENTS)
    this.#bar.replaceChildren(
      ...segments.map(({ offset, size, blocks, label }) => {
        const part = element('span', {
          'data-block': blocks === 0 ? undefined : (color.get(offset) ?? 0),
          title: `${blocks > 1 ? `${label} and ${blocks - 1} more` : label}: ${bytesText(size)} at ${addressText(offset)}`,
        })
        part.style.flexGrow = String(size / touched)
        return part
      }),
    )
    const taken = list.reduce((sum, { size }) => sum + size, 0)
    setAttribute(
      this.#bar,
      'aria-label',
      `Map of the first ${bytesText(touched)}: ${list.length} blocks of ${bytesText(taken)}`,
    )
    setText(this.#caption.children[0] as HTMLElement, addressText(0))
    setText(
      this.#caption.children[1] as HTMLElement,
      `${addressText(touched)}, nothing was handed out beyond`,
    )
  }
}

/** A size, with a bar that compares it with the biggest. */
function drawBar(cell: HTMLElement, size: number, most: number): void {
  if (cell.childElementCount === 0) {
    cell.classList.add('with-bar')
    cell.append(element('i', { class: 'bar' }), element('span'))
  }
  const width = `${Math.max(1, Math.round((size / most) * 100))}%`
  const bar = cell.children[0] as HTMLElement
  if (bar.style.width !== width) bar.style.width = width
  setText(cell.children[1] as HTMLElement, bytesText(size))
}

const usages = Object.entries(MkBufferUsage).filter(([name]) => !name.startsWith('TRANSFER'))

/** What a buffer is for, beside being copied from and to. */
function usageText(usage: number): string {
  const names = usages.filter(([, flag]) => (usage & flag) !== 0).map(([name]) => name.toLowerCase())
  return names.length === 0 ? 'transfer' : names.join(', ')
}
