import { element } from './element.ts'

/** What a tab shows. */
export interface View {
  readonly element: HTMLElement
  /** Redraws it; called while it is shown. */
  update(): void
  /** It is about to be shown, or was hidden. */
  shown?(isShown: boolean): void
  dispose(): void
}

/** Tabs and what they show, one at a time. Arrow keys, Home and End go from tab to tab. */
export class TabList<Name extends string> {
  /** The tabs themselves. */
  readonly bar: HTMLElement
  /** What they show. */
  readonly panels: HTMLElement
  readonly #entries = new Map<Name, { tab: HTMLButtonElement; panel: HTMLElement; view: View }>()
  #current: Name

  constructor(views: Readonly<Record<Name, { title: string; view: View }>>, first: Name) {
    this.#current = first
    this.bar = element('div', { role: 'tablist', 'aria-label': 'memkit inspector', class: 'tabs' })
    this.panels = element('div', { class: 'panels' })
    for (const [name, { title, view }] of Object.entries(views) as [Name, { title: string; view: View }][]) {
      const tab = element(
        'button',
        { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}` },
        title,
      )
      const panel = element(
        'div',
        { role: 'tabpanel', id: `panel-${name}`, 'aria-labelledby': `tab-${name}`, class: `panel ${name}` },
        view.element,
      )
      tab.addEventListener('click', () => (this.current = name))
      this.#entries.set(name, { tab, panel, view })
      this.bar.append(tab)
      this.panels.append(panel)
    }
    this.bar.addEventListener('keydown', (event) => this.#onKey(event))
    this.#show()
  }

  get current(): Name {
    return this.#current
  }
  set current(name: Name) {
    if (name === this.#current || !this.#entries.has(name)) return
    this.view.shown?.(false)
    this.#current = name
    this.#show()
    this.view.shown?.(true)
    this.view.update()
  }

  get view(): View {
    return this.#entries.get(this.#current)!.view
  }

  /** Puts the keyboard on the tab that is shown. */
  focus(): void {
    this.#entries.get(this.#current)!.tab.focus()
  }

  dispose(): void {
    for (const { view } of this.#entries.values()) view.dispose()
  }

  #show(): void {
    for (const [name, { tab, panel }] of this.#entries) {
      const isCurrent = name === this.#current
      tab.setAttribute('aria-selected', String(isCurrent))
      tab.tabIndex = isCurrent ? 0 : -1
      panel.hidden = !isCurrent
    }
  }

  #onKey(event: KeyboardEvent): void {
    const names = [...this.#entries.keys()]
    const at = names.indexOf(this.#current)
    const to = {
      ArrowRight: (at + 1) % names.length,
      ArrowLeft: (at + names.length - 1) % names.length,
      Home: 0,
      End: names.length - 1,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.current = names[to]
    this.focus()
  }
}
