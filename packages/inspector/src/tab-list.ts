import { button, element, movedTo } from './element.ts'

export interface View {
  readonly title: string
  readonly element: HTMLElement
  /** Redraws the view. Called while it is shown. */
  update(): void
  /** Called before the view is shown, and after it was hidden. */
  shown?(isShown: boolean): void
  dispose?(): void
}

/** Tabs that show one view at a time. Arrow keys, Home and End move from tab to tab. */
export class TabList<Name extends string> {
  readonly bar: HTMLElement = element('div', {
    role: 'tablist',
    'aria-label': 'memkit inspector',
    class: 'tabs',
  })
  readonly panels: HTMLElement = element('div', { class: 'panels' })
  readonly #entries = new Map<Name, { tab: HTMLButtonElement; panel: HTMLElement; view: View }>()
  #current: Name

  constructor(views: Readonly<Record<Name, View>>, first: Name) {
    this.#current = first
    for (const [name, view] of Object.entries(views) as [Name, View][]) {
      const [id, controls] = [`tab-${name}`, `panel-${name}`]
      const choose = (): void => void (this.current = name)
      const tab = button(choose, { role: 'tab', id, 'aria-controls': controls }, view.title)
      const attributes = { role: 'tabpanel', id: controls, 'aria-labelledby': id, class: `panel ${name}` }
      const panel = element('div', attributes, view.element)
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

  focus(): void {
    this.#entries.get(this.#current)!.tab.focus()
  }

  dispose(): void {
    for (const { view } of this.#entries.values()) view.dispose?.()
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
    const [at, last] = [names.indexOf(this.#current), names.length - 1]
    // Arrow keys wrap around.
    const steps = { ArrowRight: at === last ? -last : 1, ArrowLeft: at === 0 ? last : -1 }
    const to = movedTo(event, at, last, steps)
    if (to === undefined) return
    this.current = names[to]
    this.focus()
  }
}
