/**
 * Where each key that steers points to, x and y. By place on the keyboard, so that other layouts
 * steer with the same fingers.
 */
const ways: Readonly<Record<string, readonly [number, number]>> = {
  KeyW: [0, 1],
  KeyA: [-1, 0],
  KeyS: [0, -1],
  KeyD: [1, 0],
  ArrowUp: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, -1],
  ArrowRight: [1, 0],
}

/** Keys that are held to steer and to shoot. */
export class Keyboard {
  readonly #held = new Set<string>()

  constructor(signal: AbortSignal) {
    addEventListener(
      'keydown',
      (event) => {
        if (!(event.code in ways) && event.code !== 'Space') return
        if (event.ctrlKey || event.metaKey || event.altKey || hasOwnJob(event)) return
        event.preventDefault()
        this.#held.add(event.code)
      },
      { signal },
    )
    addEventListener('keyup', (event) => this.#held.delete(event.code), { signal })
    // What is let go elsewhere is not heard.
    addEventListener('blur', () => this.#held.clear(), { signal })
  }

  get fire(): boolean {
    return this.#held.has('Space')
  }

  get x(): number {
    return this.#sum(0)
  }

  get y(): number {
    return this.#sum(1)
  }

  #sum(axis: 0 | 1): number {
    let sum = 0
    for (const code of this.#held) sum += ways[code]?.[axis] ?? 0
    return Math.max(-1, Math.min(1, sum))
  }
}

/**
 * Whether the focused element uses the key itself: Enter and Space in buttons, every key in fields,
 * sliders and the panel.
 */
export function hasOwnJob(event: KeyboardEvent): boolean {
  const { key, target } = event
  if (!(target instanceof Element)) return false
  if (target.closest('input, select, textarea, .tp-dfwv') !== null) return true
  return (key === 'Enter' || key === ' ') && target.closest('button, summary, a') !== null
}
