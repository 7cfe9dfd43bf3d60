import { element, movedTo, setText } from './element.ts'

export interface TableColumn<T> {
  readonly title: string
  readonly hint?: string
  readonly text?: (item: T) => string
  /** Fills the cell, where text isn't enough. */
  readonly fill?: (cell: HTMLElement, item: T) => void
  readonly numeric?: boolean
  /** Whether its text may take several lines. */
  readonly wrap?: boolean
  /** Leaves the column out in a narrow panel: 1 goes first. */
  readonly leftOutAt?: 1 | 2 | undefined
}

interface TableOptions<T> {
  readonly key: (item: T) => unknown
  /** Called when a row is clicked, or chosen with Enter. */
  readonly pick?: (item: T) => void
  readonly empty: string
}

/** Rows that Page Up and Page Down move by. */
const PAGE = 8

/**
 * A table of items that come and go, updated in place. Arrows, Home, End, Page Up and Page Down move
 * the focus from row to row, Enter picks one.
 */
export class RowsTable<T> {
  readonly element: HTMLTableElement
  readonly #columns: readonly TableColumn<T>[]
  readonly #options: TableOptions<T>
  readonly #body: HTMLTableSectionElement
  /** Shown when there are no items. */
  readonly #empty: HTMLTableRowElement
  readonly #rows = new Map<unknown, { row: HTMLTableRowElement; item: T }>()

  constructor(label: string, columns: readonly TableColumn<T>[], options: TableOptions<T>) {
    this.#columns = columns
    this.#options = options
    this.#body = element('tbody')
    const cell = element('td', { colspan: columns.length, role: 'gridcell' }, options.empty)
    this.#empty = element('tr', { class: 'empty', role: 'row' }, cell)
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
    this.#onRow('click', (row) => this.#choose(row))
    this.#onRow('focusin', (row) => this.#makeStop(row))
  }

  update(items: readonly T[]): void {
    const gone = new Set(this.#rows.keys())
    let before: Element | null = this.#body.firstElementChild
    for (const item of items) {
      const key = this.#options.key(item)
      gone.delete(key)
      let known = this.#rows.get(key)
      if (known === undefined) this.#rows.set(key, (known = { row: this.#makeRow(), item }))
      known.item = item
      this.#fill(known.row, item)
      if (known.row === before) before = before.nextElementSibling
      else this.#body.insertBefore(known.row, before)
    }
    const hadFocus = gone.size > 0 && this.#focused(this.#list()) >= 0
    for (const key of gone) {
      this.#rows.get(key)?.row.remove()
      this.#rows.delete(key)
    }
    if (items.length > 0) this.#empty.remove()
    else if (this.#empty.parentNode === null) this.#body.append(this.#empty)
    const rows = this.#list()
    if (rows.length > 0 && !rows.some((row) => row.tabIndex === 0)) rows[0].tabIndex = 0
    if (hadFocus && this.#focused(rows) < 0) rows[0]?.focus()
  }

  #onRow(type: 'click' | 'focusin', call: (row: HTMLTableRowElement) => void): void {
    this.#body.addEventListener(type, (event) => {
      const row = (event.target as Element).closest('tr')
      if (row !== null) call(row)
    })
  }

  #makeRow(): HTMLTableRowElement {
    const cells = this.#columns.map((column) => element('td', { class: classes(column), role: 'gridcell' }))
    return element('tr', { role: 'row', tabindex: -1, class: this.#options.pick && 'pickable' }, ...cells)
  }

  #fill(row: HTMLTableRowElement, item: T): void {
    this.#columns.forEach(({ text, fill }, i) => {
      if (text) setText(row.cells[i], text(item))
      else fill?.(row.cells[i], item)
    })
  }

  #list(): HTMLTableRowElement[] {
    return [...this.#body.querySelectorAll<HTMLTableRowElement>('tr[tabindex]')]
  }

  #focused(rows: readonly HTMLTableRowElement[]): number {
    return rows.findIndex((row) => row.matches(':focus'))
  }

  /** Makes a row the only one that Tab stops at. */
  #makeStop(row: HTMLTableRowElement): void {
    for (const other of this.#list()) other.tabIndex = other === row ? 0 : -1
  }

  #choose(row: HTMLTableRowElement): void {
    for (const { row: known, item } of this.#rows.values()) if (known === row) this.#options.pick?.(item)
  }

  #onKey(event: KeyboardEvent): void {
    const rows = this.#list()
    const at = this.#focused(rows)
    if (at < 0) return
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE }
    const to = movedTo(event, at, rows.length - 1, steps)
    if (to !== undefined) rows[to].focus()
    else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault()
      this.#choose(rows[at])
    }
  }
}

/** Returns the children of a cell, made on first use: an element for each tag, `span.class`. */
export function parts(cell: HTMLElement, ...tags: readonly string[]): HTMLElement[] {
  if (cell.childElementCount === 0)
    for (const tag of tags) {
      const [name, ...classes] = tag.split('.')
      cell.append(element(name as 'span', { class: classes.join(' ') || undefined }))
    }
  return [...cell.children] as HTMLElement[]
}

function classes({ numeric, wrap, leftOutAt }: Partial<TableColumn<never>>): string | undefined {
  const names = [numeric && 'number', wrap && 'wrap', leftOutAt && `narrow-${leftOutAt}`]
  return names.filter(Boolean).join(' ') || undefined
}
