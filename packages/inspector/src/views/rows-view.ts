import type { MkSync } from '@memkit/ecs-plugin'
import { element, icon, setAttribute, setText } from '../element.ts'
import type { FrameEnd } from '../frame-end.ts'
import { bytesText, countText } from '../quantities.ts'
import { nextDifference } from '../row-values.ts'
import type { View } from '../tab-list.ts'
import { listed } from './components-view.ts'
import type { Listed } from './components-view.ts'
import { RowFields } from './row-fields.ts'

/** Milliseconds between two looks at the device while a row is followed. */
const FOLLOW_MS = 250
/** Differing rows that are counted; whoever has more knows enough. */
const MOST_COUNTED = 100_000

/** One row, field by field: what its columns hold beside what the device holds. */
export class RowsView implements View {
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #frameEnd: FrameEnd
  readonly #select: HTMLSelectElement
  readonly #input: HTMLInputElement
  readonly #inputName: HTMLElement
  readonly #follow: HTMLButtonElement
  readonly #find: HTMLButtonElement
  readonly #said: HTMLElement
  readonly #found: HTMLElement
  readonly #place: HTMLElement
  #list: readonly Listed[] = []
  #chosen: Listed | undefined
  #fields: RowFields | undefined
  #following = true
  /** Somebody asked for this entity; else it is the first that there is. */
  #asked = false
  #reading = false
  #readAt = -Infinity
  #disposed = false

