import type { FrameReport, MkSync } from '@memkit/ecs-plugin'
import { element, iconButton, setText } from './element.ts'
import { FrameEnd } from './frame-end.ts'
import { FrameHistory } from './frame-history.ts'
import type { Inspector, InspectorCost, InspectorOptions, InspectorTab } from './options.ts'
import { adoptStyle, mediaQuery } from './page.ts'
import { Sheet } from './sheet.ts'
import { css } from './style.ts'
import { TabList } from './tab-list.ts'
import { TraceButton } from './trace-button.ts'
import { ComponentsView, listed } from './views/components-view.ts'
import { FramesView } from './views/frames-view.ts'
import { MemoryView } from './views/memory-view.ts'
import { RecordingView } from './views/recording-view.ts'
import { RowsView } from './views/rows-view.ts'

// Events that the page doesn't get: a click on the panel must not fire a gun in the game behind it.
const ours = ['keydown', 'keypress', 'pointerdown', 'mousedown', 'touchstart', 'wheel', 'click', 'dblclick']

/** Most redraws per second where the system asks for reduced motion. */
const CALM_HZ = 2

/**
 * Shows an inspector over the page.
 *
 * ```ts
 * const inspector = mountInspector(mk)
 * inspector.toggle()      // hides or shows it
 * inspector.dispose()     // removes it
 * ```
 *
 * @param mk the sync to inspect, of any ECS
 * @throws TypeError where there is no document
 */
export function mountInspector(mk: MkSync<object>, options: InspectorOptions = {}): Inspector {
  if (typeof document === 'undefined')
    throw new TypeError('mountInspector needs a document. Call it on a page, not in a worker or in Node.')
  return new MountedInspector(mk, options)
}

class MountedInspector implements Inspector {
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #root: ShadowRoot
  readonly #history: FrameHistory
  readonly #frameEnd: FrameEnd
  readonly #tabs: TabList<InspectorTab>
  readonly #frames: FramesView
  readonly #rows: RowsView
  readonly #trace: TraceButton
  readonly #sheet: Sheet
  readonly #costText: HTMLElement
  readonly #calm = mediaQuery('(prefers-reduced-motion: reduce)')
  readonly #abort = new AbortController()
  readonly #hz: number
  #isOpen = false
  #stopListening: (() => void) | undefined
  #timer: ReturnType<typeof setInterval> | undefined
  #focusBefore: Element | null = null
  #spentMs = 0
  #spentSince = 0
  #cost: InspectorCost = { msPerSecond: 0, updateMs: 0 }

