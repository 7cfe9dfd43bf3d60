// What pages of jsdom, in which games run unit tests, and of old browsers lack. There, the theme
// doesn't follow the system, and charts aren't fitted when their box changes size.

import { element } from './element.ts'

/** Makes a media query. Where the page has none, it never matches. */
export function mediaQuery(query: string): MediaQueryList {
  if (typeof matchMedia === 'function') return matchMedia(query)
  return Object.assign(new EventTarget(), { matches: false, media: query }) as MediaQueryList
}

/** Calls back at first and whenever the element's size changes. @returns stops it */
export function onResize(target: Element, callback: () => void): () => void {
  if (typeof ResizeObserver === 'undefined') return () => undefined
  const observer = new ResizeObserver(callback)
  observer.observe(target)
  return () => observer.disconnect()
}

/** Styles a shadow root, if possible with a constructed sheet: strict content policies allow it. */
export function adoptStyle(root: ShadowRoot, css: string): void {
  if (typeof CSSStyleSheet === 'function' && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [sheet]
    return
  }
  root.append(element('style', {}, css))
}