  constructor(mk: MkSync<object>, frameEnd: FrameEnd) {
    this.#mk = mk
    this.#frameEnd = frameEnd
    this.#select = element('select', { 'aria-label': 'Component' })
    this.#select.addEventListener('change', () => this.#choose(this.#list[this.#select.selectedIndex]))
    this.#input = element('input', { type: 'number', min: 0, step: 1, value: 1, inputmode: 'numeric' })
    this.#input.addEventListener('input', () => {
      this.#asked = true
      this.#look()
    })
    this.#inputName = element('span', {}, 'Entity')
    this.#follow = button('Follow', 'Read the row four times a second')
    this.#follow.addEventListener('click', () => this.#setFollowing(!this.#following))
    this.#find = button('Find differences', 'Compare all rows, and go to the next one that differs')
    this.#find.addEventListener('click', () => this.#findNext())
    const previous = arrow('M10 3 5 8l5 5', 'Previous entity')
    const next = arrow('m6 3 5 5-5 5', 'Next entity')
    previous.addEventListener('click', () => this.#step(-1))
    next.addEventListener('click', () => this.#step(1))
    this.#said = element('p', { class: 'note state' })
    this.#found = element('p', { class: 'note', role: 'status' })
    this.#place = element('div', { class: 'scroll' })
    this.element = element(
      'div',
      { class: 'rows-view' },
      element(
        'div',
        { class: 'tools' },
        element('label', {}, element('span', {}, 'Component'), this.#select),
        element('label', {}, this.#inputName, this.#input),
        element('span', { class: 'pair' }, previous, next),
        this.#follow,
        this.#find,
      ),
      this.#said,
      this.#found,
      this.#place,
    )
    this.#setFollowing(true)
  }

  /** Shows a component or query; of a component an entity, default the first that is alive. */
  show(chosen: Listed, entity?: number): void {
    this.#refreshList()
    this.#choose(this.#list.find(({ key }) => key === chosen.key))
    if (entity === undefined) return
    this.#input.value = String(entity)
    this.#asked = true
    this.#look()
  }

  update(): void {
    this.#refreshList()
    if (this.#following && performance.now() - this.#readAt >= FOLLOW_MS) this.#look()
  }

  shown(isShown: boolean): void {
    if (isShown) this.#readAt = -Infinity
  }

  dispose(): void {
    this.#disposed = true
  }

  /** Components come and go; the list is remade only then, for it may be open. */
  #refreshList(): void {
    const list = listed(this.#mk)
    const same =
      list.length === this.#list.length &&
      list.every(({ key, label }, i) => key === this.#list[i].key && label === this.#list[i].label)
    this.#list = list
    const at = list.findIndex(({ key }) => key === this.#chosen?.key)
    if (!same) this.#select.replaceChildren(...list.map(({ label }) => element('option', {}, label)))
    if (at < 0) this.#choose(list[0])
    else {
      this.#chosen = list[at]
      if (this.#select.selectedIndex !== at) this.#select.selectedIndex = at
    }
  }

  #choose(chosen: Listed | undefined): void {
    this.#chosen = chosen
    this.#fields = chosen && new RowFields(chosen.buffer.schema)
    this.#place.replaceChildren(...(this.#fields ? [this.#fields.element] : []))
    setText(this.#found, '')
    if (chosen === undefined) return setText(this.#said, 'Nothing is synced yet.')
    this.#select.selectedIndex = this.#list.indexOf(chosen)
    setText(this.#inputName, chosen.info === undefined ? 'Position' : 'Entity')
    this.#asked = false
    this.#takeFirst()
    this.#look()
  }

  #takeFirst(): void {
    this.#input.value = String(this.#stepFrom(-1, 1) ?? 0)
  }

  /** The row that the input asks for, −1 when there is none. */
  #row(): number {
    const chosen = this.#chosen
    const wanted = this.#input.valueAsNumber
    if (chosen === undefined || !Number.isInteger(wanted) || wanted < 0) return -1
    if (chosen.info !== undefined) return chosen.buffer.rowOf(wanted)
    return wanted < chosen.buffer.rows ? wanted : -1
  }

  #step(by: 1 | -1): void {
    const row = this.#row()
    const wanted = this.#input.valueAsNumber
    // From an entity without a row on, the next one that has one; where rows are packed, from the start.
    const from = row >= 0 ? row : this.#chosen?.info?.rowKind === 'packed' || !(wanted >= 0) ? -1 : wanted
    const found = this.#stepFrom(from, by)
    if (found === undefined) return
    this.#asked = true
    this.#input.value = String(found)
    this.#look()
  }

  /** What the input says for the next row after `row`, or before it, that is somebody's. */
  #stepFrom(row: number, by: 1 | -1): number | undefined {
    const chosen = this.#chosen
    if (chosen === undefined) return undefined
    const { buffer, info } = chosen
    for (let at = Math.min(row + by, buffer.rows - 1); at >= 0 && at < buffer.rows; at += by) {
      if (info === undefined) return at
      const entity = buffer.entityOf(at)
      if (entity >= 0) return entity
    }
    return undefined
  }

  /** Reads both sides at the end of the next frame. */
  #look(): void {
    if (this.#reading || this.#disposed) return
    this.#reading = true
    this.#readAt = performance.now()
    this.#frameEnd.next(() => void this.#read())
  }

  async #read(): Promise<void> {
    const chosen = this.#chosen
    const fields = this.#fields
    // The first entity may have come just now.
    if (!this.#asked && this.#row() < 0) this.#takeFirst()
    const row = this.#row()
    const asked = this.#input.value
    try {
      if (chosen === undefined || fields === undefined) return
      if (row < 0) {
        fields.update(undefined, undefined)
        return this.#say(
          `${chosen.info === undefined ? 'Position' : 'Entity'} ${asked} has no row here.`,
          false,
        )
      }
      const { buffer } = chosen
      const cpu = new DataView(buffer.readCpu(row, 1))
      const device = new DataView(await buffer.read(row, 1))
      if (this.#disposed || fields !== this.#fields) return
      const differing = fields.update(cpu, device)
      this.#say(this.#describe(chosen, row, differing, fields.cells.length), differing > 0)
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true)
    } finally {
      this.#reading = false
      // Somebody chose another one meanwhile.
      if (!this.#disposed && (fields !== this.#fields || asked !== this.#input.value)) this.#look()
    }
  }

  #describe({ buffer, info }: Listed, row: number, differing: number, cells: number): string {
    const place = `Row ${countText(row)} of ${countText(buffer.rows)}, ${bytesText(buffer.stride)} at byte ${countText(row * buffer.stride)}.`
    if (differing === 0) return `${place} CPU and device are equal.`
    const ahead =
      info === undefined || info.direction === 'upload'
        ? ''
        : ' A shader writes this component, so the device may be ahead.'
    return `${place} ${differing} of ${cells} values differ.${ahead}`
  }

  #say(text: string, alarm: boolean): void {
    setText(this.#said, text)
    this.#said.classList.toggle('alarm', alarm)
  }

  #findNext(): void {
    if (this.#find.disabled) return
    // Not `disabled`, which would take the focus away.
    setAttribute(this.#find, 'aria-busy', 'true')
    setText(this.#found, 'Comparing …')
    this.#frameEnd.next(() => void this.#compare())
  }

  async #compare(): Promise<void> {
    const chosen = this.#chosen
    const fields = this.#fields
    try {
      if (chosen === undefined || fields === undefined) return setText(this.#found, '')
      const { buffer, info } = chosen
      const { stride } = buffer
      const owners = (row: number): number => (info === undefined ? row : buffer.entityOf(row))
      const current = this.#row()
      const rows = buffer.rows
      const cpu = buffer.readCpu(0, rows)
      const device = await buffer.read(0, rows)
      if (this.#disposed || fields !== this.#fields) return
      let count = 0
      let first = -1
      let after = -1
      let nobodys = 0
      for (
        let row = nextDifference(fields.cells, stride, cpu, device);
        row >= 0 && count < MOST_COUNTED;
        row = nextDifference(fields.cells, stride, cpu, device, row + 1)
      ) {
        count++
        if (owners(row) < 0) {
          nobodys++
          continue
        }
        if (first < 0) first = row
        if (after < 0 && row > current) after = row
      }
      const of = `of ${countText(rows)} rows`
      const left = nobodys === 0 ? '' : ` ${countText(nobodys)} of them are nobody's.`
      setText(this.#found, count === 0 ? `None ${of} differs.` : `${countText(count)} ${of} differ.${left}`)
      const target = after < 0 ? first : after
      if (target < 0) return
      this.#asked = true
      this.#input.value = String(owners(target))
      this.#look()
    } catch (error) {
      setText(this.#found, error instanceof Error ? error.message : String(error))
    } finally {
      this.#find.removeAttribute('aria-busy')
    }
  }

  #setFollowing(following: boolean): void {
    this.#following = following
    setAttribute(this.#follow, 'aria-pressed', String(following))
  }
}

function button(text: string, hint: string): HTMLButtonElement {
  return element('button', { type: 'button', title: hint }, text)
}

function arrow(path: string, label: string): HTMLButtonElement {
  return element('button', { type: 'button', 'aria-label': label, title: label, class: 'icon' }, icon(path))
}
