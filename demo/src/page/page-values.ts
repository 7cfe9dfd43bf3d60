/**
 * Places in the page that show something: elements with `data-value="name"`. Each is written only
 * when its text changes.
 */
export class PageValues {
  readonly #elements = new Map<string, HTMLElement>()

  constructor(root: ParentNode) {
    for (const element of root.querySelectorAll<HTMLElement>('[data-value]'))
      this.#elements.set(element.dataset['value'] ?? '', element)
  }

  element(name: string): HTMLElement {
    const element = this.#elements.get(name)
    if (element === undefined) throw new Error(`index.html has no element with data-value="${name}"`)
    return element
  }

  set(name: string, text: string): void {
    const element = this.element(name)
    if (element.textContent !== text) element.textContent = text
  }
}
