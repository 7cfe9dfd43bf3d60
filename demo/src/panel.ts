import type { Beacon } from './beacon.ts'
import { MAX_ENTITIES } from './components.ts'
import { formatCount } from './figures.ts'
import type { PageValues } from './page-values.ts'
import { MIN_ENTITIES } from './settings.ts'
import type { Settings } from './settings.ts'

/** The controls. They write the settings; what the settings say is shown by `show`. */
export class Panel {
  readonly #settings: Settings
  readonly #values: PageValues
  readonly #entities = input('entities')
  readonly #moving = input('moving')
  readonly #pause = document.querySelector<HTMLButtonElement>('#pause')!
  readonly #status = document.querySelector<HTMLElement>('#status')!

  constructor(settings: Settings, beacon: Beacon, values: PageValues, signal: AbortSignal) {
    this.#settings = settings
    this.#values = values
    this.#entities.value = String(Math.log10(settings.entities))
    this.#moving.value = String(settings.moving * 100)
    this.#entities.addEventListener(
      'input',
      () => {
        settings.entities = roundedEntities(10 ** this.#entities.valueAsNumber)
        this.#show()
      },
      { signal },
    )
    this.#moving.addEventListener(
      'input',
      () => {
        settings.moving = this.#moving.valueAsNumber / 100
        this.#show()
      },
      { signal },
    )
    this.#pause.addEventListener('click', () => this.#togglePause(), { signal })
    document.querySelector('#burst')!.addEventListener('click', () => beacon.burst(), { signal })
    addEventListener('keydown', (event) => this.#key(event), { signal })
    document
      .querySelector('#panel')!
      .addEventListener('submit', (event) => event.preventDefault(), { signal })
    this.#show()
  }

  #togglePause(): void {
    this.#settings.paused = !this.#settings.paused
    this.#settings.pauseReason = ''
    this.#show()
  }

  #key(event: KeyboardEvent): void {
    if (event.key !== ' ' || event.repeat) return
    // On a button or a summary the space bar has a job already.
    if (event.target instanceof Element && event.target.closest('button, summary')) return
    event.preventDefault()
    this.#togglePause()
  }

  #show(): void {
    const { entities, moving, paused, pauseReason } = this.#settings
    const share = `${Math.round(moving * 100)} %`
    this.#values.set('entities', formatCount(entities))
    this.#values.set('moving', share)
    this.#entities.setAttribute('aria-valuetext', `${formatCount(entities)} entities`)
    this.#moving.setAttribute('aria-valuetext', share)
    this.#pause.textContent = paused ? 'Play' : 'Pause'
    this.#status.textContent = paused ? `${pauseReason || 'Paused.'} Press Space or Play to go on.` : ''
  }
}

/** Two digits are as fine as a hand on a slider is. */
function roundedEntities(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1)
  return Math.min(MAX_ENTITIES, Math.max(MIN_ENTITIES, Math.round(value / unit) * unit))
}

function input(id: string): HTMLInputElement {
  return document.querySelector<HTMLInputElement>(`#${id}`)!
}