  constructor(mk: MkSync<object>, options: InspectorOptions) {
    const { parent = document.body, open = true, tab = 'frames', dock = 'bottom', theme = 'auto' } = options
    this.#mk = mk
    this.#hz = options.hz ?? 10
    this.#history = new FrameHistory(options.frames ?? 600)
    this.#frameEnd = new FrameEnd(mk)
    this.#frames = new FramesView(this.#history)
    this.#rows = new RowsView(mk, this.#frameEnd)
    this.#trace = new TraceButton(mk)
    const components = new ComponentsView(mk, (chosen) => {
      this.#rows.show(chosen)
      this.tab = 'rows'
      this.#tabs.focus()
    })
    const memory = new MemoryView(mk)
    const recording = new RecordingView(mk)
    this.#tabs = new TabList({ frames: this.#frames, components, memory, rows: this.#rows, recording }, tab)
    this.element = element('div', { 'data-memkit-inspector': true, 'data-theme': theme })
    this.element.hidden = true
    this.#root = this.element.attachShadow({ mode: 'open' })
    adoptStyle(this.#root, css)
    this.#sheet = new Sheet(this.element, dock, this.#tabs.panels)
    const costHint = 'Main thread time that this inspector takes, per second'
    this.#costText = element('span', { class: 'cost', title: costHint })
    const close = iconButton('m4 4 8 8m0-8-8 8', 'Close the inspector (Escape)', () => this.close())
    this.#sheet.head.append(
      element('strong', {}, 'memkit'),
      this.#tabs.bar,
      this.#costText,
      element('span', { class: 'buttons' }, this.#trace.element, this.#sheet.dockButton, close),
    )
    this.#root.append(this.#sheet.element)
    this.#listenToPage()
    parent.append(this.element)
    // Browsers without the symbol have no `using` either.
    if ((Symbol.dispose as symbol | undefined) !== undefined) this[Symbol.dispose] = () => this.dispose()
    if (open) this.open()
  }

  declare [Symbol.dispose]: () => void

  get isOpen(): boolean {
    return this.#isOpen
  }
  get isDisposed(): boolean {
    return this.#abort.signal.aborted
  }
  get cost(): InspectorCost {
    return this.#cost
  }
  get tab(): InspectorTab {
    return this.#tabs.current
  }
  set tab(tab: InspectorTab) {
    this.#tabs.current = tab
  }

  open(): void {
    if (this.#isOpen || this.isDisposed || this.#mk.isDisposed) return
    this.#isOpen = true
    this.element.hidden = false
    this.#stopListening = this.#mk.on('frame', (report) => this.#onFrame(report))
    this.#spentSince = performance.now()
    this.#spentMs = 0
    this.#startTimer()
    this.#tabs.view.shown?.(true)
    this.update()
  }

  close(): void {
    if (!this.#isOpen) return
    const hadFocus = this.#root.activeElement !== null
    this.#isOpen = false
    this.element.hidden = true
    this.#stopListening?.()
    this.#stopListening = undefined
    this.#frameEnd.cancel()
    clearInterval(this.#timer)
    this.#tabs.view.shown?.(false)
    if (hadFocus && this.#focusBefore instanceof HTMLElement) this.#focusBefore.focus()
    this.#focusBefore = null
  }

  toggle(): void {
    if (this.#isOpen) this.close()
    else this.open()
  }

  focus(): void {
    this.#tabs.focus()
  }

  update(): void {
    if (!this.#isOpen) return
    if (this.#mk.isDisposed) return this.dispose()
    const start = performance.now()
    this.#tabs.view.update()
    this.#trace.update()
    const end = performance.now()
    this.#spentMs += end - start
    if (end - this.#spentSince < 1000) return
    const msPerSecond = (this.#spentMs * 1000) / (end - this.#spentSince)
    this.#cost = { msPerSecond, updateMs: end - start }
    setText(this.#costText, `takes ${msPerSecond.toFixed(1)} ms/s`)
    this.#spentMs = 0
    this.#spentSince = end
  }

  inspect(component: object, entity: number): void {
    const found = listed(this.#mk).find(({ key }) => key === component)
    if (found === undefined) return
    this.#rows.show(found, entity)
    this.tab = 'rows'
  }

  dispose(): void {
    if (this.isDisposed) return
    this.close()
    this.#trace.dispose()
    this.#tabs.dispose()
    this.#abort.abort()
    this.element.remove()
  }

  #onFrame(report: FrameReport): void {
    const start = performance.now()
    this.#history.push(report)
    this.#frameEnd.run()
    this.#spentMs += performance.now() - start
  }

  #startTimer(): void {
    clearInterval(this.#timer)
    const hz = this.#calm.matches ? Math.min(CALM_HZ, this.#hz) : this.#hz
    this.#timer = setInterval(() => {
      if (!document.hidden) this.update()
    }, 1000 / hz)
  }

  #listenToPage(): void {
    for (const type of ours) this.element.addEventListener(type, (event) => event.stopPropagation())
    this.#root.addEventListener('keydown', (event) => {
      if ((event as KeyboardEvent).key !== 'Escape') return
      event.preventDefault()
      this.close()
    })
    this.element.addEventListener('focusin', ({ relatedTarget }) => {
      // When the focus moves inside the panel, this is the host itself.
      if (relatedTarget !== this.element) this.#focusBefore = relatedTarget as Element | null
    })
    const { signal } = this.#abort
    const dark = mediaQuery('(prefers-color-scheme: dark)')
    dark.addEventListener('change', () => this.#frames.recolor(), { signal })
    this.#calm.addEventListener('change', () => this.#isOpen && this.#startTimer(), { signal })
    addEventListener('resize', () => this.#sheet.fit(), { signal })
  }
}
