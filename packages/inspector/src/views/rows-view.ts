import type { MkSync } from '@memkit/ecs-plugin'
import { button, element, iconButton, setAttribute, setText } from '../element.ts'
import type { FrameEnd } from '../frame-end.ts'
import { bytesText, countText } from '../quantities.ts'
import { nextDifference } from '../row-values.ts'
import type { View } from '../tab-list.ts'
import { listed, type Listed } from './components-view.ts'
import { RowFields } from './row-fields.ts'

/** Milliseconds between two reads while a row is followed. */
const FOLLOW_MS = 250
/** Most differing rows to count. */
const MAX_COUNTED = 100_000

/** Shows one row, field by field: its columns on the CPU and the device's values, side by side. */
export class RowsView implements View {
  readonly title = 'Rows'
  readonly element: HTMLElement
  readonly #mk: MkSync<object>
  readonly #frameEnd: FrameEnd
  readonly #select: HTMLSelectElement
  readonly #input: HTMLInputElement
  readonly #inputName = element('span', {}, 'Entity')
  readonly #follow: HTMLButtonElement
  readonly #find: HTMLButtonElement
  readonly #said = element('p', { class: 'note state' })
  readonly #found = element('p', { class: 'note', role: 'status' })
  readonly #place = element('div', { class: 'scroll' })
  #list: readonly Listed[] = []
  #chosen: Listed | undefined
  #fields: RowFields | undefined
  #following = true
  /** Whether the user asked for this entity. Otherwise the view shows the first one. */
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
    this.#input.addEventListener('input', () => this.#ask())
    const toggle = (): void => this.#setFollowing(!this.#following)
    this.#follow = button(toggle, { title: 'Read the row four times a second' }, 'Follow')
    const findHint = 'Compare all rows and go to the next one that differs'
    this.#find = button(() => this.#findNext(), { title: findHint }, 'Find differences')
    const previous = iconButton('M10 3 5 8l5 5', 'Previous entity', () => this.#step(-1))
    const next = iconButton('m6 3 5 5-5 5', 'Next entity', () => this.#step(1))
    const component = element('label', {}, element('span', {}, 'Component'), this.#select)
    const entity = element('label', {}, this.#inputName, this.#input)
    const steps = element('span', { class: 'pair' }, previous, next)
    const tools = element('div', { class: 'tools' }, component, entity, steps, this.#follow, this.#find)
    this.element = element('div', { class: 'rows-view' }, tools, this.#said, this.#found, this.#place)
    this.#setFollowing(true)
  }

  /** @param entity the entity of a component, default the first live one */
  show(chosen: Listed, entity?: number): void {
    this.#refreshList()
    this.#choose(this.#list.find(({ key }) => key === chosen.key))
    if (entity !== undefined) this.#ask(entity)
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

  /** Changes the select only if it must, as it may be open. */
  #refreshList(): void {
    const list = listed(this.#mk)
    const isKnown = ({ key, label }: Listed, i: number): boolean =>
      key === this.#list[i].key && label === this.#list[i].label
    const same = list.length === this.#list.length && list.every(isKnown)
    this.#list = list
    const at = list.findIndex(({ key }) => key === this.#chosen?.key)
    if (!same) this.#select.replaceChildren(...list.map(({ label }) => element('option', {}, label)))
    if (at < 0) return this.#choose(list[0])
    this.#chosen = list[at]
    if (this.#select.selectedIndex !== at) this.#select.selectedIndex = at
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

  #ask(entity?: number): void {
    if (entity !== undefined) this.#input.value = String(entity)
    this.#asked = true
    this.#look()
  }

  /** Returns the row that the input asks for, −1 when there is none. */
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
    // From an entity without a row, go to the next one with a row. Packed rows start from the first.
    const from = row >= 0 ? row : this.#chosen?.info?.rowKind === 'packed' || !(wanted >= 0) ? -1 : wanted
    const found = this.#stepFrom(from, by)
    if (found !== undefined) this.#ask(found)
  }

  /** Returns the entity (or position) of the next row with one, after or before `row`. */
  #stepFrom(row: number, by: 1 | -1): number | undefined {
    const chosen = this.#chosen
    const rows = chosen?.buffer.rows ?? 0
    for (let at = Math.min(row + by, rows - 1); at >= 0 && at < rows; at += by) {
      const owner = ownerOf(chosen!, at)
      if (owner >= 0) return owner
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
    // The first entity may have just been added.
    if (!this.#asked && this.#row() < 0) this.#takeFirst()
    const row = this.#row()
    const asked = this.#input.value
    try {
      if (chosen === undefined || fields === undefined) return
      if (row < 0) {
        fields.update(undefined, undefined)
        return this.#say(`${this.#inputName.textContent} ${asked} has no row here.`, false)
      }
      const cpu = new DataView(chosen.buffer.readCpu(row, 1))
      const device = new DataView(await chosen.buffer.read(row, 1))
      if (this.#disposed || fields !== this.#fields) return
      const differing = fields.update(cpu, device)
      this.#say(this.#describe(chosen, row, differing, fields.cells.length), differing > 0)
    } catch (error) {
      this.#say(messageOf(error), true)
    } finally {
      this.#reading = false
      // The user chose another row in the meantime.
      if (!this.#disposed && (fields !== this.#fields || asked !== this.#input.value)) this.#look()
    }
  }

  #describe({ buffer, info }: Listed, row: number, differing: number, cells: number): string {
    const { rows, stride } = buffer
    const where =
      info?.layout === 'columns'
        ? `in ${info.buffer.sections.length} columns`
        : `at byte ${countText(row * stride)}`
    const place = `Row ${countText(row)} of ${countText(rows)}, ${bytesText(stride)} ${where}.`
    if (differing === 0) return `${place} CPU and device are equal.`
    const isAhead = info !== undefined && info.direction !== 'upload'
    const ahead = isAhead ? ' A shader writes this component, so the device may be ahead.' : ''
    return `${place} ${differing} of ${cells} values differ.${ahead}`
  }

  #say(text: string, alarm: boolean): void {
    setText(this.#said, text)
    this.#said.classList.toggle('alarm', alarm)
  }

  #findNext(): void {
    if (this.#find.disabled) return
    // `disabled` would remove the focus.
    setAttribute(this.#find, 'aria-busy', 'true')
    setText(this.#found, 'Comparing …')
    this.#frameEnd.next(() => void this.#compare())
  }

  async #compare(): Promise<void> {
    const chosen = this.#chosen
    const fields = this.#fields
    try {
      if (chosen === undefined || fields === undefined) return setText(this.#found, '')
      const { buffer } = chosen
      const { rows } = buffer
      const current = this.#row()
      const cpu = buffer.readCpu(0, rows)
      const device = await buffer.read(0, rows)
      if (this.#disposed || fields !== this.#fields) return
      const differing: number[] = []
      // Of the rows that were read, which in columns is another one than the device's.
      const stride = rows === 0 ? 0 : cpu.byteLength / rows
      const next = (from: number): number => nextDifference(fields.cells, stride, cpu, device, from)
      for (let row = next(0); row >= 0 && differing.length < MAX_COUNTED; row = next(row + 1))
        differing.push(row)
      const owned = differing.filter((row) => ownerOf(chosen, row) >= 0)
      this.#sayFound(differing.length, differing.length - owned.length, rows)
      const target = owned.find((row) => row > current) ?? owned[0]
      if (target !== undefined) this.#ask(ownerOf(chosen, target))
    } catch (error) {
      setText(this.#found, messageOf(error))
    } finally {
      this.#find.removeAttribute('aria-busy')
    }
  }

  #sayFound(count: number, unowned: number, rows: number): void {
    if (count === 0) return setText(this.#found, `No differences in ${countText(rows)} rows.`)
    const rest = unowned === 0 ? '' : `, ${countText(unowned)} of them without an entity`
    setText(this.#found, `${countText(count)} of ${countText(rows)} rows differ${rest}.`)
  }

  #setFollowing(following: boolean): void {
    this.#following = following
    setAttribute(this.#follow, 'aria-pressed', String(following))
  }
}

/** Returns the entity of a component's row, −1 when it has none; for a query, the row itself. */
function ownerOf({ buffer, info }: Listed, row: number): number {
  return info === undefined ? row : buffer.entityOf(row)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
