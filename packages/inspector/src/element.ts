/** Attributes of a new element. Undefined and false ones are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/**
 * Makes an element with attributes and children. Never parses HTML: a component's label is text,
 * whatever it contains.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value))
  made.append(...children)
  return made
}

/** Makes a button. Further attributes and children come last. */
export function button(
  onClick: () => void,
  attributes: Attributes,
  ...children: (Node | string)[]
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, ...children)
  made.addEventListener('click', onClick)
  return made
}

export function iconButton(path: string, label: string, onClick: () => void): HTMLButtonElement {
  return button(onClick, { class: 'icon', 'aria-label': label, title: label }, icon(path))
}

const svg = 'http://www.w3.org/2000/svg'

/** Makes a picture of 16 × 16 from lines in the text colour. */
export function icon(path: string): SVGSVGElement {
  const picture = document.createElementNS(svg, 'svg')
  picture.setAttribute('viewBox', '0 0 16 16')
  picture.setAttribute('aria-hidden', 'true')
  const line = document.createElementNS(svg, 'path')
  line.setAttribute('d', path)
  picture.append(line)
  return picture
}

/** Sets text if it changed, because a change makes the browser lay it out again. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

/** Sets an attribute if it changed. */
export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

/**
 * Finds where a key moves a selection in a list.
 * @param steps how far each arrow or page key moves; Home and End go to the ends
 * @returns undefined for any other key. Otherwise handles the event
 */
export function movedTo(
  event: KeyboardEvent,
  at: number,
  last: number,
  steps: Readonly<Record<string, number>>,
): number | undefined {
  const to = { Home: 0, End: last }[event.key] ?? at + (steps[event.key] ?? NaN)
  if (Number.isNaN(to)) return undefined
  event.preventDefault()
  return Math.min(last, Math.max(0, to))
}
