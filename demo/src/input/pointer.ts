/** Pixels that a finger is dragged for full speed. */
const FULL_DRAG = 56

/**
 * The mouse aims and shoots. A finger works like a stick around the place it first touched, and the
 * ship aims and shoots automatically.
 */
export class Pointer {
  /**
   * Where the mouse is on the canvas, from 0, left and top, to 1; undefined before it moved, and
   * with fingers.
   */
  mouse: { readonly x: number; readonly y: number } | undefined
  fire = false
  /** −1 … 1, y upwards. */
  x = 0
  y = 0
  readonly #canvas: HTMLElement
  readonly #stick: HTMLElement
  #finger: number | undefined
  #fromX = 0
  #fromY = 0

  /** @param stick shown where a finger steers */
  constructor(canvas: HTMLElement, stick: HTMLElement, signal: AbortSignal) {
    this.#canvas = canvas
    this.#stick = stick
    const listen = (
      type: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel' | 'lostpointercapture',
      heard: (event: PointerEvent) => void,
    ) => canvas.addEventListener(type, heard, { signal })
    listen('pointerdown', (event) => this.#down(event))
    listen('pointermove', (event) => this.#move(event))
    listen('pointerup', (event) => this.#up(event))
    listen('pointercancel', (event) => this.#up(event))
    listen('lostpointercapture', (event) => this.#up(event))
    addEventListener('blur', () => (this.fire = false), { signal })
    canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal })
  }

  get touching(): boolean {
    return this.#finger !== undefined
  }

  #down(event: PointerEvent): void {
    this.#canvas.setPointerCapture(event.pointerId)
    if (event.pointerType === 'mouse') {
      this.fire = true
      this.#point(event)
      return
    }
    this.mouse = undefined
    if (this.#finger !== undefined) return
    this.#finger = event.pointerId
    this.#fromX = event.clientX
    this.#fromY = event.clientY
    this.#showStick()
  }

  #move(event: PointerEvent): void {
    if (event.pointerType === 'mouse') return this.#point(event)
    if (event.pointerId !== this.#finger) return
    const x = (event.clientX - this.#fromX) / FULL_DRAG
    const y = (this.#fromY - event.clientY) / FULL_DRAG
    const drag = Math.max(1, Math.hypot(x, y))
    this.x = x / drag
    this.y = y / drag
    this.#showStick()
  }

  #up(event: PointerEvent): void {
    if (event.pointerType === 'mouse') this.fire = false
    if (event.pointerId !== this.#finger) return
    this.#finger = undefined
    this.x = this.y = 0
    this.#stick.hidden = true
  }

  #point(event: PointerEvent): void {
    const box = this.#canvas.getBoundingClientRect()
    this.mouse = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height }
  }

  #showStick(): void {
    this.#stick.hidden = false
    this.#stick.style.translate = `${this.#fromX}px ${this.#fromY}px`
    this.#stick.style.setProperty('--x', `${this.x * FULL_DRAG}px`)
    this.#stick.style.setProperty('--y', `${-this.y * FULL_DRAG}px`)
  }
}
