/** Attributes of a new element; those that are undefined or false are left out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** Makes an element with attributes and children. No HTML is ever parsed: labels of components are text, whatever is in them. */
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

const svg = 'http://www.w3.org/2000/svg'

/** A picture of 16 × 16 drawn with lines in the colour of the text. */
export function icon(path: string): SVGSVGElement {
  const picture = document.createElementNS(svg, 'svg')
  picture.setAttribute('viewBox', '0 0 16 16')
  picture.setAttribute('aria-hidden', 'true')
  const line = document.createElementNS(svg, 'path')
  line.setAttribute('d', path)
  picture.append(line)
  return picture
}

/** Sets text, if it is another: what does not change is not laid out again. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

/** Sets an attribute, if it is another. */
export function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}
