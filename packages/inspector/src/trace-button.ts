import type { FrameTrace, MkSync } from '@memkit/ecs-plugin'
import { element, setAttribute, setText } from './element.ts'

/** Records frames as a Chrome trace and saves them to a file: for Perfetto, or chrome://tracing. */
export class TraceButton {
  readonly element: HTMLButtonElement
  readonly #mk: MkSync<object>
  readonly #text: HTMLElement
  /** What this button started, so that it is this button's to stop. */
  #ours: FrameTrace | undefined

  constructor(mk: MkSync<object>) {
    this.#mk = mk
    this.#text = element('span')
    this.element = element(
      'button',
      { type: 'button', class: 'trace' },
      element('i', { class: 'dot' }),
      this.#text,
    )
    this.element.addEventListener('click', () => this.#press())
    this.update()
  }

  update(): void {
    const recording = this.#mk.coordinator.trace !== undefined
    const name = recording ? 'Save trace' : 'Record trace'
    setText(this.#text, name)
    setAttribute(this.element, 'aria-label', name)
    setAttribute(
      this.element,
      'title',
      recording
        ? 'Save the frames recorded so far as a Chrome trace, for ui.perfetto.dev'
        : 'Record frames from now on; press again to save them as a Chrome trace',
    )
    this.element.classList.toggle('recording', recording)
  }

  /** Ends a recording that this button started. */
  dispose(): void {
    if (this.#ours !== undefined && this.#mk.coordinator.trace === this.#ours)
      this.#mk.coordinator.stopTrace()
    this.#ours = undefined
  }

  #press(): void {
    const { coordinator } = this.#mk
    const { trace } = coordinator
    if (trace === undefined) this.#ours = coordinator.startTrace()
    else {
      save(trace)
      // Whoever configured a trace wants to keep recording.
      if (trace === this.#ours) this.dispose()
    }
    this.update()
  }
}

function save(trace: FrameTrace): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(trace)], { type: 'application/json' }))
  const time = new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')
  element('a', { href: url, download: `memkit-trace-${time}.json` }).click()
  // The download has begun by the time that anything else runs; some browsers read the address a little later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
