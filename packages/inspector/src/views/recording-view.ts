import type { MkSync } from '@memkit/ecs-plugin'
import type { Recording, Replay, ReplayMirror } from '@memkit/ecs-plugin/recording'
import { button, element, setAttribute, setText } from '../element.ts'
import { bytesText, countText } from '../quantities.ts'
import { RowsTable, type TableColumn } from '../rows-table.ts'
import { saveFile } from '../save-file.ts'
import type { View } from '../tab-list.ts'
import { compareFrames, type Comparison } from './frame-comparison.ts'

/** Of the ring: about half a minute at 60 Hz has one keyframe in five seconds. */
const RING = { keyframeEvery: 300, maxBytes: 64 << 20 }
/** Frames that the ring is to keep: 30 seconds. */
const SECONDS = 30

interface Line {
  readonly mirror: ReplayMirror
  readonly sent: number
  readonly arrived: number
  readonly comparison: Comparison | undefined
}

const columns: readonly TableColumn<Line>[] = [
  { title: 'Name', text: ({ mirror }) => mirror.label },
  {
    title: 'Rows',
    hint: 'Rows there is room for',
    numeric: true,
    text: ({ mirror }) => countText(mirror.rows),
  },
  { title: 'Sent', hint: 'Rows that this frame changed', numeric: true, text: ({ sent }) => countText(sent) },
  {
    title: 'Came back',
    hint: 'Rows that came back from the device in this frame',
    numeric: true,
    leftOutAt: 1,
    text: ({ arrived }) => countText(arrived),
  },
  {
    title: 'Differ',
    hint: 'Rows that differ from the frame that is compared with',
    numeric: true,
    text: ({ comparison }) => (comparison === undefined ? '' : countText(comparison.rows)),
  },
  {
    title: 'In',
    wrap: true,
    text: ({ comparison }) => {
      if (comparison === undefined || comparison.fields.length === 0) return ''
      const { fields, first } = comparison
      return first === undefined ? fields.join(', ') : `${fields.join(', ')}; first in row ${first}`
    },
  },
]

/** Records the game, and shows any frame of a recording: what it changed, and how it differs from another one. */
export class RecordingView implements View {
  readonly title = 'Recording'
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #record: HTMLButtonElement
  readonly #save: HTMLButtonElement
  readonly #compare: HTMLButtonElement
  readonly #slider: HTMLInputElement
  readonly #file: HTMLInputElement
  readonly #note = element('p', { class: 'note', 'aria-live': 'polite' })
  readonly #where = element('output')
  readonly #table: RowsTable<Line>
  readonly #player: HTMLElement
  #recording: Recording | undefined
  #blob: Blob | undefined
  #replay: Replay | undefined
  /** The frame that others are compared with. */
  #with: number | undefined
  #isDisposed = false

