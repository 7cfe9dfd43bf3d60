/** Milliseconds for which a toast is read. */
const SHOWN = 5_000
let hide: ReturnType<typeof setTimeout> | undefined

/** Says something for a while, without stopping the game. */
export function showToast(text: string): void {
  const place = document.querySelector<HTMLElement>('#toast')!
  place.textContent = text
  place.hidden = false
  clearTimeout(hide)
  hide = setTimeout(() => (place.hidden = true), SHOWN)
}
