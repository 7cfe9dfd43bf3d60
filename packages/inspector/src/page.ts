// What the inspector asks of a page and some pages lack: those of jsdom, in which games run their unit tests, and old browsers.
// It does without there: a theme that does not follow the system's, a panel that is not fitted when a box changes its size.

/** A media query; one that never matches where there are none. */
export function mediaQuery(query: string): MediaQueryList {
  if (typeof matchMedia === 'function') return matchMedia(query)
  return Object.assign(new EventTarget(), { matches: false, media: query }) as MediaQueryList
}

/** Calls back when the element's size changes, and once at first. @returns a function that ends it */
export function onResize(target: Element, callback: () => void): () => void {
  if (typeof ResizeObserver === 'undefined') return () => undefined
  const observer = new ResizeObserver(callback)
  observer.observe(target)
  return () => observer.disconnect()
}

/** Gives a shadow root its style: by a constructed sheet, which a strict content policy allows, where there is one. */
export function adoptStyle(root: ShadowRoot, css: string): void {
  if (typeof CSSStyleSheet === 'function' && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
    return
  }
  const style = document.createElement('style')
  style.textContent = css
  root.append(style)
}
