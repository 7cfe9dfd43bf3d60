import { element, icon, setAttribute } from './element.ts'
import type { InspectorDock } from './options.ts'

/** Least height and width, pixels. */
const LEAST = 140
/** How much an arrow key moves an edge or the panel, pixels. */
const KEY_STEP = 24

const docks: readonly InspectorDock[] = ['bottom', 'right', 'float']
const dockIcons: Readonly<Record<InspectorDock, string>> = {
  bottom: 'M2 3h12v10H2zM2 9h12M4 11h8',
  right: 'M2 3h12v10H2zM10 3v10M12 5v6',
  float: 'M2 3h9v7H2zM5 10v3h9V6h-3',
}

/**
 * The panel's frame: where it is, how big it is. Its edge is dragged or moved with arrow keys; a floating one is moved by its head.
 */
export class Sheet {
  /** Everything. */
  readonly element: HTMLElement
  readonly head: HTMLElement
  readonly dockButton: HTMLButtonElement
  readonly #host: HTMLElement
  readonly #edge: HTMLElement
  #dock: InspectorDock
  #height = Math.round(Math.min(440, Math.max(300, innerHeight * 0.46)))
  #width = Math.round(Math.min(560, Math.max(360, innerWidth * 0.4)))
  #left = 24
  #top = 24

  constructor(host: HTMLElement, dock: InspectorDock, ...content: Node[]) {
    this.#host = host
    this.#dock = dock
    this.#edge = element('div', { class: 'edge', role: 'separator', tabindex: 0 })
    this.head = element('header')
    this.dockButton = element('button', { type: 'button', class: 'icon dock' })
    this.dockButton.addEventListener('click', () => this.#nextDock())
    this.element = element(
      'div',
      { class: 'sheet', role: 'region', 'aria-label': 'memkit inspector' },
      this.#edge,
      this.head,
      ...content,
    )
    this.#edge.addEventListener('keydown', (event) => this.#onEdgeKey(event))
    drag(this.#edge, (event) => this.#resizeTo(event.clientX, event.clientY))
    this.#makeMovable()
    this.#apply()
  }

  get dock(): InspectorDock {
    return this.#dock
  }
  set dock(dock: InspectorDock) {
    this.#dock = dock
    this.#apply()
  }

  /** The window has another size. */
  fit(): void {
    this.#apply()
  }

  #nextDock(): void {
    this.dock = docks[(docks.indexOf(this.#dock) + 1) % docks.length]
  }

  #apply(): void {
    const width = between(this.#width, LEAST * 2, innerWidth)
    const height = between(this.#height, LEAST, innerHeight)
    const { dataset, style } = this.#host
    dataset['dock'] = this.#dock
    style.setProperty('--height', `${height}px`)
    style.setProperty('--width', `${width}px`)
    // Its head stays within reach.
    style.setProperty('--left', `${between(this.#left, 80 - width, innerWidth - 80)}px`)
    style.setProperty('--top', `${between(this.#top, 0, innerHeight - 40)}px`)
    const sideways = this.#dock === 'right'
    const edge = this.#edge
    setAttribute(edge, 'aria-orientation', sideways ? 'vertical' : 'horizontal')
    setAttribute(
      edge,
      'aria-label',
      this.#dock === 'float'
        ? 'Size of the inspector. Arrow keys change it, with Shift they move the inspector'
        : `${sideways ? 'Width' : 'Height'} of the inspector`,
    )
    setAttribute(edge, 'aria-valuemin', String(sideways ? LEAST * 2 : LEAST))
    setAttribute(edge, 'aria-valuemax', String(sideways ? innerWidth : innerHeight))
    setAttribute(edge, 'aria-valuenow', String(sideways ? width : height))
    const next = docks[(docks.indexOf(this.#dock) + 1) % docks.length]
    const label = { bottom: 'Dock at the bottom', right: 'Dock at the right', float: 'Let it float' }[next]
    setAttribute(this.dockButton, 'aria-label', label)
    setAttribute(this.dockButton, 'title', label)
    this.dockButton.replaceChildren(icon(dockIcons[next]))
  }

  #resizeTo(x: number, y: number): void {
    if (this.#dock === 'right') this.#width = between(innerWidth - x, LEAST * 2, innerWidth)
    else if (this.#dock === 'bottom') this.#height = between(innerHeight - y, LEAST, innerHeight)
    else {
      this.#width = between(x - this.#left, LEAST * 2, innerWidth)
      this.#height = between(y - this.#top, LEAST, innerHeight)
    }
    this.#apply()
  }

  /** The edge moves the way that the arrow points. */
  #onEdgeKey(event: KeyboardEvent): void {
    const sign = this.#dock === 'float' ? 1 : -1
    const taller = { ArrowUp: -KEY_STEP, ArrowDown: KEY_STEP }[event.key]
    const wider = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key]
    if (event.shiftKey && this.#dock === 'float') {
      this.#top += taller ?? 0
      this.#left += wider ?? 0
    } else if (taller !== undefined && this.#dock !== 'right')
      this.#height = between(this.#height + sign * taller, LEAST, innerHeight)
    else if (wider !== undefined && this.#dock !== 'bottom')
      this.#width = between(this.#width + sign * wider, LEAST * 2, innerWidth)
    else if (event.key === 'Home') this.#height = this.#width = LEAST * 2
    else if (event.key === 'End' && this.#dock !== 'right') this.#height = innerHeight
    else if (event.key === 'End') this.#width = innerWidth
    else return
    event.preventDefault()
    this.#apply()
  }

  #makeMovable(): void {
    let fromX = 0
    let fromY = 0
    const isFree = (event: PointerEvent): boolean =>
      this.#dock === 'float' && (event.target as Element).closest('button, input, select') === null
    drag(
      this.head,
      (event) => {
        this.#left = event.clientX - fromX
        this.#top = event.clientY - fromY
        this.#apply()
      },
      (event) => {
        fromX = event.clientX - this.#left
        fromY = event.clientY - this.#top
        return isFree(event)
      },
    )
  }
}

/** Calls `move` while the pointer that was pressed on `handle` is held. */
function drag(
  handle: HTMLElement,
  move: (event: PointerEvent) => void,
  begins: (event: PointerEvent) => boolean = () => true,
): void {
  handle.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !begins(event)) return
    handle.setPointerCapture(event.pointerId)
  })
  handle.addEventListener('pointermove', (event) => {
    if (handle.hasPointerCapture(event.pointerId)) move(event)
  })
}

function between(value: number, least: number, most: number): number {
  return Math.max(Math.min(value, most), Math.min(least, most))
}