  constructor(mk: MkSync<object>) {
    this.#mk = mk
    this.#record = button(
      () => void this.#press(),
      { class: 'trace' },
      element('i', { class: 'dot' }),
      'Record',
    )
    this.#save = button(() => this.#blob && saveFile('memkit-recording', 'mkrec', this.#blob), {}, 'Save')
    this.#compare = button(
      () => this.#toggleComparison(),
      { 'aria-pressed': 'false' },
      'Compare with this frame',
    )
    this.#file = element('input', { type: 'file', accept: '.mkrec', 'aria-label': 'Open a recording' })
    this.#file.addEventListener('change', () => void this.#open(this.#file.files?.[0]))
    this.#slider = element('input', { type: 'range', min: 0, value: 0, step: 1, 'aria-label': 'Frame' })
    this.#slider.addEventListener('input', () => this.#seek(Number(this.#slider.value)))
    this.#table = new RowsTable('Mirrors of the frame', columns, {
      key: ({ mirror }: Line) => mirror.label,
      empty: 'The frame has no mirrors.',
    })
    const frame = element('label', { class: 'frame' }, 'Frame', this.#slider)
    const tools = element('div', { class: 'tools' }, frame, this.#where, this.#compare)
    this.#player = element('div', {}, tools, element('div', { class: 'scroll' }, this.#table.element))
    this.#player.hidden = true
    const first = element('div', { class: 'tools' }, this.#record, this.#save, this.#file)
    this.element = element('div', { class: 'recording-view' }, first, this.#note, this.#player)
    this.#showButtons()
    setText(
      this.#note,
      `Record keeps about the last ${SECONDS} seconds. Stop to look at them frame by frame.`,
    )
  }

  update(): void {
    const recording = this.#recording
    if (recording === undefined) return
    const { frames, bytes, droppedFrames } = recording
    const dropped = droppedFrames === 0 ? '' : `, ${countText(droppedFrames)} older ones dropped`
    setText(this.#note, `Recording: ${countText(frames)} frames, ${bytesText(bytes)}${dropped}.`)
  }

  dispose(): void {
    this.#isDisposed = true
    void this.#recording?.stop()
    this.#replay?.dispose()
  }

  /** The code of recordings is loaded when it is first used. */
  async #press(): Promise<void> {
    const { startRecording } = await import('@memkit/ecs-plugin/recording')
    if (this.#isDisposed) return
    const running = this.#recording
    try {
      if (running === undefined) this.#recording = startRecording(this.#mk, RING)
      else {
        this.#recording = undefined
        await this.#open(await running.stop())
      }
    } catch (error) {
      this.#say(error)
    }
    this.#showButtons()
  }

  async #open(file: Blob | undefined): Promise<void> {
    if (file === undefined) return
    try {
      const { openReplay } = await import('@memkit/ecs-plugin/recording')
      const replay = await openReplay(file, { gpu: this.#mk.gpu })
      if (this.#isDisposed) return replay.dispose()
      this.#replay?.dispose()
      this.#replay = replay
      this.#blob = file
      this.#with = undefined
      this.#slider.max = String(replay.frames - 1)
      this.#player.hidden = false
      const cut = replay.problem === undefined ? '' : ` ${replay.problem.message}`
      setText(this.#note, `${countText(replay.frames)} frames, ${bytesText(file.size)}.${cut}`)
      this.#seek(replay.frames - 1)
    } catch (error) {
      this.#say(error)
    }
    this.#showButtons()
  }

  #seek(frame: number): void {
    const replay = this.#replay
    if (replay === undefined) return
    try {
      replay.seek(frame)
    } catch (error) {
      return this.#say(error)
    }
    this.#slider.value = String(frame)
    const { frameNumber, timeStep, changes } = replay
    const time = timeStep === undefined ? '' : `, ${(timeStep * 1000).toFixed(2)} ms`
    const compared = this.#with === undefined ? '' : `, compared with ${this.#with}`
    setText(this.#where, `${frame} of ${replay.frames} (${frameNumber} in the game${time})${compared}`)
    this.#table.update(
      changes.map((change) => ({ ...change, comparison: this.#comparisonOf(change.mirror) })),
    )
    this.#showButtons()
  }

  #comparisonOf(mirror: ReplayMirror): Comparison | undefined {
    if (this.#with === undefined) return undefined
    let before: Uint8Array
    try {
      before = this.#replay!.rowsAt(this.#with, mirror.label)
    } catch {
      // The mirror was not there in that frame.
      before = new Uint8Array(mirror.bytes.length)
    }
    return compareFrames(mirror, before, mirror.bytes)
  }

  #toggleComparison(): void {
    const replay = this.#replay
    if (replay === undefined) return
    this.#with = this.#with === undefined ? replay.frame : undefined
    this.#seek(replay.frame)
  }

  #showButtons(): void {
    const isRecording = this.#recording !== undefined
    const name = isRecording ? 'Stop recording' : 'Record'
    setText(this.#record.lastChild as unknown as Element, name)
    setAttribute(this.#record, 'aria-label', name)
    this.#record.classList.toggle('recording', isRecording)
    this.#save.disabled = this.#blob === undefined
    setText(this.#compare, this.#with === undefined ? 'Compare with this frame' : 'Stop comparing')
    setAttribute(this.#compare, 'aria-pressed', String(this.#with !== undefined))
  }

  #say(error: unknown): void {
    setText(this.#note, error instanceof Error ? error.message : String(error))
  }
}
