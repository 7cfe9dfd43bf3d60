import { element, setText } from './element.ts'

/** A column of a table. */
export interface TableColumn<T> {
  readonly title: string
  /** What it says, for a tooltip. */
  readonly hint?: string
  readonly text: (item: T) => string
  /** Numbers are set to the right. */
  readonly numeric?: boolean
  /** Its text may take several lines. */
  readonly wrap?: boolean
  /** The narrower the panel, the more columns are left out: 1 goes first. */
  readonly leftOutAt?: 1 | 2
  /** Fills the cell itself, after its text was set. */
  readonly decorate?: (cell: HTMLElement, item: T) => void
}

/**
 * A table of things that come and go, kept up to date in place. One row has the keyboard: arrows, Home, End, Page Up and Page Down
 * move it, Enter picks it.
 */
export class RowsTable<T> {
  readonly element: HTMLTableElement
  readonly #columns: readonly TableColumn<T>[]
  readonly #key: (item: T) => unknown
  readonly #pick: ((item: T) => void) | undefined
  readonly #body: HTMLTableSectionElement
  readonly #rows = new Map<unknown, { row: HTMLTableRowElement; item: T }>()
  readonly #empty: string

  /**
   * @param options.key tells items apart
   * @param options.pick called when a row is clicked, or chosen with Enter
   * @param options.empty said when there is nothing
   */
  constructor(
    label: string,
    columns: readonly TableColumn<T>[],
    options: { key: (item: T) => unknown; pick?: (item: T) => void; empty: string },
  ) {
    this.#columns = columns
    this.#key = options.key
    this.#pick = options.pick
    this.#empty = options.empty
    this.#body = element('tbody')
    const head = columns.map(({ title, hint, ...column }) =>
      element('th', { scope: 'col', title: hint, class: classes(column), role: 'columnheader' }, title),
    )
    this.element = element(
      'table',
      { role: 'grid', 'aria-label': label, 'aria-readonly': 'true' },
      element('thead', {}, element('tr', { role: 'row' }, ...head)),
      this.#body,
    )
    this.#body.addEventListener('keydown', (event) => this.#onKey(event))
    this.#body.addEventListener('click', (event) => {
      const row = (event.target as Element).closest('tr')
      if (row !== null) this.#choose(row)
    })
    this.#body.addEventListener('focusin', (event) => {
      const row = (event.target as Element).closest('tr')
      if (row !== null) this.#makeStop(row)
    })
  }

  /** Shows these, in this order. */
  update(items: readonly T[]): void {
    const gone = new Set(this.#rows.keys())
    let before: Element | null = this.#body.firstElementChild
    for (const item of items) {
      const key = this.#key(item)
      gone.delete(key)
      let known = this.#rows.get(key)
      if (known === undefined) this.#rows.set(key, (known = { row: this.#makeRow(), item }))
      known.item = item
      this.#fill(known.row, item)
      if (known.row === before) before = before.nextElementSibling
      else this.#body.insertBefore(known.row, before)
    }
    const hadFocus = gone.size > 0 && this.#focused() !== undefined
    for (const key of gone) {
      this.#rows.get(key)?.row.remove()
      this.#rows.delete(key)
    }
    this.#showEmpty(items.length === 0)
    const rows = this.#list()
    if (rows.length > 0 && !rows.some((row) => row.tabIndex === 0)) rows[0].tabIndex = 0
    if (hadFocus && this.#focused() === undefined) rows[0]?.focus()
  }

  #makeRow(): HTMLTableRowElement {
    const cells = this.#columns.map((column) => element('td', { class: classes(column), role: 'gridcell' }))
    return element('tr', { role: 'row', tabindex: -1, class: this.#pick && 'pickable' }, ...cells)
  }

  #fill(row: HTMLTableRowElement, item: T): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const { text, decorate } = this.#columns[i]
      const cell = row.cells[i]
      if (decorate) decorate(cell, item)
      else setText(cell, text(item))
    }
  }

  #showEmpty(empty: boolean): void {
    const shown = this.#body.querySelector('.empty')
    if (!empty) return shown?.remove()
    if (shown !== null) return
    const cell = element('td', { colspan: this.#columns.length, role: 'gridcell' }, this.#empty)
    this.#body.append(element('tr', { class: 'empty', role: 'row' }, cell))
  }

  #list(): HTMLTableRowElement[] {
    return [...this.#body.querySelectorAll<HTMLTableRowElement>('tr[tabindex]')]
  }

  #focused(): HTMLTableRowElement | undefined {
    return this.#list().find((row) => row.matches(':focus'))
  }

  /** The one row that Tab stops at. */
  #makeStop(row: HTMLTableRowElement): void {
    for (const other of this.#list()) other.tabIndex = other === row ? 0 : -1
  }

  #choose(row: HTMLTableRowElement): void {
    for (const { row: known, item } of this.#rows.values()) if (known === row) this.#pick?.(item)
  }

  #onKey(event: KeyboardEvent): void {
    const rows = this.#list()
    const at = rows.findIndex((row) => row.matches(':focus'))
    if (at < 0) return
    const page = 8
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    }[event.key]
    if (to !== undefined) {
      event.preventDefault()
      rows[Math.min(rows.length - 1, Math.max(0, to))].focus()
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      this.#choose(rows[at])
    }
  }
}

function classes({
  numeric,
  wrap,
  leftOutAt,
}: Omit<TableColumn<never>, 'title' | 'text'>): string | undefined {
  const names = [numeric && 'number', wrap && 'wrap', leftOutAt && `narrow-${leftOutAt}`].filter(Boolean)
  return names.length === 0 ? undefined : names.join(' ')
}
