import { button, element, icon, setAttribute } from './element.ts'
import type { InspectorDock } from './options.ts'

/** Minimum height in pixels. The minimum width is twice that. */
const MIN_SIZE = 140
/** Pixels that an arrow key moves an edge or the panel by. */
const KEY_STEP = 24

const docks: readonly InspectorDock[] = ['bottom', 'right', 'float']
const dockButtons: Readonly<Record<InspectorDock, readonly [label: string, icon: string]>> = {
  bottom: ['Dock at the bottom', 'M2 3h12v10H2zM2 9h12M4 11h8'],
  right: ['Dock at the right', 'M2 3h12v10H2zM10 3v10M12 5v6'],
  float: ['Float', 'M2 3h9v7H2zM5 10v3h9V6h-3'],
}

/** The panel's place and size. Its edge resizes it, the header of a floating panel moves it. */
export class Sheet {
  readonly element: HTMLElement
  readonly head: HTMLElement = element('header')
  readonly dockButton: HTMLButtonElement = button(() => this.#moveToNextDock(), { class: 'icon dock' })
  readonly #host: HTMLElement
  readonly #edge = element('div', { class: 'edge', role: 'separator', tabindex: 0 })
  #dock: InspectorDock
  #height = Math.round(Math.min(440, Math.max(300, innerHeight * 0.46)))
  #width = Math.round(Math.min(560, Math.max(360, innerWidth * 0.4)))
  #left = 24
  #top = 24

  constructor(host: HTMLElement, dock: InspectorDock, ...content: Node[]) {
    this.#host = host
    this.#dock = dock
    const attributes = { class: 'sheet', role: 'region', 'aria-label': 'memkit inspector' }
    this.element = element('div', attributes, this.#edge, this.head, ...content)
    this.#edge.addEventListener('keydown', (event) => this.#onEdgeKey(event))
    drag(this.#edge, (event) => this.#resizeTo(event.clientX, event.clientY))
    this.#makeMovable()
    this.fit()
  }

  #moveToNextDock(): void {
    this.#dock = this.#nextDock()
    this.fit()
  }

  #nextDock(): InspectorDock {
    return docks[(docks.indexOf(this.#dock) + 1) % docks.length]
  }

  fit(): void {
    const width = between(this.#width, MIN_SIZE * 2, innerWidth)
    const height = between(this.#height, MIN_SIZE, innerHeight)
    const { dataset, style } = this.#host
    dataset['dock'] = this.#dock
    style.setProperty('--height', `${height}px`)
    style.setProperty('--width', `${width}px`)
    // Its header stays within reach.
    style.setProperty('--left', `${between(this.#left, 80 - width, innerWidth - 80)}px`)
    style.setProperty('--top', `${between(this.#top, 0, innerHeight - 40)}px`)
    const sideways = this.#dock === 'right'
    const floatLabel = 'Size of the inspector. Arrow keys change it; with Shift they move the inspector'
    const edge = {
      orientation: sideways ? 'vertical' : 'horizontal',
      label: this.#dock === 'float' ? floatLabel : `${sideways ? 'Width' : 'Height'} of the inspector`,
      valuemin: sideways ? MIN_SIZE * 2 : MIN_SIZE,
      valuemax: sideways ? innerWidth : innerHeight,
      valuenow: sideways ? width : height,
    }
    for (const [name, value] of Object.entries(edge)) setAttribute(this.#edge, `aria-${name}`, String(value))
    const [label, picture] = dockButtons[this.#nextDock()]
    setAttribute(this.dockButton, 'aria-label', label)
    setAttribute(this.dockButton, 'title', label)
    this.dockButton.replaceChildren(icon(picture))
  }

  #resizeTo(x: number, y: number): void {
    if (this.#dock === 'right') this.#width = between(innerWidth - x, MIN_SIZE * 2, innerWidth)
    else if (this.#dock === 'bottom') this.#height = between(innerHeight - y, MIN_SIZE, innerHeight)
    else {
      this.#width = between(x - this.#left, MIN_SIZE * 2, innerWidth)
      this.#height = between(y - this.#top, MIN_SIZE, innerHeight)
    }
    this.fit()
  }

  #onEdgeKey(event: KeyboardEvent): void {
    const sign = this.#dock === 'float' ? 1 : -1
    const taller = { ArrowUp: -KEY_STEP, ArrowDown: KEY_STEP }[event.key]
    const wider = { ArrowLeft: -KEY_STEP, ArrowRight: KEY_STEP }[event.key]
    if (event.shiftKey && this.#dock === 'float') {
      this.#top += taller ?? 0
      this.#left += wider ?? 0
    } else if (taller !== undefined && this.#dock !== 'right')
      this.#height = between(this.#height + sign * taller, MIN_SIZE, innerHeight)
    else if (wider !== undefined && this.#dock !== 'bottom')
      this.#width = between(this.#width + sign * wider, MIN_SIZE * 2, innerWidth)
    else if (event.key === 'Home') this.#height = this.#width = MIN_SIZE * 2
    else if (event.key === 'End' && this.#dock !== 'right') this.#height = innerHeight
    else if (event.key === 'End') this.#width = innerWidth
    else return
    event.preventDefault()
    this.fit()
  }

  #makeMovable(): void {
    let [fromX, fromY] = [0, 0]
    const begins = ({ clientX, clientY, target }: PointerEvent): boolean => {
      fromX = clientX - this.#left
      fromY = clientY - this.#top
      return this.#dock === 'float' && (target as Element).closest('button, input, select') === null
    }
    const move = ({ clientX, clientY }: PointerEvent): void => {
      this.#left = clientX - fromX
      this.#top = clientY - fromY
      this.fit()
    }
    drag(this.head, move, begins)
  }
}

/** Calls `move` while a pointer is held that was pressed on `handle`. */
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

function between(value: number, min: number, max: number): number {
  return Math.max(Math.min(value, max), Math.min(min, max))
}
