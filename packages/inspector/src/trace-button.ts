import type { FrameTrace, MkSync } from '@memkit/ecs-plugin'
import { button, element, setAttribute, setText } from './element.ts'
import { saveFile } from './save-file.ts'

/** Records frames and saves them to a file as a Chrome trace, for Perfetto or chrome://tracing. */
export class TraceButton {
  readonly element: HTMLButtonElement
  readonly #mk: MkSync<object>
  readonly #text = element('span')
  /** The trace that this button started, and may stop. */
  #ours: FrameTrace | undefined

  constructor(mk: MkSync<object>) {
    this.#mk = mk
    const dot = element('i', { class: 'dot' })
    this.element = button(() => this.#press(), { class: 'trace' }, dot, this.#text)
    this.update()
  }

  update(): void {
    const recording = this.#mk.coordinator.trace !== undefined
    const [name, hint] = recording
      ? ['Save trace', 'Save the recorded frames as a Chrome trace, for ui.perfetto.dev']
      : ['Record trace', 'Start recording frames. Press again to save them as a Chrome trace']
    setText(this.#text, name)
    setAttribute(this.element, 'aria-label', name)
    setAttribute(this.element, 'title', hint)
    this.element.classList.toggle('recording', recording)
  }

  dispose(): void {
    const { coordinator } = this.#mk
    if (this.#ours !== undefined && coordinator.trace === this.#ours) coordinator.stopTrace()
    this.#ours = undefined
  }

  #press(): void {
    const { coordinator } = this.#mk
    const { trace } = coordinator
    if (trace === undefined) this.#ours = coordinator.startTrace()
    else {
      saveFile('memkit-trace', 'json', new Blob([JSON.stringify(trace)], { type: 'application/json' }))
      // A trace that was configured keeps recording.
      if (trace === this.#ours) this.dispose()
    }
    this.update()
  }
}
