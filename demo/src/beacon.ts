import type { Arena } from './arena.ts'

interface Place {
  readonly x: number
  readonly y: number
}

/** World units per second that the arrow keys move the beacon. */
const KEY_SPEED = 700
const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
}

/** What the swarm follows: the mouse, a finger, or the arrow keys. Places are in world units, y upwards. */
export class Beacon {
  present = false
  x = 0
  y = 0
  readonly #canvas: HTMLCanvasElement
  readonly #arena: Arena
  readonly #held = new Set<string>()
  #bursts: Place[] = []

  constructor(canvas: HTMLCanvasElement, arena: Arena, signal: AbortSignal) {
    this.#canvas = canvas
    this.#arena = arena
    canvas.addEventListener('pointermove', (event) => this.#follow(event), { signal })
    canvas.addEventListener(
      'pointerdown',
      (event) => {
        canvas.setPointerCapture(event.pointerId)
        this.#follow(event)
        this.burst()
      },
      { signal },
    )
    const leave = (): void => void (this.present = false)
    canvas.addEventListener('pointerleave', leave, { signal })
    canvas.addEventListener('pointercancel', leave, { signal })
    // A lifted finger is nowhere; a mouse still points.
    canvas.addEventListener('pointerup', (event) => event.pointerType === 'mouse' || leave(), { signal })
    canvas.addEventListener('keydown', (event) => this.#key(event), { signal })
    canvas.addEventListener('keyup', (event) => this.#held.delete(event.key), { signal })
    canvas.addEventListener('blur', () => this.#held.clear(), { signal })
  }

  /** Asks for a burst where the beacon is; in the middle of the arena when it is nowhere. */
  burst(): void {
    this.#bursts.push(this.present ? { x: this.x, y: this.y } : { x: 0, y: 0 })
  }

  /** The bursts asked for since the last call. */
  takeBursts(): readonly Place[] {
    const bursts = this.#bursts
    if (bursts.length > 0) this.#bursts = []
    return bursts
  }

  /** A system: moves the beacon while arrow keys are held. */
  readonly move = (_world: object, { time }: { time: { delta: number } }): void => {
    if (this.#held.size === 0) return
    this.present = true
    const { width, height } = this.#arena
    for (const key of this.#held) {
      const [right, up] = arrows[key]
      this.x = Math.min(width / 2, Math.max(width / -2, this.x + right * KEY_SPEED * time.delta))
      this.y = Math.min(height / 2, Math.max(height / -2, this.y + up * KEY_SPEED * time.delta))
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.repeat) this.burst()
    else if (event.key in arrows) this.#held.add(event.key)
    else return
    event.preventDefault()
  }

  #follow(event: PointerEvent): void {
    const box = this.#canvas.getBoundingClientRect()
    this.x = ((event.clientX - box.left) / box.width - 0.5) * this.#arena.width
    this.y = (0.5 - (event.clientY - box.top) / box.height) * this.#arena.height
    this.present = true
  }
}
